"""Letterbox: fits a photo into the square model input, and maps boxes back to the photo."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

# Ultralytics pads training images with this grey, so the detector has learnt to ignore it.
PADDING_GREY = 114


class Placement(NamedTuple):
    """Where a photo lies in the model input: its corner and size there, in model pixels."""

    scale: float
    left: int
    top: int
    width: int
    height: int
    photo_width: int
    photo_height: int


def letterbox(photo: NDArray[np.uint8], side: int = 640) -> tuple[NDArray[np.float32], Placement]:
    """Fit ``photo`` into a ``side`` x ``side`` square, keeping its aspect ratio.

    Args:
        photo: RGB pixels, shape (height, width, 3), 0..255.
        side: edge of the square in pixels.

    Returns:
        The model input, shape (3, side, side), RGB, 0..1; and the placement that
        ``to_photo_pixels`` needs to map boxes back.

    Raises:
        ValueError: ``photo`` is not (height, width, 3), for instance because it has alpha.

    Source: ``ultralytics.data.augment.LetterBox`` with ``auto=False, center=True``.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or 0 in photo.shape:
        raise ValueError(f"expected RGB pixels of shape (height, width, 3), found {photo.shape}")
    height, width = photo.shape[:2]
    scale = min(side / height, side / width)
    fitted_width, fitted_height = max(1, round(width * scale)), max(1, round(height * scale))
    fitted = photo
    if (fitted_width, fitted_height) != (width, height):
        resized = cv2.resize(photo, (fitted_width, fitted_height), interpolation=cv2.INTER_LINEAR)
        fitted = np.asarray(resized, dtype=np.uint8)
    # The 0.1 puts an odd pixel of padding at the right and the bottom, as Ultralytics does.
    left = round((side - fitted_width) / 2 - 0.1)
    top = round((side - fitted_height) / 2 - 0.1)
    square = np.full((side, side, 3), PADDING_GREY, dtype=np.uint8)
    square[top : top + fitted_height, left : left + fitted_width] = fitted
    model_input = np.empty((3, side, side), dtype=np.float32)
    for channel, values in zip(model_input, cv2.split(square), strict=True):
        channel[:] = values  # copying them from between the other channels takes twice as long
    model_input /= 255
    placement = Placement(scale, left, top, fitted_width, fitted_height, width, height)
    return model_input, placement


def to_photo_pixels(boxes: NDArray[np.float32], placement: Placement) -> NDArray[np.float32]:
    """Map boxes from model pixels to photo pixels, clipped to the photo.

    Args:
        boxes: x_min, y_min, x_max, y_max, shape (n, 4).
        placement: what ``letterbox`` returned for the photo.

    Source: ``ultralytics.utils.ops.scale_boxes``.
    """
    corner = np.array([placement.left, placement.top] * 2, dtype=np.float32)
    limits = np.array([placement.photo_width, placement.photo_height] * 2, dtype=np.float32)
    # The width and the height were rounded to integer model pixels. So each has its own scale,
    # which is close to ``placement.scale``.
    scales = np.array([placement.width, placement.height] * 2, dtype=np.float32) / limits
    return np.clip((boxes - corner) / scales, 0, limits)
