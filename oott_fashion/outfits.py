"""The outfit in a photo: at most one garment of each category."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oott_fashion.garments import CATEGORIES, Category
from oott_fashion.vision.detections import Detection

Outfit = dict[Category, Detection]

NOTHING_SEEN = "None"


class OutfitNames(NamedTuple):
    """An outfit as four garments and four colours, outer to shoes; "None" where nothing is worn."""

    garments: tuple[str, ...]
    colours: tuple[str, ...]


def outfit_of(detections: Sequence[Detection]) -> Outfit:
    """Keep the most confident garment of each category; on a tie, the first one."""
    outfit: Outfit = {}
    for detection in detections:
        category = detection.category
        worn = outfit.get(category)
        if worn is None or detection.confidence > worn.confidence:
            outfit[category] = detection
    return outfit


def names_of(outfit: Mapping[Category, Detection]) -> OutfitNames:
    """Name the garments and colours of ``outfit``, as the trend tables store them."""
    worn = [outfit.get(category) for category in CATEGORIES]
    garments = [NOTHING_SEEN if detection is None else detection.garment for detection in worn]
    colours = [NOTHING_SEEN if detection is None else detection.colour for detection in worn]
    return OutfitNames(tuple(garments), tuple(colours))
