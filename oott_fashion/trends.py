"""Counts how often each garment in each colour, and each outfit, was worn in a set of photos."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from oott_fashion.garments import Category
from oott_fashion.outfits import OutfitNames, names_of, outfit_of
from oott_fashion.vision.detections import Detection


class Look(NamedTuple):
    """A garment in a colour."""

    category: Category
    garment: str
    colour: str


def garment_counts(photos: Iterable[Sequence[Detection]]) -> Counter[Look]:
    """Count the garments of all photos by look."""
    return Counter(
        Look(detection.category, detection.garment, detection.colour)
        for detections in photos
        for detection in detections
    )


def outfit_counts(photos: Iterable[Sequence[Detection]]) -> Counter[OutfitNames]:
    """Count the outfits: one per photo that shows a garment."""
    return Counter(names_of(outfit_of(detections)) for detections in photos if detections)
