"""A trip to pack for: its days and their weather, the traveller's wishes and closet."""

from datetime import date
from typing import Literal, NamedTuple

from oott_fashion.garments import Category, category_of

Gender = Literal["female", "male"]
CompanionLook = Literal["none", "similar", "couple"]


class DayWeather(NamedTuple):
    """The weather of a day: temperatures in °C, rain in mm, and wind in m/s."""

    low: float
    high: float
    rain: float = 0.0
    wind: float = 0.0


class Day(NamedTuple):
    """A day of the trip; ``weather`` is None if it is unknown."""

    date: date
    weather: DayWeather | None


class Piece(NamedTuple):
    """A garment in a colour."""

    garment: str
    colour: str

    @property
    def category(self) -> Category:
        """The category of the garment."""
        return category_of(self.garment)


class OwnedPiece(NamedTuple):
    """A piece of the traveller's closet."""

    id: str
    piece: Piece


class Taste(NamedTuple):
    """What the traveller likes and dislikes: names of garments and colours, and styles."""

    styles: tuple[str, ...] = ()
    liked: frozenset[str] = frozenset()
    disliked: frozenset[str] = frozenset()


class Companion(NamedTuple):
    """A person who travels along, and how alike both want to dress."""

    look: CompanionLook
    gender: Gender | None = None


class Trip(NamedTuple):
    """A trip; what the traveller did not say is None or empty."""

    days: tuple[Day, ...]
    gender: Gender | None = None
    purpose: str | None = None
    taste: Taste = Taste()
    closet: tuple[OwnedPiece, ...] = ()
    companions: tuple[Companion, ...] = ()
    outfits_per_day: int = 1
