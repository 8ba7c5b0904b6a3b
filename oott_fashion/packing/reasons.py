"""Why a piece is recommended, in words and numbers."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Literal, NamedTuple

from oott_fashion.packing.outfit_model import OutfitModel
from oott_fashion.packing.packer import PackedOutfit, PackedPiece
from oott_fashion.packing.piece_scores import wishes_of
from oott_fashion.packing.preferences import preferences_for_weather
from oott_fashion.packing.temperatures import felt_temperature, temperature_ranges
from oott_fashion.packing.trips import Day, Piece, Trip

ReasonKind = Literal[
    "worn here", "worn in this colour", "trend", "temperature", "weather", "wish", "goes with"
]

# Less than this is too little to mention.
_MIN_TIMES_BY_CHANCE = 1.1

_NO_LIMIT = 60


class WornShare(NamedTuple):
    """The share of photos at a place in a month that show a garment or a look, 0..1.

    A change is the difference to the share of another month, None if there is none to compare. A
    trend is "rising" or "falling" if the change is clear.
    """

    place: str
    month: date
    photos: int
    seen: int
    share: float
    share_low: float
    share_high: float
    month_trend: str
    month_change: float | None
    year_trend: str
    year_change: float | None


class Evidence(NamedTuple):
    """The shares of garments, by name, and of looks, by piece.

    ``garments`` and ``looks`` are of the month of the year in which the trip is. ``latest`` has the
    garments of the latest month, whose trends are still true.
    """

    garments: Mapping[str, WornShare]
    looks: Mapping[Piece, WornShare]
    latest: Mapping[str, WornShare]


class Reason(NamedTuple):
    """A reason; ``numbers`` are those in the text, by name, and ``month`` is their month."""

    kind: ReasonKind
    text: str
    numbers: tuple[tuple[str, float], ...] = ()
    month: date | None = None


class Reasons:
    """Gives the reasons for the pieces of one trip; many pieces are worn on several days."""

    def __init__(self, trip: Trip, model: OutfitModel, evidence: Evidence) -> None:
        self._trip, self._model, self._evidence = trip, model, evidence
        self._of_piece = cache(self._about_piece)
        self._of_weather = cache(lambda piece, day: list(_weather(piece, day)))
        self._together = cache(self._about_two)

    def of(self, packed: PackedPiece, outfit: PackedOutfit, day: Day) -> list[Reason]:
        """List the reasons for a piece of an outfit."""
        others = [other for other in outfit.pieces if other != packed]
        together = [self._together(packed.piece, other) for other in others]
        return [
            *self._of_piece(packed.piece),
            *self._of_weather(packed.piece, day._replace(date=date.min)),
            *(reason for reason in together if reason),
        ]

    def _about_piece(self, piece: Piece) -> list[Reason]:
        return [
            *_worn(piece, self._evidence),
            *_trends(piece, self._evidence),
            *_wishes(piece, self._trip),
        ]

    def _about_two(self, piece: Piece, other: PackedPiece) -> Reason | None:
        return _goes_with(
            piece, other, self._model.togetherness(piece.garment, other.piece.garment)
        )


def _worn(piece: Piece, evidence: Evidence) -> Iterator[Reason]:
    if worn := evidence.garments.get(piece.garment):
        yield _shown("worn here", piece.garment, worn)
    elif any_worn := next(iter(evidence.garments.values()), None):
        text = (
            f"0 of {any_worn.photos} photos of {any_worn.place} in {any_worn.month:%B %Y} show: "
            f"{piece.garment}"
        )
        yield Reason("worn here", text, (("seen", 0), ("photos", any_worn.photos)), any_worn.month)
    if worn := evidence.looks.get(piece):
        yield _shown("worn in this colour", f"{piece.colour} {piece.garment}", worn)


def _shown(kind: ReasonKind, name: str, worn: WornShare) -> Reason:
    text = (
        f"{worn.seen} of {worn.photos} photos of {worn.place} in {worn.month:%B %Y} show: {name} "
        f"({worn.share:.0%}, 95 % interval {worn.share_low:.0%} to {worn.share_high:.0%})"
    )
    numbers = ("seen", "photos", "share", "share_low", "share_high")
    return Reason(kind, text, tuple((each, getattr(worn, each)) for each in numbers), worn.month)


def _trends(piece: Piece, evidence: Evidence) -> Iterator[Reason]:
    latest = evidence.latest.get(piece.garment)
    if latest is None:
        return
    changes = (
        ("year", latest.year_trend, latest.year_change),
        ("month", latest.month_trend, latest.month_change),
    )
    for since, trend, change in changes:
        if change is not None and trend in ("rising", "falling"):
            text = (
                f"{trend} in {latest.place}: {100 * change:+.0f} percentage points in "
                f"{latest.month:%B %Y} since the {since} before"
            )
            yield Reason("trend", text, ((f"{since}_change", change),), latest.month)


def _weather(piece: Piece, day: Day) -> Iterator[Reason]:
    if day.weather is None:
        return
    limits, felt = temperature_ranges()[piece.garment], round(felt_temperature(day.weather), 1)
    low, high = limits.comfortable_from, limits.comfortable_to
    if low <= -_NO_LIMIT and high >= _NO_LIMIT:
        comfortable = "at any temperature"
    elif low <= -_NO_LIMIT:
        comfortable = f"below {high:.0f} °C"
    elif high >= _NO_LIMIT:
        comfortable = f"from {low:.0f} °C"
    else:
        comfortable = f"from {low:.0f} to {high:.0f} °C"
    shown = round(felt)
    if shown < low:
        fit = f"{low - shown:.0f} °C too cold alone"
    elif shown > high:
        fit = f"{shown - high:.0f} °C too warm"
    else:
        fit = "right"
    numbers = (("comfortable_from", low), ("comfortable_to", high), ("felt", felt))
    text = f"comfortable {comfortable}; the day feels like {shown} °C: {fit}"
    yield Reason("temperature", text, numbers)
    for wish in preferences_for_weather(day.weather):
        if (factor := wish.wanted.get(piece.garment, 1.0)) > 1:
            yield Reason("weather", f"good for {wish.name}", (("factor", factor),))


def _wishes(piece: Piece, trip: Trip) -> Iterator[Reason]:
    for wish in wishes_of(trip, None):
        if (factor := wish.factor(piece)) > 1:
            text = f"fits {wish.name}: wanted {factor:.3g} times as much"
            yield Reason("wish", text, (("factor", factor),))
    for name in piece:
        if name in trip.taste.liked:
            yield Reason("wish", f"you like {name}")


def _goes_with(piece: Piece, other: PackedPiece, times: float) -> Reason | None:
    if times < _MIN_TIMES_BY_CHANCE:
        return None
    closet = "" if other.owned_id is None else " of your closet"
    text = (
        f"goes with {other.piece.colour} {other.piece.garment}{closet}: {piece.garment} and "
        f"{other.piece.garment} are worn together {times:.1f} times as often as by chance"
    )
    return Reason("goes with", text, (("times_by_chance", times),))
