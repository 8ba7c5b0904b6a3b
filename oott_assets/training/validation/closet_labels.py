"""How a detector labels photos of one garment, and pictures without clothes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_fashion.garments import GARMENT_NAMES, garment_named
from oott_fashion.vision.yolov8_output import RawDetections


class ClosetLabels(NamedTuple):
    """The right label of each picture and that of the most confident garment; None is nothing."""

    right: Sequence[str | None]
    found: Sequence[str | None]

    @property
    def are_right(self) -> NDArray[np.int_]:
        """Whether the label of each picture is right, 0 or 1."""
        pairs = zip(self.right, self.found, strict=True)
        return np.array([found == right for right, found in pairs], dtype=np.int_)

    def right_by_garment(self) -> dict[str, float]:
        """The share of the photos of each garment whose label is right."""
        right = self.are_right
        of_garment = {
            name: [index for index, shown in enumerate(self.right) if shown == name]
            for name in GARMENT_NAMES
        }
        return {name: float(right[at].mean()) for name, at in of_garment.items() if at}


def label_of(served: RawDetections) -> str | None:
    """Name the most confident garment, as the closet service does."""
    return garment_named(int(served.class_ids[0])) if len(served.class_ids) else None
