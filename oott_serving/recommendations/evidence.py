"""Finds the shares that the reasons quote, for a place and a month of the year."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from oott_fashion.destinations import Destination, DestinationCategory
from oott_fashion.packing.reasons import Evidence, WornShare
from oott_fashion.packing.trips import Piece
from oott_fashion.stores.estimate_tables import ALL_PLACES, EstimateRow, PlaceKind, Subject
from oott_fashion.stores.trend_tables import TrendTables

# Older months say little about what people wear now.
_MAX_YEARS = 3


class EstimatedPlace(NamedTuple):
    """A place that has estimates, and the latest month of them."""

    kind: PlaceKind
    slug: str
    latest_month: date


def estimated_place(
    tables: TrendTables, place: Destination | DestinationCategory
) -> EstimatedPlace | None:
    """Find the estimates nearest to a place: its own, its category's, or all places'.

    None means that there are no estimates at all.
    """
    for kind, slug in _from_near_to_far(place):
        latest = tables.latest_estimated_month(kind, slug)
        if latest is not None:
            return EstimatedPlace(kind, slug, latest)
    return None


def evidence_for(tables: TrendTables, place: EstimatedPlace, month: date) -> Evidence:
    """Read the shares of the same month of the year, if it has estimates, else of the latest one.

    ``month`` is that of the trip.
    """
    garments, season = _in_season(tables, place, month)
    looks = _shares(tables, place, season, "look")
    is_latest = season == place.latest_month
    latest = garments if is_latest else _shares(tables, place, place.latest_month, "garment")
    return Evidence(
        {row.garment: _worn_share(row) for row in garments},
        {Piece(row.garment, row.colour): _worn_share(row) for row in looks},
        {row.garment: _worn_share(row) for row in latest},
    )


def _from_near_to_far(
    place: Destination | DestinationCategory,
) -> Iterator[tuple[PlaceKind, str]]:
    if isinstance(place, Destination):
        yield "destination", place.slug
        place = place.category
    yield "category", place.slug
    yield "all", ALL_PLACES


def _in_season(
    tables: TrendTables, place: EstimatedPlace, month: date
) -> tuple[Sequence[EstimateRow], date]:
    latest = place.latest_month
    for year in range(latest.year, latest.year - _MAX_YEARS, -1):
        season = date(year, month.month, 1)
        rows = _shares(tables, place, season, "garment") if season <= latest else []
        if rows:
            return rows, season
    return _shares(tables, place, latest, "garment"), latest


def _shares(
    tables: TrendTables, place: EstimatedPlace, month: date, subject: Subject
) -> list[EstimateRow]:
    return tables.estimates(month, place.kind, place.slug, subject)


def _worn_share(row: EstimateRow) -> WornShare:
    return WornShare(**{name: getattr(row, name) for name in WornShare._fields})
