"""Finds near-duplicate photos: re-encoded, resized, or taken within a second of each other.

Different pictures with a plain background may have similar hashes, for instance a shirt and a
dress on white. So photos with similar hashes are also compared by their thumbnails.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.photos import Photo

# How many of the 64 dHash bits may differ between a picture and its copy.
_MAX_BITS = 3
# The largest mean difference between the thumbnails of duplicates, in levels from 0 to 255. In a
# catalogue of 2,837 photos, the only pair of duplicates differed by 0.1. The two most similar
# photos of different garments, with the same size and background, differed by 8.1.
_MAX_LEVELS = 4.0
_THUMBNAIL_SIDE = 16

# Comparing all pairs of 100,000 photos in one step would need 40 GB.
_ROWS_PER_BLOCK = 1000


class PerceptualHash(NamedTuple):
    """A compact form of a picture for finding its duplicates: 64 dHash bits and a thumbnail."""

    bits: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8]


def perceptual_hash_of(photo: Photo) -> PerceptualHash:
    """Compute the perceptual hash of ``photo``, RGB, shape (height, width, 3).

    Source: dHash, the difference hash of Neal Krawetz, "Kind of Like That", 2013.
    """
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    steps = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    side = (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
    thumbnail = cv2.resize(photo, side, interpolation=cv2.INTER_AREA)
    bits = (steps[:, 1:] > steps[:, :-1]).ravel().astype(np.uint8)
    return PerceptualHash(bits, np.asarray(thumbnail, dtype=np.uint8))


def near_duplicates(perceptual_hashes: Sequence[PerceptualHash]) -> list[tuple[int, int]]:
    """List the pairs of positions whose photos show the same picture, lower position first."""
    if len(perceptual_hashes) < 2:
        return []
    bits = np.stack([perceptual_hash.bits for perceptual_hash in perceptual_hashes]).astype(
        np.float32
    )
    return [
        (int(first), int(second))
        for start in range(0, len(bits), _ROWS_PER_BLOCK)
        for first, second in _alike(bits, start)
        if _same(perceptual_hashes[first].thumbnail, perceptual_hashes[second].thumbnail)
    ]


def _alike(bits: NDArray[np.float32], start: int) -> NDArray[np.intp]:
    """Find the pairs of one block's rows and later rows with similar bits, shape (n, 2)."""
    rows = bits[start : start + _ROWS_PER_BLOCK]
    apart = rows @ (1 - bits).T + (1 - rows) @ bits.T
    # Row i of the block is row start + i of ``bits``. Each row is paired with later rows only.
    pairs = np.argwhere(np.triu(apart <= _MAX_BITS, k=start + 1))
    return np.asarray(pairs + np.array([start, 0]))


def groups_of(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Give each of ``count`` positions the lowest position of its group.

    Positions are in one group when a chain of ``pairs``, from ``near_duplicates``, connects them.
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
