"""A detected garment: its name, confidence, box and colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from oott_fashion.garments import Category, category_of

# Boxes of one garment that overlap less are at different places.
_MIN_IOU = 0.5


class Box(NamedTuple):
    """A rectangle in pixels of the upright photo; ``x_max`` and ``y_max`` are exclusive."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    @property
    def width(self) -> float:
        return self.x_max - self.x_min

    @property
    def height(self) -> float:
        return self.y_max - self.y_min

    @property
    def area(self) -> float:
        """The area in square pixels."""
        return self.width * self.height

    def iou(self, other: "Box") -> float:
        """Compute the IoU (intersection over union) with ``other``, 0..1."""
        width = min(self.x_max, other.x_max) - max(self.x_min, other.x_min)
        height = min(self.y_max, other.y_max) - max(self.y_min, other.y_min)
        shared = max(width, 0) * max(height, 0)
        return shared / (self.area + other.area - shared) if shared else 0.0


@dataclass(frozen=True, slots=True)
class Detection:
    """One garment detected in a photo; ``confidence`` is 0..1."""

    garment: str
    confidence: float
    box: Box
    colour: str

    @property
    def category(self) -> Category:
        return category_of(self.garment)


def differing(
    first: Sequence[Detection], second: Sequence[Detection]
) -> tuple[list[Detection], list[Detection]]:
    """Give what only ``first`` found, and what only ``second`` found, in the same photo.

    Two detections are the same if they have one name and their boxes overlap by an IoU of 0.5.
    """
    only_second = list(second)
    only_first = []
    for detection in first:
        partners = [other for other in only_second if _is_same(detection, other)]
        if partners:
            only_second.remove(max(partners, key=lambda other: detection.box.iou(other.box)))
        else:
            only_first.append(detection)
    return only_first, only_second


def _is_same(first: Detection, second: Detection) -> bool:
    return first.garment == second.garment and first.box.iou(second.box) >= _MIN_IOU
