"""Learns from counted outfits which garments and colours people wear at a place, and together.

All numbers are counts, shares and ratios of counts, so every answer can be explained.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import permutations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, GARMENT_NAMES, Category, category_of
from oott_fashion.packing.trips import Piece

Floats = NDArray[np.float64]
Parts = NDArray[np.intp]

# How much an outfit of another month counts, by the number of months between, across years. The
# clothes of neighbouring months are alike, and one month of one place has few photos.
_WEIGHT_OF_MONTH = np.array([1.0, 0.5, 0.2, 0.05, 0.0, 0.0, 0.0])

# A place counts like its wider area (its category, then all places, then all months) until it has
# more garments than this.
_PRIOR_GARMENTS = 20.0

# Two garments count as neither matching nor clashing until they would be seen together more often
# than this by chance.
_PRIOR_PAIRS = 5.0

# The pieces of an outfit depend on each other, so each pair says partly what another one has said.
_WEIGHT_OF_PAIRS = 0.7

# Two pieces have four ratios, of garments and colours. If n pieces are only ever worn together, in
# a share f of the outfits, each ratio is 1/f, and with the weight 1/(2n) the score is log f.
_WEIGHT_IN_OUTFIT = 0.15

_GARMENTS, _COLOURS = len(GARMENT_NAMES), len(PALETTE_NAMES)
_PARTS = _GARMENTS + _COLOURS
_GARMENT_NUMBER = {name: number for number, name in enumerate(GARMENT_NAMES)}
_COLOUR_NUMBER = {name: number for number, name in enumerate(PALETTE_NAMES)}
_IN_CATEGORY: dict[Category, NDArray[np.bool_]] = {
    category: np.array([category_of(name) == category for name in GARMENT_NAMES])
    for category in CATEGORIES
}
_OUTER, _TOP = CATEGORIES.index("outer"), CATEGORIES.index("top")


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

    def __init__(self, garments: Floats, colours: Floats, pairs: Floats, outer_share: float):
        """Take what ``CountedOutfits.model_of`` computes.

        Args:
            garments: share of each garment in its category, shape (24,).
            colours: share of each colour among the garments of a name, shape (24, 13).
            pairs: how many times as often as by chance a garment or colour of one piece is worn
                with a garment or colour of another piece, shape (24 + 13, 24 + 13).
            outer_share: share of the outfits with a top or an outer that have an outer.
        """
        self._pairs = pairs
        self._log_garments = np.log(garments)
        self._log_looks = self._log_garments[:, None] + np.log(colours)
        self._log_ratios = np.log(pairs)
        self.outer_share = outer_share

    def share(self, garment: str) -> float:
        """Give the share of a garment in its category, 0..1."""
        return float(np.exp(self._log_garments[_GARMENT_NUMBER[garment]]))

    def best_garments(self, category: Category, others: Sequence[Piece]) -> list[str]:
        """List the garments of a category, the one that goes best with ``others`` first.

        On a tie, the order of ``GARMENTS`` decides.
        """
        ratios = self._log_ratios[parts_of(others).ravel(), :_GARMENTS].sum(axis=0)
        scores = self._log_garments + _WEIGHT_OF_PAIRS * ratios
        scores[~_IN_CATEGORY[category]] = -np.inf
        order = np.argsort(-scores, kind="stable")[: _IN_CATEGORY[category].sum()]
        return [GARMENT_NAMES[number] for number in order]

    def togetherness(self, garment: str, other: str) -> float:
        """Tell how many times as often as by chance two garments are worn together."""
        return float(self._pairs[_GARMENT_NUMBER[garment], _GARMENT_NUMBER[other]])

    def scores(self, pieces: Sequence[Piece]) -> Floats:
        """Give the logarithm of the share of each piece among the pieces of its category."""
        garments, colours = parts_of(pieces).T
        return np.asarray(self._log_looks[garments, colours - _GARMENTS])

    def pair_scores(self, some: Parts, others: Parts) -> Floats:
        """Tell how well pieces go together, shape (some, others); 0 is as often as by chance."""
        ratios = self._log_ratios[some[:, None, :, None], others[None, :, None]]
        return np.asarray(_WEIGHT_IN_OUTFIT * ratios.sum(axis=(2, 3)))

    def score(self, outfit: Mapping[Category, Piece]) -> float:
        """Tell how usual an outfit is here: the logarithm of its probability, up to a constant."""
        pieces = [outfit[category] for category in CATEGORIES if category in outfit]
        parts = parts_of(pieces)
        pairs = np.triu(self.pair_scores(parts, parts), 1)
        return float(self.scores(pieces).sum() + pairs.sum())


class CountedOutfits:
    """Counted outfits, from which the models of places and months are learnt."""

    def __init__(self, outfits: Iterable[CountedOutfit]) -> None:
        """Store outfits as arrays; garments and colours that no longer exist are left out."""
        counted = list(outfits)
        self._worn = np.array([outfit.worn for outfit in counted], dtype=float)
        self._months = np.array([outfit.month.month for outfit in counted], dtype=int)
        self._places = np.array([outfit.destination for outfit in counted], dtype=str)
        self._categories = np.array([outfit.destination_category for outfit in counted], dtype=str)
        garments = [[_GARMENT_NUMBER.get(g, -1) for g in one.garments] for one in counted]
        colours = [[_COLOUR_NUMBER.get(c, -1) for c in one.colours] for one in counted]
        shape = (-1, len(CATEGORIES))
        self._garments = np.array(garments, dtype=np.intp).reshape(shape)
        self._colours = np.array(colours, dtype=np.intp).reshape(shape)
        self._seen = (self._garments >= 0) & (self._colours >= 0)
        self._pairs: dict[int, Floats] = {}

    def model_of(
        self, month: date, destination: str | None, destination_category: str | None
    ) -> OutfitModel:
        """Learn what people wear at a destination, a category of destinations, or all places."""
        apart = np.abs(self._months - month.month)
        near = self._worn * _WEIGHT_OF_MONTH[np.minimum(apart, 12 - apart)]
        in_category = near * (self._categories == (destination_category or ""))
        here = near * (self._places == (destination or ""))
        garments = _shares_in_categories(np.ones(_GARMENTS))
        colours = np.full((_GARMENTS, _COLOURS), 1 / _COLOURS)
        outer_share = 0.5
        # Each wider area is what the next one starts from.
        for weights in (self._worn, near, in_category, here):
            seen = self._seen_looks(weights)
            garments = _shares_in_categories(seen.sum(axis=1) + _PRIOR_GARMENTS * garments)
            colours = seen + _PRIOR_GARMENTS * colours
            colours /= colours.sum(axis=1, keepdims=True)
            outer_share = self._outer_share(weights, outer_share)
        if month.month not in self._pairs:
            self._pairs[month.month] = _ratios_to_chance(self._seen_together(near))
        return OutfitModel(garments, colours, self._pairs[month.month], outer_share)

    def _seen_looks(self, weights: Floats) -> Floats:
        looks = (self._garments * _COLOURS + self._colours)[self._seen]
        worn = np.repeat(weights, self._seen.sum(axis=1))
        counts = np.bincount(looks, worn, _GARMENTS * _COLOURS)
        return np.asarray(counts.reshape(_GARMENTS, _COLOURS))

    def _outer_share(self, weights: Floats, before: float) -> float:
        with_outer = weights[self._seen[:, _OUTER]].sum()
        dressed = weights[self._seen[:, _OUTER] | self._seen[:, _TOP]].sum()
        return float((with_outer + _PRIOR_GARMENTS * before) / (dressed + _PRIOR_GARMENTS))

    def _seen_together(self, weights: Floats) -> Floats:
        """Count garments and colours of two pieces of one outfit, shape (37, 37)."""
        together = np.zeros(_PARTS * _PARTS)
        for one, other in permutations(range(len(CATEGORIES)), 2):
            both = self._seen[:, one] & self._seen[:, other]
            for first, second in product(self._parts(both, one), self._parts(both, other)):
                together += np.bincount(first * _PARTS + second, weights[both], _PARTS * _PARTS)
        return together.reshape(_PARTS, _PARTS)

    def _parts(self, rows: NDArray[np.bool_], category: int) -> list[NDArray[np.intp]]:
        return [self._garments[rows, category], _GARMENTS + self._colours[rows, category]]


def parts_of(pieces: Sequence[Piece]) -> Parts:
    """Number the garments and colours of pieces as in the pairs, shape (pieces, 2)."""
    numbers = [
        (_GARMENT_NUMBER[piece.garment], _GARMENTS + _COLOUR_NUMBER[piece.colour])
        for piece in pieces
    ]
    return np.array(numbers, dtype=np.intp).reshape(-1, 2)


def _shares_in_categories(garments: Floats) -> Floats:
    shares = np.zeros(_GARMENTS)
    for members in _IN_CATEGORY.values():
        shares[members] = garments[members] / garments[members].sum()
    return shares


def _ratios_to_chance(together: Floats) -> Floats:
    """Compare how often garments and colours of two pieces are worn together with chance.

    By chance, a garment is worn with each garment of another category, and with each colour of
    another piece, as often as that one is worn in all these outfits.
    """
    by_chance = np.zeros_like(together)
    blocks = [*_IN_CATEGORY.values(), np.zeros(_GARMENTS, dtype=bool)]
    groups = [np.append(block, np.full(_COLOURS, not block.any())) for block in blocks]
    for first, second in product(groups, repeat=2):
        block = together[np.ix_(first, second)]
        chance = np.outer(block.sum(axis=1), block.sum(axis=0)) / max(block.sum(), 1e-9)
        by_chance[np.ix_(first, second)] = chance
    return np.asarray((together + _PRIOR_PAIRS) / (by_chance + _PRIOR_PAIRS))
