"""Publishes a candidate by hand, or copies it to a folder."""

import getpass
import os
from pathlib import Path

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.publication_gate import publish_if_allowed
from oott_assets.training.served_variant import opened_candidate
from oott_assets.training.validation_photos import ValidationPhotos
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.detector_card import BadDetector, PublishedDetector


def current_user() -> str:
    """Name the user of this process, for the history of the model store."""
    try:
        return f"user {getpass.getuser()}"
    except (KeyError, OSError):
        # A container can run as a user without a name.
        return f"user {os.getuid()}"


def publish(
    candidate: PublishedDetector,
    photos: ValidationPhotos | None,
    garment_detector: GarmentDetector,
    anyway: str,
) -> str:
    """Make a candidate the current version if the rules allow it; give what happened, as text.

    Args:
        photos: what it is measured on; without photos there is nothing to judge it by.
        anyway: the reason to publish it against the rules; empty if there is none.

    Raises:
        BadDetector: the candidate is damaged, or the rules are against it.
        PhotoChanged: a photo is missing, or has changed since it was labelled.
        EngineUnavailable: no engine on this machine runs it.
    """
    weights = candidate.verified_weights()
    store = garment_detector.store
    if candidate.version in store.versions():
        raise BadDetector(
            f"{candidate.version} was published before; the command use makes it current again"
        )
    if photos is None:
        garment_detector.opened(candidate)  # it must be plausible, although it is not measured
        store.publish(
            candidate.onnx,
            candidate.card,
            by=current_user(),
            reason=anyway or None,
            weights=weights,
        )
        return "published, but not measured: there is no main_data"
    judged = publish_if_allowed(
        opened_candidate(candidate, photos, garment_detector),
        garment_detector.published_or_none(),
        photos,
        garment_detector,
        by=current_user(),
        publish_anyway=anyway,
    )
    if not judged.outcome.publishes:
        hint = "" if judged.verdict.broken else "; to publish it anyway, say why: --anyway REASON"
        raise BadDetector(f"{candidate.version} is {judged.outcome.text}{hint}")
    return judged.outcome.text


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
