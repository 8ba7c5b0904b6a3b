"""Recommends what to pack: reads the tables and the weather, packs, and explains."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from oott_fashion.destinations import Destination, DestinationCategory, Destinations
from oott_fashion.packing.outfit_model import OutfitModel
from oott_fashion.packing.packer import PackedDay, pack
from oott_fashion.packing.reasons import Evidence, Reasons
from oott_fashion.packing.trips import Day, Trip
from oott_fashion.stores.trend_tables import TrendTables
from oott_serving.recommendations.evidence import EstimatedPlace, estimated_place, evidence_for
from oott_serving.recommendations.forecasts import OpenMeteo
from oott_serving.recommendations.known_outfits import KnownOutfits
from oott_serving.recommendations.known_weather import KnownWeather, weather_of
from oott_serving.recommendations.not_considered import not_considered
from oott_serving.recommendations.packed_answers import considered_place, day_answer
from oott_serving.recommendations.recommend_models import RecommendAnswer, RecommendRequest
from oott_serving.recommendations.released_looks import (
    ReleasedAnswer,
    ReleasedTrip,
    known_place,
    released_answer,
    requests_of,
)
from oott_serving.recommendations.sent_trips import trip_of
from oott_serving.settings import ServiceSettings

# Estimates change when the pipeline runs, at most a few times a day.
_KEPT_SECONDS = 60
_MAX_KEPT = 256


class _Packed(NamedTuple):
    """A trip with its outfits, and what they were chosen by."""

    trip: Trip
    model: OutfitModel
    weather: dict[date, KnownWeather | None]
    days: list[PackedDay]


class Recommender:
    """Recommends from the trend tables; the database may be away when the service starts."""

    def __init__(self, settings: ServiceSettings, destinations: Destinations) -> None:
        self._database_url = settings.trend_database_url
        self._destinations = destinations
        self._forecasts = (
            OpenMeteo(settings.weather_url, settings.weather_key, settings.timezone)
            if settings.weather_url
            else None
        )
        self._outfits = KnownOutfits()
        self._tables: TrendTables | None = None
        self._evidence = lru_cache(_MAX_KEPT)(self._read_evidence)

    def recommend(self, request: RecommendRequest) -> RecommendAnswer:
        """Recommend outfits for each day of a trip.

        Raises:
            UnknownPlace: no destination or category has the requested name.
            TrendDatabaseError: the database cannot be used.
        """
        place = self._destinations.named(request.destination)
        packed = self._packed(request, place)
        estimated = estimated_place(self._opened(), place)
        evidence = Evidence({}, {}, {})
        if estimated:
            evidence = self._evidence(estimated, _main_month(request.dates), _minute())
        reasons = Reasons(packed.trip, packed.model, evidence)
        days = [
            day_answer(day, packed.weather[day.day.date], packed.trip, reasons)
            for day in packed.days
        ]
        return RecommendAnswer(
            place=estimated and considered_place(estimated, evidence),
            days=days,
            not_considered=not_considered(request, place, estimated, evidence, days),
        )

    def recommend_looks(self, trip: ReleasedTrip) -> ReleasedAnswer:
        """Recommend three looks for each day, in the form of the released app.

        Raises:
            UnknownPlace: neither the place nor the category is known.
            TrendDatabaseError: the database cannot be used.
        """
        place = known_place(trip, self._destinations)
        days = [
            day for request in requests_of(trip, place) for day in self._packed(request, place).days
        ]
        return released_answer(trip, days)

    def _packed(
        self, request: RecommendRequest, place: Destination | DestinationCategory
    ) -> _Packed:
        month = _main_month(request.dates)
        model = self._outfits.model_of(self._opened(), month, *_slugs_of(place))
        weather = weather_of(request.dates, place, request.weather, self._forecasts)
        days = [Day(each, known and known.weather) for each, known in weather.items()]
        trip = trip_of(request, days)
        return _Packed(trip, model, weather, pack(trip, model))

    def _read_evidence(self, place: EstimatedPlace, month: date, _minute: int) -> Evidence:
        return evidence_for(self._opened(), place, month)

    def _opened(self) -> TrendTables:
        if self._tables is None:
            self._tables = TrendTables.open(self._database_url, self._destinations)
        return self._tables


def _minute() -> int:
    return int(time.monotonic() // _KEPT_SECONDS)


def _slugs_of(place: Destination | DestinationCategory) -> tuple[str | None, str]:
    """Give the slugs of a destination and its category; a category is no destination."""
    if isinstance(place, Destination):
        return place.slug, place.category.slug
    return None, place.slug


def _main_month(dates: Sequence[date]) -> date:
    """Find the month that most of the dates are in; on a tie, the first one."""
    months = Counter(each.replace(day=1) for each in sorted(dates))
    return months.most_common(1)[0][0]
