"""Decodes large photos at a part of their size, in a bounded memory.

A detector sees a photo in a few hundred pixels. Decoding all 12 megapixels of a phone's photo takes
more time than finding its garments.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import opened_photo
from oott_fashion.vision.seen_pixels import Photo, pixels_of

# A decoded photo has at least this many times the side of the model input. With 1, boxes move more.
# Measured on 60 street photos, enlarged to 12 megapixels: with 2, the garments are closer to those
# of the original photos than with a full decode (5 of 198 lost instead of 6, with noise 4 and 15).
SIDES_OF_INPUT = 2


class ReducedPhoto(NamedTuple):
    """RGB pixels, shape (height, width, 3), 0..255, and the upright size of the whole photo."""

    pixels: Photo
    width: int
    height: int

    def in_whole_photo(self, box: Box) -> Box:
        """Give the place of ``box``, which is in reduced pixels, in pixels of the whole photo."""
        height, width = self.pixels.shape[:2]
        across, down = self.width / width, self.height / height
        return Box(box.x_min * across, box.y_min * down, box.x_max * across, box.y_max * down)


class DecodingMemory:
    """Bounds the pixels that the threads of a process decode at the same time.

    A photo may have at most ``max_pixels``. So may all photos that are decoded at the same time.
    """

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        self._pixels = 0
        self._changed = threading.Condition()
        # Without it, a large photo would wait for as long as small ones arrive.
        self._next = threading.Lock()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until there is memory for ``pixels``, and take it."""
        with self._next, self._changed:
            self._changed.wait_for(lambda: self._pixels + pixels <= self.max_pixels)
            self._pixels += pixels
        try:
            yield
        finally:
            with self._changed:
                self._pixels -= pixels
                self._changed.notify()


def read_reduced_photo(data: bytes, min_side: int, memory: DecodingMemory) -> ReducedPhoto:
    """Decode a photo like ``read_photo``, at 1/2, 1/3, 1/4 and so on of its size.

    Args:
        data: the file.
        min_side: the long side of the result has at least this many pixels, if the photo has.
        memory: what the threads share; it has room for a photo of ``max_pixels``.

    Raises:
        PhotoTooLarge, UnreadablePhoto: as for ``read_photo``.
    """
    with opened_photo(data, memory.max_pixels) as file:
        width, height = file.size
        with memory.taken(width * height):
            factor = max(width, height) // min_side
            if factor > 1 and file.format in ("JPEG", "MPO"):
                # A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size.
                file.draft(None, (max(1, width // factor), max(1, height // factor)))
            pixels = pixels_of(file, max(1, max(file.size) // min_side))
            file.close()  # frees its pixels, before the next thread takes the memory
    is_turned = (width > height) == (pixels.shape[0] > pixels.shape[1])
    return ReducedPhoto(pixels, height, width) if is_turned else ReducedPhoto(pixels, width, height)
