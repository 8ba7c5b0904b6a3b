"""What one photo shows as worn together: shoes in pairs, one garment of each category."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oott_fashion.garments import CATEGORIES, Category
from oott_fashion.vision.detections import Detection

Outfit = dict[Category, Detection]

NOTHING_SEEN = "None"

# A person's two shoes stand within a stride: farther apart, in lengths of the longer shoe,
# they are two people's.
_STRIDE = 3.0


class OutfitNames(NamedTuple):
    """An outfit in words: four garments and four colours, outer to shoes, ``None`` where unseen."""

    garments: tuple[str, ...]
    colours: tuple[str, ...]


def outfit_of(detections: Sequence[Detection]) -> Outfit:
    """Keep the surest garment of each category; of two equally sure, the first seen."""
    outfit: Outfit = {}
    for detection in detections:
        worn = outfit.get(detection.category)
        if worn is None or detection.score > worn.score:
            outfit[detection.category] = detection
    return outfit


def names_of(outfit: Mapping[Category, Detection]) -> OutfitNames:
    """Write ``outfit`` as the trend tables do."""
    worn = [outfit.get(category) for category in CATEGORIES]
    return OutfitNames(
        tuple(detection.garment if detection else NOTHING_SEEN for detection in worn),
        tuple(detection.colour if detection else NOTHING_SEEN for detection in worn),
    )


def with_shoes_in_pairs(detections: Sequence[Detection]) -> list[Detection]:
    """Count two shoes of one person as one garment, keeping the surer; the order stays.

    Detectors are trained on a box per foot, and disagree at times on what each foot wears; a
    person wears one kind of shoe.
    """
    shoes = sorted(
        (detection for detection in detections if detection.category == "shoes"),
        key=lambda shoe: -shoe.score,
    )
    second_feet: list[Detection] = []
    while shoes:
        shoe = shoes.pop(0)
        near = [other for other in shoes if _within_a_stride(shoe, other)]
        if near:
            partner = min(near, key=lambda other: _distance(shoe, other))
            shoes.remove(partner)
            second_feet.append(partner)
    return [detection for detection in detections if not _is_in(detection, second_feet)]


def _is_in(detection: Detection, group: Sequence[Detection]) -> bool:
    # By identity: two equal detections are still two feet.
    return any(detection is member for member in group)


def _within_a_stride(one: Detection, other: Detection) -> bool:
    longest = max(one.box.width, one.box.height, other.box.width, other.box.height)
    return _distance(one, other) <= _STRIDE * longest


def _distance(one: Detection, other: Detection) -> float:
    across = (one.box.x_min + one.box.x_max - other.box.x_min - other.box.x_max) / 2
    down = (one.box.y_min + one.box.y_max - other.box.y_min - other.box.y_max) / 2
    return float((across**2 + down**2) ** 0.5)
