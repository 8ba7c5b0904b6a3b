"""One tight box around the pixels of one garment, which may lie in several parts."""

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.detections import Box

# Of the largest part. An open coat or a sleeve behind a strap is part of the garment, a slipper
# beside it and the crumbs of a mask are not.
_MIN_PART = 0.1


def box_of_parts(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> Box | None:
    """Box the largest part of ``mask``, shape (height, width), and those no crumbs beside it.

    Returns:
        The box in pixels of the mask; None where no pixel is set.
    """
    _, _, parts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    parts = parts[1:]  # the first is the ground
    if not len(parts):
        return None
    areas = parts[:, cv2.CC_STAT_AREA]
    parts = parts[areas >= _MIN_PART * areas.max()]
    left, top = parts[:, cv2.CC_STAT_LEFT], parts[:, cv2.CC_STAT_TOP]
    right, bottom = left + parts[:, cv2.CC_STAT_WIDTH], top + parts[:, cv2.CC_STAT_HEIGHT]
    return Box(float(left.min()), float(top.min()), float(right.max()), float(bottom.max()))
