"""Local copies of the detectors in a bucket, because engines open only local files."""

import hashlib
from contextlib import suppress
from pathlib import Path

from oott_fashion.stores.blobs import BlobNotFound, Blobs, LocalBlobs
from oott_fashion.stores.detector_card import BadDetector, read_card


def fetched(blobs: Blobs, folder: str, copies: LocalBlobs) -> Path:
    """Copy the files of a detector to ``copies``, unless they are there; give their folder.

    Missing weights are no error, because a detector can be used without them.

    Raises:
        BadDetector: the card or the ONNX file is missing, or the card is not a card.
    """
    local = copies.path_of(folder)
    try:
        copies.write(f"{folder}/card.json", blobs.read(f"{folder}/card.json"))
        card = read_card(local / "card.json")
        _fetch(blobs, f"{folder}/detector.onnx", card.sha256, copies)
    except BlobNotFound as error:
        raise BadDetector(f"{error}; publish the detector again") from error
    if card.weights_sha256:
        with suppress(BlobNotFound):
            _fetch(blobs, f"{folder}/weights.pt", card.weights_sha256, copies)
    return local


def _fetch(blobs: Blobs, name: str, sha256: str, copies: LocalBlobs) -> None:
    with suppress(BlobNotFound):
        if hashlib.sha256(copies.read(name)).hexdigest() == sha256:
            return
    copies.write(name, blobs.read(name))
