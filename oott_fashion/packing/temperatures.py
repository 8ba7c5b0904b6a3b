"""At which temperatures people wear each garment, from ``temperatures.csv``."""

import csv
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

from oott_fashion.packing.trips import DayWeather

_FILE = Path(__file__).with_name("temperatures.csv")

# At this distance from its range, a garment suits 0.37 times as well.
_DEGREES = 4.0

# A garment that may be worn at all keeps this, so that another reason can still prefer it.
_MIN_SUITABILITY = 0.002

# People dress for the day, not for the night.
_WEIGHT_OF_HIGH = 0.6

# Half of the people wear an outer at this temperature in °C, and 0.73 of them two degrees below.
_OUTER_AT = 18.5
_OUTER_DEGREES = 2.0


class TemperatureRange(NamedTuple):
    """The temperatures of a garment in °C; it is never recommended outside the outer two."""

    never_below: float
    comfortable_from: float
    comfortable_to: float
    never_above: float


@cache
def temperature_ranges() -> dict[str, TemperatureRange]:
    """Read the range of each garment."""
    with _FILE.open(encoding="utf-8") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {
            row.pop("garment"): TemperatureRange(**{name: float(row[name]) for name in row})
            for row in rows
        }


def is_wearable(garment: str, weather: DayWeather) -> bool:
    """Tell whether a garment may be worn the whole day."""
    limits = temperature_ranges()[garment]
    return limits.never_below <= weather.low and weather.high <= limits.never_above


def suitability(garment: str, weather: DayWeather) -> float:
    """Tell how well a garment suits the temperature of a day, 0..1."""
    limits, felt = temperature_ranges()[garment], felt_temperature(weather)
    beyond = max(limits.comfortable_from - felt, felt - limits.comfortable_to, 0.0)
    return max(math.exp(-((beyond / _DEGREES) ** 2)), _MIN_SUITABILITY)


def outer_need(weather: DayWeather) -> float:
    """Estimate the share of people who wear an outer, 0..1."""
    return 1 / (1 + math.exp((felt_temperature(weather) - _OUTER_AT) / _OUTER_DEGREES))


def felt_temperature(weather: DayWeather) -> float:
    """Give the temperature in °C that people feel during the day.

    Source: the wind chill of Environment Canada and the US National Weather Service (2001), which
    the Korea Meteorological Administration uses, too.
    """
    day = weather.low + _WEIGHT_OF_HIGH * (weather.high - weather.low)
    if day > 10 or weather.wind < 1.3:
        return day
    speed = math.pow(3.6 * weather.wind, 0.16)
    return min(day, 13.12 + 0.6215 * day - 11.37 * speed + 0.3965 * speed * day)
