"""Finds the tight box of a garment mask, which may have several separate parts."""

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.detections import Box

# The minimum area of a part, as a fraction of the largest part. The half of an open coat or a
# sleeve behind a strap belongs to the garment; small specks of the mask do not.
_MIN_PART = 0.1


def box_of_parts(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> Box | None:
    """Box the large parts of ``mask``, shape (height, width), and ignore small specks.

    Returns:
        The box in pixels of the mask; None if no pixel is set.
    """
    _, _, parts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    parts = parts[1:]  # the first is the background
    if not len(parts):
        return None
    areas = parts[:, cv2.CC_STAT_AREA]
    parts = parts[areas >= _MIN_PART * areas.max()]
    left, top = parts[:, cv2.CC_STAT_LEFT], parts[:, cv2.CC_STAT_TOP]
    right, bottom = left + parts[:, cv2.CC_STAT_WIDTH], top + parts[:, cv2.CC_STAT_HEIGHT]
    return Box(float(left.min()), float(top.min()), float(right.max()), float(bottom.max()))
