"""How much a traveller wants each garment and colour, and how well it suits the weather of a day.

Scores are logarithms of factors, so 0 is neutral.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.packing.outfit_model import Floats
from oott_fashion.packing.preferences import (
    Preference,
    preference_named,
    preferences_for_weather,
)
from oott_fashion.packing.temperatures import is_wearable, suitability
from oott_fashion.packing.trips import Day, DayWeather, Gender, Piece, Trip


def wishes_of(trip: Trip, gender: Gender | None) -> list[Preference]:
    """List what the purpose and the styles of a trip, and a gender, ask for."""
    named = [
        trip.purpose and preference_named("purposes", trip.purpose),
        *(preference_named("styles", style) for style in trip.taste.styles),
        gender and preference_named("genders", gender),
    ]
    return [wish for wish in named if wish]


def log_factors(pieces: Sequence[Piece], wishes: Sequence[Preference]) -> Floats:
    """Give the logarithm of how much more than usual each piece is wanted."""
    names = {name for piece in pieces for name in piece}
    logs = {name: sum(math.log(wish.wanted.get(name, 1.0)) for wish in wishes) for name in names}
    return np.array([logs[piece.garment] + logs[piece.colour] for piece in pieces], dtype=float)


def log_weather(day: Day) -> Floats:
    """Give the logarithm of how well each garment suits a day, shape (24,); -inf if it does not."""
    if day.weather is None:
        return np.zeros(len(GARMENT_NAMES))
    return _log_garments(day.weather)


@lru_cache(maxsize=128)
def _log_garments(weather: DayWeather) -> Floats:
    wishes = preferences_for_weather(weather)
    scores = np.array([_log_garment(name, weather, wishes) for name in GARMENT_NAMES])
    scores.flags.writeable = False
    return scores


def _log_garment(name: str, weather: DayWeather, wishes: Sequence[Preference]) -> float:
    if not is_wearable(name, weather):
        return -math.inf
    wanted = math.prod(wish.wanted.get(name, 1.0) for wish in wishes)
    return math.log(suitability(name, weather) * wanted)
