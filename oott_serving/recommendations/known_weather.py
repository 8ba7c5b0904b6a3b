"""The weather of a trip, and how it is known."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, Protocol

from oott_fashion.destinations import Destination, DestinationCategory
from oott_fashion.packing.trips import DayWeather
from oott_serving.recommendations.recommend_models import WeatherSource


class KnownWeather(NamedTuple):
    """The weather of a day, and how it is known."""

    weather: DayWeather
    source: WeatherSource


class Weather(Protocol):
    """Tells the weather of days at a place."""

    def of(
        self, place: Destination | DestinationCategory, dates: Sequence[date], today: date
    ) -> list[KnownWeather | None]:
        """Tell the weather of each date; None where it is unknown."""


class UnknownWeather:
    """Knows no weather."""

    def of(
        self, _place: Destination | DestinationCategory, dates: Sequence[date], _today: date
    ) -> list[KnownWeather | None]:
        """Tell that the weather of each date is unknown."""
        return [None] * len(dates)
