"""Photos that show the same picture: re-encoded, resized, or shot twice in a second.

Plain pictures share a hash with many others, a shirt on white with a dress on white, so
candidates of one hash are compared pixel by pixel, small.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.photos import Photo

# dHash: bits in which a picture and its re-encoding or resizing may differ, of 64.
_MAX_BITS = 3
# Mean difference of the thumbnails, in levels of 255. In a catalogue of 2,837 photos the one
# doubled picture had 0.1, and the nearest two garments of a size and a ground 8.1.
_MAX_LEVELS = 4.0
_THUMBNAIL_SIDE = 16

# All pairs of a hundred thousand photos at once would take 40 GB.
_ROWS_AT_ONCE = 1000


class PerceptualHash(NamedTuple):
    """What is kept of a picture to recognise it: 64 bits of a dHash, and a thumbnail."""

    bits: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8]


def perceptual_hash_of(photo: Photo) -> PerceptualHash:
    """Reduce ``photo``, RGB, shape (height, width, 3), to what recognises it.

    Source: the difference hash of Neal Krawetz, "Kind of Like That", 2013.
    """
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    steps = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    side = (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
    thumbnail = cv2.resize(photo, side, interpolation=cv2.INTER_AREA)
    bits = (steps[:, 1:] > steps[:, :-1]).ravel().astype(np.uint8)
    return PerceptualHash(bits, np.asarray(thumbnail, dtype=np.uint8))


def near_duplicates(perceptual_hashes: Sequence[PerceptualHash]) -> list[tuple[int, int]]:
    """Pair the positions in ``perceptual_hashes`` that show the same picture, the lower first."""
    if len(perceptual_hashes) < 2:
        return []
    bits = np.stack([perceptual_hash.bits for perceptual_hash in perceptual_hashes]).astype(
        np.float32
    )
    return [
        (int(first), int(second))
        for start in range(0, len(bits), _ROWS_AT_ONCE)
        for first, second in _alike(bits, start)
        if _same(perceptual_hashes[first].thumbnail, perceptual_hashes[second].thumbnail)
    ]


def _alike(bits: NDArray[np.float32], start: int) -> NDArray[np.intp]:
    """Pair the rows from ``start`` on with later ones that differ in few bits, shape (n, 2)."""
    rows = bits[start : start + _ROWS_AT_ONCE]
    apart = rows @ (1 - bits).T + (1 - rows) @ bits.T
    # Row i of the block is row start + i of all, and pairs with those after it.
    pairs = np.argwhere(np.triu(apart <= _MAX_BITS, k=start + 1))
    return np.asarray(pairs + np.array([start, 0]))


def groups_of(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Give each of ``count`` positions the lowest position it is paired with, through others too.

    ``pairs`` are as ``near_duplicates`` returns them.
    """
    first = list(range(count))

    def root(position: int) -> int:
        while first[position] != position:
            position = first[position]
        return position

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        first[high] = low
    return [root(position) for position in range(count)]


def _same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean()) <= _MAX_LEVELS
