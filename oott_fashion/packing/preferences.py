"""What is wanted more or less for a purpose, style, gender or weather: ``preferences.yaml``."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import yaml

from oott_fashion.packing.trips import DayWeather, Gender, Piece

_FILE = Path(__file__).with_name("preferences.yaml")

Kind = Literal["purposes", "styles", "genders", "weather"]

# A day is rainy or windy from here on, in mm and in m/s. Umbrellas are hard to hold in such a wind.
_RAIN = 3.0
_WIND = 9.0

_LIKED = 3.0


class Preference(NamedTuple):
    """A reason to want garments or colours; ``wanted`` has factors by their names, 1 is neutral."""

    name: str
    korean: str
    wanted: Mapping[str, float]

    def factor(self, piece: Piece) -> float:
        """Tell how much more than usual a piece is wanted."""
        return self.wanted.get(piece.garment, 1.0) * self.wanted.get(piece.colour, 1.0)


def preferences(kind: Kind) -> Sequence[Preference]:
    """List the preferences of a kind, in the order of the file."""
    return [preference for preference, _ in _read()[kind]]


def preference_named(kind: Kind, name: str) -> Preference | None:
    """Find a preference by its English or Korean name; None if there is none.

    Case, spaces, hyphens and underscores do not matter.
    """
    wanted = _spelling(name)
    return next((found for found, spellings in _read()[kind] if wanted in spellings), None)


def gender_named(name: str) -> Gender | None:
    """Recognise a gender in usual English and Korean spellings; None for any other."""
    found = preference_named("genders", name)
    return None if found is None else cast(Gender, found.name)


def preferences_for_weather(weather: DayWeather) -> list[Preference]:
    """List what rain and wind ask for."""
    rain, wind = preferences("weather")
    return [rain] * (weather.rain >= _RAIN) + [wind] * (weather.wind >= _WIND)


def preference_for(liked: frozenset[str]) -> Preference:
    """Make a preference of garments and colours that somebody likes."""
    return Preference("liked", "좋아함", dict.fromkeys(liked, _LIKED))


@cache
def _read() -> dict[Kind, list[tuple[Preference, frozenset[str]]]]:
    kinds: dict[Kind, list[dict[str, Any]]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {kind: [_preference(entry) for entry in entries] for kind, entries in kinds.items()}


def _preference(entry: dict[str, Any]) -> tuple[Preference, frozenset[str]]:
    names = [entry["name"], entry["korean"], *entry.pop("spellings", [])]
    return Preference(**entry), frozenset(map(_spelling, names))


def _spelling(name: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFC", name)).casefold()
