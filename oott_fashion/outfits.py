"""What one photo shows as worn together: one garment of each category."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oott_fashion.garments import CATEGORIES, Category
from oott_fashion.vision.detections import Detection

Outfit = dict[Category, Detection]

NOTHING_SEEN = "None"


class OutfitNames(NamedTuple):
    """An outfit in words: four garments and four colours, outer to shoes, ``None`` where unseen."""

    garments: tuple[str, ...]
    colours: tuple[str, ...]


def outfit_of(detections: Sequence[Detection]) -> Outfit:
    """Keep the surest garment of each category; of two equally sure, the first seen."""
    outfit: Outfit = {}
    for detection in detections:
        worn = outfit.get(detection.category)
        if worn is None or detection.confidence > worn.confidence:
            outfit[detection.category] = detection
    return outfit


def names_of(outfit: Mapping[Category, Detection]) -> OutfitNames:
    """Write ``outfit`` as the trend tables do."""
    worn = [outfit.get(category) for category in CATEGORIES]
    return OutfitNames(
        tuple(detection.garment if detection else NOTHING_SEEN for detection in worn),
        tuple(detection.colour if detection else NOTHING_SEEN for detection in worn),
    )
