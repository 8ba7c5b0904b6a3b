"""Finds the tight box of a garment mask, which may have several separate parts, or two shoes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.detections import Box

# The minimum area of a part, as a fraction of the largest part. The half of an open coat or a
# sleeve behind a strap belongs to the garment; small specks of the mask do not.
_MIN_PART = 0.1


# Two parts are two shoes if the smaller one has at least this share of the area of the larger one.
_MIN_SHOE = 0.5


def boxes_of_shoes(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> list[Box]:
    """Box each shoe of ``mask``, shape (height, width), if two are apart, and else both in one box.

    Returns:
        The boxes in pixels of the mask, from left to right; none if no pixel is set.
    """
    parts = _parts_of(mask)
    largest = parts[np.argsort(-parts[:, cv2.CC_STAT_AREA])][:2]
    areas = largest[:, cv2.CC_STAT_AREA]
    if len(areas) == 2 and areas[1] >= _MIN_SHOE * areas[0]:
        return sorted(_box_round(part[None]) for part in largest)
    box = box_of_parts(mask)
    return [] if box is None else [box]


def box_of_parts(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> Box | None:
    """Box the large parts of ``mask``, shape (height, width), and ignore small specks.

    Returns:
        The box in pixels of the mask; None if no pixel is set.
    """
    parts = _parts_of(mask)
    if not len(parts):
        return None
    areas = parts[:, cv2.CC_STAT_AREA]
    return _box_round(parts[areas >= _MIN_PART * areas.max()])


def _parts_of(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> NDArray[np.int32]:
    """Find the connected parts, as OpenCV describes them, shape (n, 5)."""
    _, _, parts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return np.asarray(parts[1:], dtype=np.int32)  # the first is the background


def _box_round(parts: NDArray[np.int32]) -> Box:
    left, top = parts[:, cv2.CC_STAT_LEFT], parts[:, cv2.CC_STAT_TOP]
    right, bottom = left + parts[:, cv2.CC_STAT_WIDTH], top + parts[:, cv2.CC_STAT_HEIGHT]
    return Box(float(left.min()), float(top.min()), float(right.max()), float(bottom.max()))
