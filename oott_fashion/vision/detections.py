"""A detected garment: its name, confidence, box and colour."""

from dataclasses import dataclass
from typing import NamedTuple

from oott_fashion.garments import Category, category_of


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
