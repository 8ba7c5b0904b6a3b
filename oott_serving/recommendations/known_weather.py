"""The weather of a trip: as the client knows it, or a forecast, or what is usual, or unknown."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from oott_fashion.destinations import Destination, DestinationCategory
from oott_fashion.packing.climate import normal_weather
from oott_fashion.packing.trips import DayWeather
from oott_serving.recommendations.forecasts import OpenMeteo
from oott_serving.recommendations.recommend_models import SentWeather, WeatherSource


class KnownWeather(NamedTuple):
    """The weather of a day, and how it is known."""

    weather: DayWeather
    source: WeatherSource


def weather_of(
    dates: Sequence[date],
    place: Destination | DestinationCategory,
    sent: Sequence[SentWeather],
    provider: OpenMeteo | None,
) -> dict[date, KnownWeather | None]:
    """Tell the weather of each date; None where it is unknown.

    A category of destinations has no forecast, because its places are far from each other.
    """
    weather = {
        day.date: KnownWeather(DayWeather(day.low, day.high, day.rain, day.wind), "request")
        for day in sent
    }
    coordinates = place.coordinates if isinstance(place, Destination) else None
    if provider and coordinates and not weather.keys() >= set(dates):
        for day, forecast in provider.of(coordinates).items():
            weather.setdefault(day, KnownWeather(forecast, "forecast"))
    return {each: weather.get(each) or _usual(place, each) for each in sorted(dates)}


def _usual(place: Destination | DestinationCategory, day: date) -> KnownWeather | None:
    usual = normal_weather(place, day)
    return None if usual is None else KnownWeather(usual, "climate normals")
