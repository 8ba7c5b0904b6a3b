"""What the weather of a place usually is on a day of the year, from ``climate_normals.csv``."""

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from oott_fashion.destinations import Coordinates, Destination, DestinationCategory
from oott_fashion.packing.trips import DayWeather

_FILE = Path(__file__).with_name("climate_normals.csv")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

# Further away, on the other side of the mountains, the winter differs by several degrees.
_MAX_KILOMETRES = 60.0
_KILOMETRES_PER_DEGREE = 111.2

# The values of a month are those of its middle, and the days between are interpolated.
_MIDDLES = [date(2026, month, 15).timetuple().tm_yday for month in range(1, 13)]


def normal_weather(place: Destination | DestinationCategory, day: date) -> DayWeather | None:
    """Tell the usual temperatures of a day.

    None if no station is near, or for a category, because its places are far from each other.
    """
    coordinates = place.coordinates if isinstance(place, Destination) else None
    station = coordinates and _nearest_station(coordinates)
    if not station:
        return None
    low, high = (_on(day, station[values]) for values in ("low", "high"))
    return DayWeather(low, high)


def _on(day: date, months: list[float]) -> float:
    on = min(day.timetuple().tm_yday, 365)
    return round(float(np.interp(on, _MIDDLES, months, period=365)), 1)


def _nearest_station(place: Coordinates) -> Mapping[str, list[float]] | None:
    station = min(_stations(), key=lambda each: _kilometres(place, each))
    return _stations()[station] if _kilometres(place, station) <= _MAX_KILOMETRES else None


def _kilometres(one: Coordinates, other: Coordinates) -> float:
    # Korea is small enough to be flat.
    north = one.latitude - other.latitude
    east = (one.longitude - other.longitude) * math.cos(math.radians(one.latitude))
    return _KILOMETRES_PER_DEGREE * math.hypot(north, east)


@cache
def _stations() -> Mapping[Coordinates, dict[str, list[float]]]:
    stations: dict[Coordinates, dict[str, list[float]]] = defaultdict(dict)
    with _FILE.open(encoding="utf-8") as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            place = Coordinates(float(row["latitude"]), float(row["longitude"]))
            stations[place][row["values"]] = [float(row[month]) for month in _MONTHS]
    return stations
