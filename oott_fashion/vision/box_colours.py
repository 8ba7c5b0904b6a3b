"""Names the colour of the garment in each box of a photo."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.colours import PALETTE, PaletteColour
from oott_fashion.garment_colours import garment_colour
from oott_fashion.vision.detections import Box
from oott_fashion.vision.yolov8_output import ious_of

# A few thousand pixels are enough for colours. So they are measured on a photo that is shrunk until
# its long side has this many pixels.
_LONG_SIDE = 160

# Two boxes with a higher IoU are two names of one garment.
_SAME_PLACE = 0.9

# The strips around a box count as its background. Each is this share of the box wide or high.
_BACKGROUND_MARGIN = 0.25

# In a well exposed photo, 5 % of the pixels have a higher gray value. Darker photos are brightened
# half way to it. All the way, a photo of dark clothes on a dark floor would become gray.
_BRIGHT = 240
_MAX_BRIGHTENING = 2.0


class GarmentPixels(NamedTuple):
    """The pixels of a garment's box, of its background, and how likely each shows the garment.

    The shapes are (n, 3), (m, 3) and (n,). The weights are 0..1.
    """

    pixels: NDArray[np.uint8]
    background: NDArray[np.uint8]
    weights: NDArray[np.float64]


def colours_of(
    photo: NDArray[np.uint8],
    boxes: Sequence[Box],
    palette: Sequence[PaletteColour] = PALETTE,
) -> list[str]:
    """Name the colour of the garment in each box.

    Args:
        photo: RGB pixels, shape (height, width, 3), 0..255.
        boxes: in pixels of ``photo``, at least partly inside it.
        palette: the colours to choose from.
    """
    return [garment_colour(*seen, palette) for seen in garment_pixels(photo, boxes)]


def garment_pixels(photo: NDArray[np.uint8], boxes: Sequence[Box]) -> list[GarmentPixels]:
    """Take the pixels of the garment in each box from the shrunken and brightened photo.

    A pixel in several boxes belongs to the smallest box. For instance, a shirt under an open coat
    lies in the box of the shirt and in that of the coat. Its pixels must not count for the coat.
    Boxes in the same place are two names of one garment. They share their pixels.
    """
    scale = min(1.0, _LONG_SIDE / max(photo.shape[:2]))
    small = _brightened(_shrunken(photo))
    windows = [_window_of(box, scale, small.shape) for box in boxes]
    places = _places_of(windows)
    owners = _owners_of_pixels(windows, places, small.shape)
    return [
        _pixels_in(small, owners, place, window, alone=len(set(places)) == 1)
        for place, window in zip(places, windows, strict=True)
    ]


def _shrunken(photo: NDArray[np.uint8]) -> cv2.typing.MatLike:
    height, width = photo.shape[:2]
    scale = min(1.0, _LONG_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # OpenCV halves a photo in a tenth of the time that another scale takes. Halving a small photo
    # changed some colours.
    while 4 * scale <= 1 and min(photo.shape[:2]) > 1:
        height, width = (side // 2 for side in photo.shape[:2])
        even = photo[: 2 * height, : 2 * width]
        photo = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
        scale *= 2
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA)


def _brightened(photo: cv2.typing.MatLike) -> NDArray[np.uint8]:
    gray = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)).ravel()
    bright = float(np.partition(gray, rank := int(0.95 * len(gray)))[rank])
    factor = min(max(_BRIGHT / max(bright, 1.0), 1.0), _MAX_BRIGHTENING)
    return np.asarray(cv2.convertScaleAbs(photo, alpha=(1 + factor) / 2), dtype=np.uint8)


class _Window(NamedTuple):
    """A box in integer pixels of the shrunken photo, at least one pixel wide and high."""

    left: int
    top: int
    right: int
    bottom: int


def _window_of(box: Box, scale: float, shape: tuple[int, ...]) -> _Window:
    left = min(int(box.x_min * scale), shape[1] - 1)
    top = min(int(box.y_min * scale), shape[0] - 1)
    right = min(max(left + 1, round(box.x_max * scale)), shape[1])
    bottom = min(max(top + 1, round(box.y_max * scale)), shape[0])
    return _Window(left, top, right, bottom)


def _places_of(windows: Sequence[_Window]) -> list[int]:
    """Number the windows; those in the same place have the number of the first of them."""
    if not windows:
        return []
    boxes = np.array(windows, dtype=np.float32)
    are_in_one_place = ious_of(boxes[:, None], boxes[None]) > _SAME_PLACE
    return [int(place) for place in are_in_one_place.argmax(axis=1)]


def _owners_of_pixels(
    windows: Sequence[_Window], places: Sequence[int], shape: tuple[int, ...]
) -> NDArray[np.int16]:
    owners = np.full(shape[:2], -1, dtype=np.int16)

    def area(index: int) -> int:
        left, top, right, bottom = windows[index]
        return (right - left) * (bottom - top)

    for index in sorted(range(len(windows)), key=area, reverse=True):
        left, top, right, bottom = windows[index]
        owners[top:bottom, left:right] = places[index]
    return owners


def _pixels_in(
    photo: NDArray[np.uint8],
    owners: NDArray[np.int16],
    place: int,
    window: _Window,
    alone: bool,
) -> GarmentPixels:
    left, top, right, bottom = window
    own = owners[top:bottom, left:right] == place
    # A garment that smaller boxes cover almost completely uses all pixels of its box.
    if own.mean() < 0.1:
        own = np.ones_like(own)
    return GarmentPixels(
        photo[top:bottom, left:right][own],
        _background_of(photo, owners, window, alone),
        _middle_weights(bottom - top, right - left)[own],
    )


def _middle_weights(height: int, width: int) -> NDArray[np.float64]:
    """Weight pixels near the middle more, because the corners of a box show the background."""
    return np.outer(_middle_of_side(height), _middle_of_side(width))


@lru_cache(maxsize=_LONG_SIDE)
def _middle_of_side(pixels: int) -> NDArray[np.float64]:
    offsets = np.linspace(-1, 1, pixels) if pixels > 1 else np.zeros(1)
    return np.asarray(np.exp(-(offsets**2)))


def _background_of(
    photo: NDArray[np.uint8], owners: NDArray[np.int16], window: _Window, alone: bool
) -> NDArray[np.uint8]:
    """Take the pixels around a window that are in no garment's box, shape (n, 3).

    In a photo with several garments, only those left and right of it: above and below it are other
    parts of the person, such as skin, hair and other clothes.
    """
    left, top, right, bottom = window
    across, down = (_margin(side) for side in (right - left, bottom - top))
    if alone:
        top, bottom = max(0, top - down), bottom + down
    around = (slice(top, bottom), slice(max(0, left - across), right + across))
    return np.asarray(photo[around][owners[around] == -1])


def _margin(side: int) -> int:
    return max(2, round(_BACKGROUND_MARGIN * side))
