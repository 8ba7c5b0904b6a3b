"""Draws pictures without people and clothes: plain areas, noise, charts, pages and empty scenes.

A detector that has never seen such pictures finds a garment in each of them.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_assets.photos.sources.drawn.backdrops import backdrop

Pixels = NDArray[np.uint8]
Drawing = Callable[[int, int, np.random.Generator], Pixels]


def picture_without_clothes(rng: np.random.Generator) -> Pixels:
    """Draw a random picture, RGB, shape (height, width, 3); a third are as wide as others high."""
    width, height = int(rng.integers(440, 521)), int(rng.integers(610, 671))
    if rng.random() < 1 / 3:
        width, height = height, width
    return _DRAWINGS[int(rng.integers(len(_DRAWINGS)))](width, height, rng)


def _plain(width: int, height: int, rng: np.random.Generator) -> Pixels:
    # Users also send black pictures, of a covered camera, and white ones.
    colours = (np.zeros(3), np.full(3, 255), rng.integers(0, 256, 3))
    return _filled(width, height, colours[int(rng.integers(len(colours)))])


def _gradient(width: int, height: int, rng: np.random.Generator) -> Pixels:
    corners = rng.integers(0, 256, (2, 2, 3)).astype(np.float32)
    return _as_pixels(cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR))


def _noise(width: int, height: int, rng: np.random.Generator) -> Pixels:
    grain = int(rng.integers(1, 64))
    size = (-(-height // grain), -(-width // grain), 3)
    spread = rng.uniform(5, 80)
    coarse = (rng.integers(0, 256, 3) + rng.normal(0, spread, size)).astype(np.float32)
    return _as_pixels(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))


def _chart(width: int, height: int, rng: np.random.Generator) -> Pixels:
    picture = _filled(width, height, rng.integers(225, 256, 3))
    bars = int(rng.integers(3, 12))
    step = (width - 80) // bars
    for bar in range(bars):
        colour = tuple(rng.integers(0, 220, 3).tolist())
        left, top = 50 + bar * step, int(rng.integers(40, height - 60))
        cv2.rectangle(picture, (left, top), (left + step * 2 // 3, height - 50), colour, -1)
    cv2.polylines(picture, [_axes(width, height)], False, (40, 40, 40), 2)
    return picture


def _axes(width: int, height: int) -> NDArray[np.int32]:
    return np.array([(40, 30), (40, height - 50), (width - 30, height - 50)], dtype=np.int32)


def _page(width: int, height: int, rng: np.random.Generator) -> Pixels:
    picture = _filled(width, height, rng.integers(215, 256, 3))
    size = rng.uniform(0.4, 1.2)
    ink = tuple(rng.integers(0, 90, 3).tolist())
    for line in range(40, height - 30, round(34 * size)):
        letters = rng.choice(list("aeinorstl hdu mcgp"), int(rng.integers(10, 60)))
        text = "".join(letters.tolist())
        cv2.putText(picture, text, (30, line), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
    return picture


def _scene(width: int, height: int, rng: np.random.Generator) -> Pixels:
    return backdrop(width, height, round(height * rng.uniform(0.5, 0.9)), (), rng)


def _filled(width: int, height: int, colour: NDArray[np.float64] | NDArray[np.int64]) -> Pixels:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def _as_pixels(picture: object) -> Pixels:
    return np.asarray(np.clip(np.asarray(picture), 0, 255), dtype=np.uint8)


_DRAWINGS: tuple[Drawing, ...] = (_plain, _gradient, _noise, _chart, _page, _scene)
