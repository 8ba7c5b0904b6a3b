"""Detects the garments in a photo: letterbox, engine, decoding, colours, shoe pairs."""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.colours import PALETTE, PaletteColour, garment_colour
from oott_fashion.garments import GARMENTS, garment_named
from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.engines import Engine
from oott_fashion.vision.letterbox import Placement, letterbox, to_photo_pixels
from oott_fashion.vision.shoe_pairs import merge_shoe_pairs
from oott_fashion.vision.yolov8_output import (
    Anchors,
    RawDetections,
    anchors_of,
    decode,
    ious_of,
    non_max_suppression,
)

# A few thousand pixels are enough for colours. So they are measured on a photo that is shrunk until
# its long side has this many pixels.
_COLOUR_SIDE = 320

# Two boxes with a higher IoU are two names of one garment.
_SAME_PLACE = 0.9

# The strips left and right of a box count as its background. Each is this share of the box wide.
_BACKGROUND_MARGIN = 0.12


class Thresholds(NamedTuple):
    """Minimum confidence of a garment, and the IoU above which boxes of one name are one; 0..1.

    Compared with the defaults of Ultralytics, 0.25 and 0.7, these have an F1 that is 0.02 to 0.03
    higher on two sets of street photos.
    """

    confidence: float = 0.3
    iou: float = 0.6


class Detector:
    """Detects garments in photos with one engine; thread-safe."""

    def __init__(
        self,
        engine: Engine,
        image_side: int,
        thresholds: Thresholds = Thresholds(),  # noqa: B008 - a NamedTuple cannot be changed
        palette: Sequence[PaletteColour] = PALETTE,
        at_a_time: int = 1,
    ) -> None:
        self.engine = engine
        self.image_side = image_side
        self.thresholds = thresholds
        self.palette = palette
        # An engine already uses all its cores for one photo; two photos at the same time only
        # slow each other down. Only a pool of engines runs several photos.
        self._at_a_time = threading.BoundedSemaphore(at_a_time)

    def boxes(self, photo: NDArray[np.uint8]) -> RawDetections:
        """Find the boxes in ``photo``, most confident first, in photo pixels; shoes unpaired.

        Args:
            photo: RGB pixels, shape (height, width, 3), 0..255.

        Raises:
            ValueError: the detector was not trained on OOTT's garments.
        """
        head, placement = self._head_of(photo)
        raw = non_max_suppression(
            decode(head, len(GARMENTS), self.thresholds.confidence), self.thresholds.iou
        )
        return raw._replace(boxes=to_photo_pixels(raw.boxes, placement))

    def anchors(self, photo: NDArray[np.uint8]) -> Anchors:
        """Give every box that the network computes for ``photo``, in photo pixels.

        Args:
            photo: RGB pixels, shape (height, width, 3), 0..255.

        Raises:
            ValueError: the detector was not trained on OOTT's garments.
        """
        head, placement = self._head_of(photo)
        anchors = anchors_of(head, len(GARMENTS))
        return anchors._replace(boxes=to_photo_pixels(anchors.boxes, placement))

    def _head_of(self, photo: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Placement]:
        model_input, placement = letterbox(photo, self.image_side)
        with self._at_a_time:
            return self.engine.head_of(model_input[None]), placement

    def garments(self, photo: NDArray[np.uint8]) -> list[Detection]:
        """Find the garments in ``photo``, most confident first; two shoes count as one pair.

        Args:
            photo: RGB pixels, shape (height, width, 3), 0..255.
        """
        return self.coloured(self.boxes(photo), photo)

    def coloured(self, raw: RawDetections, photo: NDArray[np.uint8]) -> list[Detection]:
        """Name the garments and the colours of the ``boxes`` of ``photo``; pair its shoes."""
        boxes = [Box(*map(float, box)) for box in raw.boxes]
        colours = colours_of(photo, boxes, self.palette)
        detections = [
            Detection(garment_named(int(class_id)), float(score), box, colour)
            for class_id, score, box, colour in zip(
                raw.class_ids, raw.confidences, boxes, colours, strict=True
            )
        ]
        return merge_shoe_pairs(detections)


def colours_of(
    photo: NDArray[np.uint8],
    boxes: Sequence[Box],
    palette: Sequence[PaletteColour] = PALETTE,
) -> list[str]:
    """Name the colour of the garment in each box.

    A pixel in several boxes belongs to the smallest box. For instance, a shirt under an open coat
    lies in the box of the shirt and in that of the coat. Its pixels must not count for the coat.
    Boxes in the same place are two names of one garment. They share their pixels.

    Args:
        photo: RGB pixels, shape (height, width, 3), 0..255.
        boxes: in pixels of ``photo``, at least partly inside it.
        palette: the colours to choose from.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, _COLOUR_SIDE / max(height, width))
    small_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shrunken = cv2.resize(photo, small_size, interpolation=cv2.INTER_AREA)
    small = np.asarray(shrunken, dtype=np.uint8)
    windows = [_window_of(box, scale, small.shape) for box in boxes]
    places = _places_of(windows)
    owners = _owners_of_pixels(windows, places, small.shape)
    return [
        _colour_in(small, owners, place, window, palette)
        for place, window in zip(places, windows, strict=True)
    ]


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
) -> NDArray[np.int_]:
    owners = np.full(shape[:2], -1)

    def area(index: int) -> int:
        left, top, right, bottom = windows[index]
        return (right - left) * (bottom - top)

    for index in sorted(range(len(windows)), key=area, reverse=True):
        left, top, right, bottom = windows[index]
        owners[top:bottom, left:right] = places[index]
    return owners


def _colour_in(
    photo: NDArray[np.uint8],
    owners: NDArray[np.int_],
    place: int,
    window: _Window,
    palette: Sequence[PaletteColour],
) -> str:
    left, top, right, bottom = window
    pixels = photo[top:bottom, left:right]
    own = owners[top:bottom, left:right] == place
    # A garment that smaller boxes cover almost completely uses all pixels of its box.
    if own.mean() < 0.1:
        own = np.ones_like(own)
    weights = _middle_weights(bottom - top, right - left)[own]
    return garment_colour(pixels[own], _background_of(photo, owners, window), weights, palette)


def _middle_weights(height: int, width: int) -> NDArray[np.float64]:
    """Weight pixels near the middle more, because the corners of a box show the background."""
    down = np.linspace(-1, 1, height) if height > 1 else np.zeros(1)
    across = np.linspace(-1, 1, width) if width > 1 else np.zeros(1)
    return np.asarray(np.exp(-(down[:, None] ** 2 + across[None] ** 2)))


def _background_of(
    photo: NDArray[np.uint8], owners: NDArray[np.int_], window: _Window
) -> NDArray[np.uint8]:
    """Take the pixels left and right of a window that are in no garment's box, shape (n, 3).

    Above and below it are other parts of the person: skin, hair and other clothes.
    """
    left, top, right, bottom = window
    margin = max(2, round(_BACKGROUND_MARGIN * (right - left)))
    sides = (slice(max(0, left - margin), left), slice(right, right + margin))
    strips = [photo[top:bottom, side][owners[top:bottom, side] == -1] for side in sides]
    return np.concatenate(strips)
