"""Learns from counted outfits which garments and colours people wear at a place, and together.

All numbers are counts, shares and ratios of counts, so every answer can be explained.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, GARMENT_NAMES, Category, category_of
from oott_fashion.outfits import NOTHING_SEEN
from oott_fashion.packing.trips import Piece

Floats = NDArray[np.float64]

# How much an outfit of another month counts, by the number of months between, across years. The
# clothes of neighbouring months are alike, and one month of one place has few photos.
_WEIGHT_OF_MONTH = (1.0, 0.5, 0.2, 0.05, 0.0, 0.0, 0.0)

# A place counts like its wider area (its category, then all places, then all months) until it has
# more garments than this.
_PRIOR_GARMENTS = 20.0

# Two garments count as neither matching nor clashing until they would be seen together more often
# than this by chance.
_PRIOR_PAIRS = 5.0

# The pieces of an outfit depend on each other, so each pair says partly what another one has said.
_WEIGHT_OF_PAIRS = 0.7

_GARMENT_NUMBER = {name: number for number, name in enumerate(GARMENT_NAMES)}
_COLOUR_NUMBER = {name: number for number, name in enumerate(PALETTE_NAMES)}
_CATEGORY_NUMBERS = np.array([CATEGORIES.index(category_of(name)) for name in GARMENT_NAMES])
_IN_CATEGORY: dict[Category, NDArray[np.bool_]] = {
    category: np.array([category_of(name) == category for name in GARMENT_NAMES])
    for category in CATEGORIES
}


class CountedOutfit(NamedTuple):
    """An outfit of a month at a destination, and in how many photos it was worn.

    ``garments`` and ``colours`` are in the order of ``CATEGORIES``, "None" where nothing was seen.
    """

    month: date
    destination: str
    destination_category: str
    garments: tuple[str, ...]
    colours: tuple[str, ...]
    worn: int


class OutfitModel:
    """What people wear at one place in one month, learnt also from its neighbours.

    Shares are among garments of the same category, because a photo often shows no shoes.
    """

    def __init__(self, garments: Floats, colours: Floats, pairs: Floats):
        """Take what ``learnt_from`` computes.

        Args:
            garments: share of each garment in its category, shape (24,).
            colours: share of each colour among the garments of a name, shape (24, 13).
            pairs: how many times as often as by chance a garment or colour of one piece is worn
                with a garment or colour of another piece, shape (24 + 13, 24 + 13).
        """
        self._garments = garments
        self._colours = colours
        self._pairs = pairs

    @classmethod
    def learnt_from(
        cls,
        outfits: Iterable[CountedOutfit],
        month: date,
        destination: str | None,
        destination_category: str | None,
    ) -> Self:
        """Learn what people wear at a destination, a category of destinations, or all places."""
        counted = list(outfits)
        worn = np.array([outfit.worn for outfit in counted], dtype=float)
        near = worn * [_weight_of(outfit.month, month) for outfit in counted]
        in_category = [outfit.destination_category == destination_category for outfit in counted]
        here = [outfit.destination == destination for outfit in counted]
        garments = _shares_in_categories(np.ones(len(GARMENT_NAMES)))
        colours = np.full((len(GARMENT_NAMES), len(PALETTE_NAMES)), 1 / len(PALETTE_NAMES))
        looks = _looks(counted)
        # Each wider area is what the next one starts from.
        for weights in (worn, near, near * in_category, near * here):
            seen = _seen(looks, weights)
            garments = _shares_in_categories(seen.sum(axis=1) + _PRIOR_GARMENTS * garments)
            colours = seen + _PRIOR_GARMENTS * colours
            colours /= colours.sum(axis=1, keepdims=True)
        return cls(garments, colours, _ratios_of_pairs(looks, near))

    def share(self, garment: str) -> float:
        """Give the share of a garment in its category, 0..1."""
        return float(self._garments[_GARMENT_NUMBER[garment]])

    def best_garments(self, category: Category, others: Sequence[Piece]) -> list[str]:
        """List the garments of a category, the one that goes best with ``others`` first.

        On a tie, the order of ``GARMENTS`` decides.
        """
        parts = [number for other in others for number in _parts_of(other)]
        pairs = np.log(self._pairs[parts, : len(GARMENT_NAMES)]).sum(axis=0)
        scores = np.log(self._garments) + _WEIGHT_OF_PAIRS * pairs
        scores[~_IN_CATEGORY[category]] = -np.inf
        order = np.argsort(-scores, kind="stable")[: _IN_CATEGORY[category].sum()]
        return [GARMENT_NAMES[number] for number in order]

    def togetherness(self, garment: str, other: str) -> float:
        """Tell how many times as often as by chance two garments are worn together."""
        return float(self._pairs[_GARMENT_NUMBER[garment], _GARMENT_NUMBER[other]])

    def score(self, outfit: Mapping[Category, Piece]) -> float:
        """Tell how usual an outfit is here: the logarithm of its probability, up to a constant."""
        pieces = [outfit[category] for category in CATEGORIES if category in outfit]
        parts = [_parts_of(piece) for piece in pieces]
        score = sum(np.log(self._garments[garment]) for garment, _ in parts)
        score += sum(
            np.log(self._colours[garment, colour - len(GARMENT_NAMES)]) for garment, colour in parts
        )
        for one, other in combinations(parts, 2):
            score += _WEIGHT_OF_PAIRS * np.log(self._pairs[np.ix_(one, other)]).sum()
        return float(score)


def _parts_of(piece: Piece) -> tuple[int, int]:
    """Number the garment and the colour of a piece, as in the pairs."""
    return _GARMENT_NUMBER[piece.garment], len(GARMENT_NAMES) + _COLOUR_NUMBER[piece.colour]


def _weight_of(month: date, wanted: date) -> float:
    apart = abs(month.month - wanted.month)
    return _WEIGHT_OF_MONTH[min(apart, 12 - apart)]


class _Looks(NamedTuple):
    """The pieces of all outfits: the number of the outfit, of the garment and of the colour."""

    outfit: NDArray[np.intp]
    garment: NDArray[np.intp]
    colour: NDArray[np.intp]


def _looks(counted: Sequence[CountedOutfit]) -> _Looks:
    numbers = [
        (number, _GARMENT_NUMBER[garment], _COLOUR_NUMBER[colour])
        for number, outfit in enumerate(counted)
        for garment, colour in zip(outfit.garments, outfit.colours, strict=True)
        if garment != NOTHING_SEEN and garment in _GARMENT_NUMBER and colour in _COLOUR_NUMBER
    ]
    return _Looks(*np.array(numbers, dtype=np.intp).reshape(-1, 3).T)


def _seen(looks: _Looks, weights: Floats) -> Floats:
    seen = np.zeros((len(GARMENT_NAMES), len(PALETTE_NAMES)))
    np.add.at(seen, (looks.garment, looks.colour), weights[looks.outfit])
    return seen


def _shares_in_categories(garments: Floats) -> Floats:
    shares = np.zeros(len(GARMENT_NAMES))
    for members in _IN_CATEGORY.values():
        shares[members] = garments[members] / garments[members].sum()
    return shares


def _ratios_of_pairs(looks: _Looks, weights: Floats) -> Floats:
    """Compare how often garments and colours of two pieces are worn together with chance.

    By chance, a garment is worn with each garment of another category, and with each colour of
    another piece, as often as that one is worn in all these outfits. The shape is (garments +
    colours, garments + colours).
    """
    kinds = len(GARMENT_NAMES)
    parts = np.zeros((len(weights), len(CATEGORIES), kinds + len(PALETTE_NAMES)))
    category = _CATEGORY_NUMBERS[looks.garment]
    parts[looks.outfit, category, looks.garment] = 1
    parts[looks.outfit, category, kinds + looks.colour] = 1
    all_parts = parts.sum(axis=1)
    together = all_parts.T @ (weights[:, None] * all_parts)
    for number in range(len(CATEGORIES)):
        own = parts[:, number]
        together -= own.T @ (weights[:, None] * own)  # a piece is not worn with itself
    by_chance = np.zeros_like(together)
    blocks = [*_IN_CATEGORY.values(), np.zeros(kinds, dtype=bool)]
    groups = [np.append(block, np.full(len(PALETTE_NAMES), not block.any())) for block in blocks]
    for first in groups:
        for second in groups:
            block = together[np.ix_(first, second)]
            by_chance[np.ix_(first, second)] = np.outer(block.sum(axis=1), block.sum(axis=0)) / max(
                block.sum(), 1e-9
            )
    return np.asarray((together + _PRIOR_PAIRS) / (by_chance + _PRIOR_PAIRS))
