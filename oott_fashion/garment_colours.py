"""The main colour of a garment, as a person would name it.

Each pixel is compared with the typical colours of cloth in ``colour_votes.csv``. Each typical
colour votes for several names: a dark blue votes for navy, black and blue. The votes are fitted to
names given by eye, because people name cloth and not light. They say "white" of a white
shirt in shade, and "blue" of faded denim. ``python -m benchmarks.fitted_colours`` makes the file.
"""

import csv
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_fashion.colours import (
    PALETTE,
    PALETTE_NAMES,
    PaletteColour,
    lab_of,
    nearest_colours,
    squared_distances,
)

VOTES_FILE = Path(__file__).with_name("colour_votes.csv")


class NoPixels(ValueError):
    """There are no pixels to find a colour in."""


class ColourVotes(NamedTuple):
    """Typical colours as codes such as "#1c2744", and their votes, shape (colours, names)."""

    typical: tuple[str, ...]
    votes: NDArray[np.float64]


def garment_colour(
    pixels: NDArray[np.uint8],
    background: NDArray[np.uint8],
    weights: NDArray[np.float64] | None = None,
    palette: Sequence[PaletteColour] = PALETTE,
) -> str:
    """Name the main colour of a garment; on a tie, the first of ``palette``.

    Args:
        pixels: sRGB of the garment's box, shape (n, 3), 0..255; some show the background.
        background: sRGB around the box, shape (m, 3); m may be 0.
        weights: how likely each of ``pixels`` shows the garment, shape (n,), 0..1.
        palette: the colours to choose from.

    Raises:
        NoPixels: ``pixels`` is empty.
    """
    if len(pixels) == 0:
        raise NoPixels("the garment has no pixels, so no colour: its box is outside the photo")
    shares = cell_shares(pixels, background, np.ones(len(pixels)) if weights is None else weights)
    cells = np.flatnonzero(shares > 0)  # comparing first takes a tenth of the time
    totals = shares[cells] @ _votes_of_cells(tuple(palette))[cells]
    return palette[int(totals.argmax())].name


# RGB is divided into 32 x 32 x 32 cells. The pixels of a cell are compared by its middle, so the
# comparison is looked up instead of computed for every pixel.
_CELLS = 32

# Background and garment are distinguished by coarser cells: folds and shade spread one cloth over
# about two of them.
_COARSE_CELLS = 8

# A cell keeps half, and each of its two neighbours along an axis gets a quarter.
_NEIGHBOURS = np.eye(_COARSE_CELLS) / 2
_NEIGHBOURS += (np.eye(_COARSE_CELLS, k=1) + np.eye(_COARSE_CELLS, k=-1)) / 4

# With this power, only pixels near the corners of a box count as background.
_CORNERS = 6


def cell_shares(
    pixels: NDArray[np.uint8], background: NDArray[np.uint8], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute which share of the garment is in each of the RGB cells, shape (32768,)."""
    kept = weights * _unlike_background(pixels, background, weights)
    shares = np.bincount(_cells_of(pixels, _CELLS), kept / kept.sum(), minlength=_CELLS**3)
    return np.asarray(shares, dtype=np.float64)


def _unlike_background(
    pixels: NDArray[np.uint8], background: NDArray[np.uint8], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute how much more each pixel looks like the garment than like the background, 0..1.

    A white shirt in front of a white wall looks like the background everywhere. Then all its
    pixels get the same number.
    """
    cells = _cells_of(pixels, _COARSE_CELLS)
    garment = _spread(np.bincount(cells, weights, minlength=_COARSE_CELLS**3))
    behind = np.bincount(_cells_of(background, _COARSE_CELLS), minlength=_COARSE_CELLS**3)
    corners = np.bincount(cells, (1 - weights) ** _CORNERS, minlength=_COARSE_CELLS**3)
    outside = _spread(behind + corners)
    return np.asarray(((garment / (garment + outside + 1e-9)) ** 2)[cells])


def _cells_of(pixels: NDArray[np.uint8], cells: int) -> NDArray[np.intp]:
    red, green, blue = (pixels // (256 // cells)).astype(np.intp).T
    return np.asarray((red * cells + green) * cells + blue)


def _spread(histogram: NDArray[np.intp] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Give half of each cell to its neighbours, then scale the sum to 1; an empty one stays so."""
    side = _COARSE_CELLS
    along_red = (_NEIGHBOURS @ histogram.reshape(side, -1)).reshape(side, side, side)
    cube = _NEIGHBOURS @ along_red @ _NEIGHBOURS
    return np.asarray(cube.ravel() / max(cube.sum(), 1e-9))


# Of two typical colours at these distances from a pixel, the nearer one gets nearly all of it.
_REACH = 8.0

# People's names depend more on hue than on lightness, which changes in folds and shade.
HUE_COUNTS = np.array([1, 1.6, 1.6])


@lru_cache(maxsize=8)
def _votes_of_cells(palette: tuple[PaletteColour, ...]) -> NDArray[np.float64]:
    typical, votes = votes_for(palette)
    return np.asarray(typical_colours_of_cells(typical) @ votes)


def typical_colours_of_cells(typical: tuple[str, ...]) -> NDArray[np.float64]:
    """Divide each RGB cell among the ``typical`` colours near it, shape (32768, colours)."""
    distances = squared_distances(
        lab_of(cell_middles()) * HUE_COUNTS, lab_of(rgb_of(typical)) * HUE_COUNTS
    )
    farther = distances - distances.min(axis=1, keepdims=True)
    nearness = np.exp(-farther / (2 * _REACH**2))
    return np.asarray(nearness / nearness.sum(axis=1, keepdims=True))


def cell_middles() -> NDArray[np.uint8]:
    """Give the colour in the middle of each RGB cell, shape (32768, 3)."""
    middles = ((np.arange(_CELLS) + 0.5) * 256 / _CELLS).astype(np.uint8)
    red, green, blue = np.meshgrid(middles, middles, middles, indexing="ij")
    return np.asarray(np.stack([red, green, blue], axis=-1).reshape(-1, 3), dtype=np.uint8)


@lru_cache(maxsize=8)
def votes_for(palette: tuple[PaletteColour, ...]) -> ColourVotes:
    """Read the votes for the names of ``palette``.

    In a palette with other colours, each typical colour votes for the nearest one.
    """
    read = _read_votes()
    if palette == PALETTE:
        return read
    nearest = nearest_colours(rgb_of(read.typical), palette)
    return ColourVotes(read.typical, np.eye(len(palette))[nearest])


@lru_cache(maxsize=1)
def _read_votes() -> ColourVotes:
    with VOTES_FILE.open() as file:
        rows = list(csv.DictReader(file))
    votes = [[float(row[name]) for name in PALETTE_NAMES] for row in rows]
    return ColourVotes(tuple(row["typical"] for row in rows), np.array(votes))


def rgb_of(codes: Sequence[str]) -> NDArray[np.uint8]:
    """Read colour codes such as "#1c2744", shape (n, 3)."""
    return np.array([list(bytes.fromhex(code.removeprefix("#"))) for code in codes], dtype=np.uint8)
