"""The colour palette, and which of its colours a pixel has.

Colours are compared in CIELAB, where equal distances look about equally different. In RGB a
navy coat is nearer to black than to blue jeans. Palette names are spelled as in the HTTP API.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# The released recommender knows only these five colours.
RELEASED_COLOURS = ("white", "beige", "blue", "gray", "black")


class PaletteColour(NamedTuple):
    """A colour name, its sRGB samples, its name among the released five, and its Korean name."""

    name: str
    samples: tuple[str, ...]
    released_name: str
    korean: str


# Cloth is duller than screen colours, and appears in light and in shade. So each name has samples
# of cloth in light and in shade. With a new sample, its name matches more pixels, and similar names
# match fewer.
PALETTE = (
    PaletteColour("white", ("#f4f4f4", "#dedede", "#e6e9ee"), "white", "흰색"),
    PaletteColour("black", ("#151515", "#262628", "#302d2e"), "black", "검정"),
    PaletteColour("gray", ("#8c8c8c", "#6a6a6c", "#b4b4b6", "#4e4e50"), "gray", "회색"),
    PaletteColour("beige", ("#d9c7a5", "#c8b18b", "#e8dcc3", "#b9a27e"), "beige", "베이지"),
    PaletteColour("brown", ("#6b4226", "#8a5a36", "#4a3020", "#9c7350"), "beige", "갈색"),
    PaletteColour("red", ("#c0202a", "#8e1c24", "#d8403c"), "beige", "빨강"),
    PaletteColour("pink", ("#eaa5b8", "#d97b98", "#f2c6cf", "#d6408a"), "beige", "분홍"),
    PaletteColour("orange", ("#e07a2a", "#c85e1e", "#f09a4e"), "beige", "주황"),
    PaletteColour("yellow", ("#e8cc3a", "#c9a91e", "#f2e28a"), "beige", "노랑"),
    PaletteColour("green", ("#3c7a44", "#2a4a32", "#6f8f4e", "#8fbf8f", "#4f5a36"), "gray", "초록"),
    PaletteColour("blue", ("#3f74b8", "#6f9bc8", "#4a6a94", "#a4c4e0", "#2a5bd0"), "blue", "파랑"),
    PaletteColour("navy", ("#1c2744", "#24305c", "#161c34"), "blue", "남색"),
    PaletteColour("purple", ("#6b3f8a", "#4c2a60", "#a07fc0"), "blue", "보라"),
)
PALETTE_NAMES = tuple(colour.name for colour in PALETTE)

# The views of the trend tables and the answers of the service use the same translation, so that an
# item of a closet has the colour of its trend.
RELEASED_NAMES = {colour.name: colour.released_name for colour in PALETTE}

RELEASED_PALETTE = tuple(colour for colour in PALETTE if colour.name in RELEASED_COLOURS)

PALETTES = {"default": PALETTE, "prototype": RELEASED_PALETTE}


def nearest_colours(
    pixels: NDArray[np.uint8], palette: Sequence[PaletteColour] = PALETTE
) -> NDArray[np.intp]:
    """Find the palette colour of every pixel, as an index into ``palette``; on a tie, the first.

    Args:
        pixels: sRGB, shape (n, 3), 0..255.
        palette: the colours to choose from.
    """
    return _nearest(lab_of(pixels), tuple(palette))


def lab_of(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Convert sRGB pixels, shape (n, 3), 0..255, to CIELAB under D65: L 0..100, a and b about ±128.

    Source: IEC 61966-2-1 for sRGB, CIE 15 for CIELAB.
    """
    xyz = _LINEAR_OF_SRGB[pixels] @ _XYZ_OF_LINEAR_RGB.T / _WHITE_POINT
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    lightness = 116 * f[:, 1] - 16
    return np.stack([lightness, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


_SRGB = np.arange(256) / 255
_LINEAR_OF_SRGB = np.where(_SRGB <= 0.04045, _SRGB / 12.92, ((_SRGB + 0.055) / 1.055) ** 2.4)
_XYZ_OF_LINEAR_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE_POINT = np.array([0.95047, 1.0, 1.08883])


def _nearest(lab: NDArray[np.float64], palette: tuple[PaletteColour, ...]) -> NDArray[np.intp]:
    names = np.repeat(np.arange(len(palette)), [len(colour.samples) for colour in palette])
    return np.asarray(names[squared_distances(lab, _samples_of(palette)).argmin(axis=1)])


@lru_cache(maxsize=8)
def _samples_of(palette: tuple[PaletteColour, ...]) -> NDArray[np.float64]:
    codes = [_rgb(code) for colour in palette for code in colour.samples]
    return lab_of(np.array(codes, dtype=np.uint8))


def squared_distances(
    some: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute the distances from ``some``, shape (n, 3), to ``others``, (m, 3): shape (n, m)."""
    # The formula is |a|² - 2ab + |b|². Subtracting first would need n x m x 3 numbers.
    products = some @ others.T
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None]
    return np.asarray(squares - 2 * products)


def _rgb(code: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(code.removeprefix("#")))
