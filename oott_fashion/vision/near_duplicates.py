"""Finds near-duplicate photos: re-encoded, resized, or taken within a second of each other.

Different pictures with a plain background may have similar hashes, for instance a shirt and a
dress on white. So photos with similar hashes are also compared by their thumbnails.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.photos import Photo

_BITS = 64
# How many of the dHash bits may differ between a picture and its copy.
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
    return [
        (first, second)
        for first, second in _alike(perceptual_hashes, perceptual_hashes)
        if first < second
        and _same(perceptual_hashes[first].thumbnail, perceptual_hashes[second].thumbnail)
    ]


def duplicates_between(
    photos: Sequence[PerceptualHash], others: Sequence[PerceptualHash]
) -> list[tuple[int, int]]:
    """List the pairs of a position in ``photos`` and one in ``others`` with the same picture."""
    return [
        (one, other)
        for one, other in _alike(photos, others)
        if _same(photos[one].thumbnail, others[other].thumbnail)
    ]


def _alike(
    photos: Sequence[PerceptualHash], others: Sequence[PerceptualHash]
) -> Iterator[tuple[int, int]]:
    """Find the pairs of positions with similar bits."""
    columns = _bits_of(others)
    for start in range(0, len(photos), _ROWS_PER_BLOCK):
        rows = _bits_of(photos[start : start + _ROWS_PER_BLOCK])
        apart = rows @ (1 - columns).T + (1 - rows) @ columns.T
        for row, column in np.argwhere(apart <= _MAX_BITS):
            yield start + int(row), int(column)


def _bits_of(perceptual_hashes: Sequence[PerceptualHash]) -> NDArray[np.float32]:
    bits = [perceptual_hash.bits for perceptual_hash in perceptual_hashes]
    return np.array(bits, dtype=np.float32).reshape(-1, _BITS)


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
