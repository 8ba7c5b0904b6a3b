"""Chooses the outfits for each day of a trip.

The score of an outfit is a sum of logarithms: how usual its pieces are at the place, how well they
suit the temperature and the traveller's wishes, and how usual it is to wear them together. Equal
input gives equal output. On a tie, the order of ``GARMENTS`` and of ``PALETTE`` decides, and a
piece of the closet comes before the others.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, DRESS, GARMENT_NAMES, Category, category_of
from oott_fashion.packing.companions import companion_outfit
from oott_fashion.packing.outfit_model import Floats, OutfitModel, parts_of
from oott_fashion.packing.piece_scores import log_factors, log_weather, wishes_of
from oott_fashion.packing.preferences import preference_for
from oott_fashion.packing.temperatures import outer_need
from oott_fashion.packing.trips import Day, Piece, Trip

Number = TypeVar("Number", np.bool_, np.float64)

# A piece of the closet comes before a better one to buy, if it suits the weather this well.
_FROM_CLOSET = math.log(1e6)
_SUITS = math.log(0.3)

# What somebody buys for a trip is worn again, rather than to buy one more piece.
_PACKED_ALREADY = math.log(30)

# How much less a piece is wanted for each earlier day on which it was worn.
_WORN_BEFORE: dict[Category, float] = {
    "outer": math.log(1.2),
    "top": math.log(30),
    "bottom": math.log(15),
    "shoes": math.log(1.1),
}

# The second outfit of a day is an alternative, so it avoids what the first one has.
_SHOWN_PIECE = math.log(60)
_SHOWN_GARMENT = math.log(1.5)

# Of each category, the best pieces are combined: those for this traveller, and those for anybody
# who owns nothing, with which the score compares.
_BEST = 5
_BEST_OF_ALL = 2
_COLOURS_OF_A_GARMENT = 2

_CATEGORY_NUMBERS = np.array([CATEGORIES.index(category_of(name)) for name in GARMENT_NAMES])


class PackedPiece(NamedTuple):
    """A piece of an outfit; ``owned_id`` is its id in the closet, None if it is to buy."""

    piece: Piece
    owned_id: str | None


class PackedOutfit(NamedTuple):
    """An outfit, and what each companion wears with it; nothing for the look "none".

    ``score`` is 1 for the outfit that suits the day best, if the traveller owned all clothes and
    wore none before, and less for others.
    """

    score: float
    pieces: tuple[PackedPiece, ...]
    companions: tuple[tuple[Piece, ...], ...]


class PackedDay(NamedTuple):
    """The outfits of a day, the best first; ``missing`` are the categories that nothing suits."""

    day: Day
    outfits: tuple[PackedOutfit, ...]
    missing: tuple[Category, ...]


def pack(trip: Trip, model: OutfitModel) -> list[PackedDay]:
    """Choose the outfits for each day of a trip."""
    return _Packer(trip, model).days()


class _Options(NamedTuple):
    """Pieces of one category; ``numbers`` are their places in all pieces, -1 for no piece.

    ``plain`` is how well they suit anybody, and ``extra`` is for the closet and the days before.
    """

    numbers: NDArray[np.intp]
    plain: Floats
    extra: Floats


class _Packer:
    """Packs for one trip; ``_worn`` counts the pieces of the days before."""

    def __init__(self, trip: Trip, model: OutfitModel) -> None:
        self._trip, self._model = trip, model
        owned = [PackedPiece(one.piece, one.id) for one in trip.closet]
        in_closet = {one.piece for one in trip.closet}
        every = (Piece(garment, colour) for garment in GARMENT_NAMES for colour in PALETTE_NAMES)
        to_buy = [PackedPiece(piece, None) for piece in every if piece not in in_closet]
        self._pieces = [
            packed for packed in [*owned, *to_buy] if trip.taste.disliked.isdisjoint(packed.piece)
        ]
        wishes = [*wishes_of(trip, trip.gender), preference_for(trip.taste.liked)]
        pieces = [packed.piece for packed in self._pieces]
        self._parts = parts_of(pieces)
        self._garments = self._parts[:, 0]
        self._categories = _CATEGORY_NUMBERS[self._garments]
        self._plain = model.scores(pieces) + log_factors(pieces, wishes)
        self._is_owned = np.array([p.owned_id is not None for p in self._pieces], bool)
        self._worn = np.zeros(len(self._pieces), dtype=int)

    def days(self) -> list[PackedDay]:
        """Pack for each day in turn."""
        return [self._packed(day) for day in self._trip.days]

    def _packed(self, day: Day) -> PackedDay:
        weather = log_weather(day)[self._garments]
        plain = self._plain + weather
        extra = _FROM_CLOSET * (self._is_owned & (weather >= _SUITS)) + self._repeated()
        options = [self._options(number, plain, extra) for number in range(len(CATEGORIES))]
        need = self._model.outer_share if day.weather is None else outer_need(day.weather)
        outfits = self._chosen(options, self._together(options, need))
        if outfits:
            self._worn[list(outfits[0][0])] += 1
        missing = [
            category
            for category, option in zip(CATEGORIES, options, strict=True)
            if category != "outer" and (option.numbers == -1).all()
        ]
        return PackedDay(
            day, tuple(self._outfit(day, *outfit) for outfit in outfits), tuple(missing)
        )

    def _chosen(
        self, options: Sequence[_Options], together: Floats
    ) -> list[tuple[tuple[int, ...], float]]:
        """Choose different outfits for one day: the numbers of their pieces, and their scores."""
        shown = np.zeros(len(self._pieces), dtype=np.intp)
        outfits: list[tuple[tuple[int, ...], float]] = []
        left = together.copy()
        for _ in range(self._trip.outfits_per_day):
            best = self._best(options, left, shown)
            places = zip(options, best, strict=True)
            numbers = [int(option.numbers[place]) for option, place in places]
            pieces = tuple(number for number in numbers if number >= 0)
            if not pieces or not np.isfinite(left[best]):
                break
            left[best] = -np.inf
            score = math.exp((together[best] - together.max()) / len(pieces))
            outfits.append((pieces, score))
            shown[list(pieces)] += 1
        return outfits

    def _repeated(self) -> Floats:
        """Tell how much more or less each piece is wanted because of the days before."""
        factors = np.array([_WORN_BEFORE[category] for category in CATEGORIES])[self._categories]
        bought = (self._worn > 0) & ~self._is_owned
        return np.asarray(_PACKED_ALREADY * bought - factors * self._worn)

    def _options(self, category: int, plain: Floats, extra: Floats) -> _Options:
        """Choose the best pieces of a category, and add "no piece" where that is an option."""
        usable = np.flatnonzero((self._categories == category) & np.isfinite(plain))
        if not len(usable):
            return _Options(np.array([-1]), np.zeros(1), np.zeros(1))
        best = self._first(usable, plain + extra, _BEST)
        numbers = np.unique([*best, *self._first(usable, plain, _BEST_OF_ALL)])
        scores, extras = plain[numbers], extra[numbers]
        if CATEGORIES[category] in ("outer", "bottom"):
            # No piece has neither an advantage nor a disadvantage over the best one.
            numbers = np.append(numbers, -1)
            scores, extras = np.append(scores, plain[best[0]]), np.append(extras, extra[best[0]])
        return _Options(numbers, scores, extras)

    def _first(self, usable: NDArray[np.intp], scores: Floats, count: int) -> list[int]:
        """List the pieces with the highest scores, few of each garment."""
        first: list[int] = []
        of_garment: Counter[int] = Counter()
        for number in usable[np.argsort(-scores[usable], kind="stable")]:
            of_garment[self._garments[number]] += 1
            if of_garment[self._garments[number]] <= _COLOURS_OF_A_GARMENT:
                first.append(int(number))
            if len(first) == count:
                break
        return first

    def _together(self, options: Sequence[_Options], outer_need: float) -> Floats:
        """Score all outfits of the options without closet and variety, a dimension a category."""
        total = np.zeros([len(option.numbers) for option in options])
        for axis, option in enumerate(options):
            scores = option.plain
            if CATEGORIES[axis] == "outer":
                is_none = option.numbers == -1
                chance = np.clip(np.where(is_none, 1 - outer_need, outer_need), 1e-6, 1)
                scores = scores + np.log(chance)
            total += _along(scores, axis)
        for one, other in combinations(range(len(options)), 2):
            total += self._pairs(options, one, other)
        return np.where(self._is_outfit(options), total, -np.inf)

    def _pairs(self, options: Sequence[_Options], one: int, other: int) -> Floats:
        ones, others = options[one].numbers, options[other].numbers
        pairs = np.zeros([len(ones), len(others)])
        real, real_others = ones >= 0, others >= 0
        pairs[np.ix_(real, real_others)] = self._model.pair_scores(
            self._parts[ones[real]], self._parts[others[real_others]]
        )
        shape = [1] * len(options)
        shape[one], shape[other] = pairs.shape
        return pairs.reshape(shape)

    def _is_outfit(self, options: Sequence[_Options]) -> NDArray[np.bool_]:
        """Tell which combinations have a bottom, or a dress and no bottom."""
        top, bottom = CATEGORIES.index("top"), CATEGORIES.index("bottom")
        is_dress = np.array([self._is_dress(number) for number in options[top].numbers])
        is_none = options[bottom].numbers == -1
        if is_none.all():
            return np.ones([1] * len(options), dtype=bool)
        return np.asarray(_along(is_dress, top) == _along(is_none, bottom))

    def _is_dress(self, number: int) -> bool:
        return number >= 0 and self._pieces[number].piece.garment == DRESS

    def _best(
        self,
        options: Sequence[_Options],
        scores: Floats,
        shown: NDArray[np.intp],
    ) -> tuple[int, ...]:
        """Find the best outfit: the place of its piece in each of the options."""
        is_shown = np.zeros(len(GARMENT_NAMES), dtype=bool)
        is_shown[self._garments[shown > 0]] = True
        # The last one is for no piece, whose number is -1.
        penalties = np.append(_SHOWN_PIECE * shown + _SHOWN_GARMENT * is_shown[self._garments], 0)
        total = scores
        for axis, option in enumerate(options):
            total = total + _along(option.extra - penalties[option.numbers], axis)
        return tuple(int(place) for place in np.unravel_index(np.argmax(total), total.shape))

    def _outfit(self, day: Day, numbers: tuple[int, ...], score: float) -> PackedOutfit:
        pieces = tuple(self._pieces[number] for number in numbers)
        worn = [packed.piece for packed in pieces]
        looks = {
            companion: companion_outfit(companion, self._trip, day, worn, self._model)
            for companion in set(self._trip.companions)
        }
        companions = [looks[companion] for companion in self._trip.companions]
        return PackedOutfit(score, pieces, tuple(companions))


def _along(values: NDArray[Number], axis: int) -> NDArray[Number]:
    """Shape values so that they vary along one dimension of all outfits."""
    shape = [1] * len(CATEGORIES)
    shape[axis] = -1
    return values.reshape(shape)
