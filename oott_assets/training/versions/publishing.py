"""Publishes a candidate by hand, or copies it to a folder."""

import getpass
import os
from pathlib import Path

from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.model_store import ModelStore, PublishedDetector


def current_user() -> str:
    """Name the user of this process, for the history of the model store."""
    try:
        return f"user {getpass.getuser()}"
    except (KeyError, OSError):
        # A container can run as a user without a name.
        return f"user {os.getuid()}"


def publish(candidate: PublishedDetector, store: ModelStore, reason: str | None) -> None:
    """Make a candidate the current version.

    Raises:
        BadDetector: the candidate is damaged.
    """
    store.publish(
        candidate.onnx,
        candidate.card,
        by=current_user(),
        reason=reason,
        weights=candidate.verified_weights(),
    )


def copy_to(folder: Path, detector: PublishedDetector) -> None:
    """Copy a version to ``folder``, its card last; it can then be the starter detector.

    Raises:
        BadDetector: the weights are damaged.
        OSError: the folder cannot be written.
    """
    copied = LocalBlobs(folder)
    for file in (detector.onnx, detector.verified_weights(), detector.onnx.with_name("card.json")):
        if file is not None:
            copied.write(file.name, file.read_bytes())
