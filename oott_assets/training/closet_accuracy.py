"""How often a detector names the garment of a closet photo as its owner did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oott_assets.training.labels.catalogue_folders import garment_of_folder
from oott_assets.training.labels.labelled_photos import LabelledPhoto, pixels_of
from oott_fashion.garments import GARMENT_NAMES, garment_named
from oott_fashion.vision.detector import Detector


class ClosetLabels(NamedTuple):
    """Shares of photos, 0..1: labelled right, and without a garment found; then by garment."""

    photos: int
    right: float
    nothing_found: float
    right_by_garment: Mapping[str, float]


def closet_labels(detector: Detector, photos: Sequence[LabelledPhoto]) -> ClosetLabels | None:
    """Ask ``detector`` for the surest garment of each catalogue photo, as the service is asked.

    ``photos`` lie in folders named by their garment; None where there are none.
    """
    if not photos:
        return None
    asked, right, nothing = Counter[str](), Counter[str](), 0
    for photo in photos:
        garment = garment_of_folder(photo.file)
        asked[garment] += 1
        answer = _surest(detector, photo)
        right[garment] += answer == garment
        nothing += answer is None
    return ClosetLabels(
        len(photos),
        right.total() / len(photos),
        nothing / len(photos),
        {name: right[name] / asked[name] for name in GARMENT_NAMES if asked[name]},
    )


def _surest(detector: Detector, photo: LabelledPhoto) -> str | None:
    found = detector.boxes(pixels_of(photo))
    return garment_named(int(found.class_ids[0])) if len(found.class_ids) else None
