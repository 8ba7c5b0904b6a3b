"""Reads from the trend tables what the trend page of a month shows."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from oott_fashion.destinations import Destinations
from oott_fashion.outfits import NOTHING_SEEN
from oott_fashion.stores.estimate_tables import (
    ALL_PLACES,
    EstimateRow,
    EventRow,
    ForecastRow,
    GrowthRow,
    PlaceKind,
)
from oott_fashion.stores.trend_schema import COLOUR_COLUMNS, GARMENT_COLUMNS, outfit_trends
from oott_fashion.stores.trend_tables import TrendTables


class NothingEstimated(LookupError):
    """There are no estimates of the month."""


class Place(NamedTuple):
    """A destination, a destination category, or all places together."""

    kind: PlaceKind
    slug: str


ALL = Place("all", ALL_PLACES)

OutfitColours = dict[tuple[Place, str], tuple[str, ...]]
"""The most common colours of an outfit at a place; the outfit is four garments and commas."""


class MonthRows(NamedTuple):
    """What the page shows of one month; ``is_drawn`` if its photos show drawn people."""

    month: date
    estimates: list[EstimateRow]
    outfit_colours: OutfitColours
    is_drawn: bool


class PageRows(NamedTuple):
    """What the page of ``month`` shows, with one entry for each month that has estimates."""

    month: date
    months: list[MonthRows]
    forecasts: list[ForecastRow]
    events: list[EventRow]
    growth: list[GrowthRow]


def page_rows(tables: TrendTables, month: date, is_drawn: Callable[[str, date], bool]) -> PageRows:
    """Read the estimates of ``month`` and of all months before it.

    Args:
        is_drawn: tells whether the photos of a destination and month show drawn people.

    Raises:
        NothingEstimated: ``month`` has no estimates.
    """
    estimated = tables.estimated_months()
    if month not in estimated:
        raise NothingEstimated(
            f"nothing was estimated in {month:%Y-%m}; materialise trend_estimates for it first"
        )
    months = [_month_rows(tables, earlier, is_drawn) for earlier in estimated if earlier <= month]
    # A forecast, event or growth of a later month would not be one of this page's month.
    forecasts = [row for row in tables.forecasts() if row.made_after <= month]
    events = [row for row in tables.events() if row.week.replace(day=1) <= month]
    growth = [row for row in tables.growth() if row.month == month]
    return PageRows(month, months, forecasts, events, growth)


def _month_rows(
    tables: TrendTables, month: date, is_drawn: Callable[[str, date], bool]
) -> MonthRows:
    estimates = tables.estimates(month=month)
    counted = {row.place for row in estimates if row.place_kind == "destination"}
    drawn = any(is_drawn(slug, month) for slug in sorted(counted))
    return MonthRows(month, estimates, _outfit_colours(tables, month), drawn)


def _outfit_colours(tables: TrendTables, month: date) -> OutfitColours:
    """Find the most common colours of each outfit at each place."""
    names = (*GARMENT_COLUMNS, *COLOUR_COLUMNS)
    columns = [outfit_trends.c[name] for name in ("destination", "destination_category", *names)]
    rows = sa.select(*columns, outfit_trends.c.worn).where(
        outfit_trends.c.month == month, outfit_trends.c.source == "crawl"
    )
    worn: defaultdict[tuple[Place, str], Counter[tuple[str, ...]]] = defaultdict(Counter)
    with tables.reading() as connection:
        for destination, category, *outfit, times in connection.execute(rows):
            garments, colours = ",".join(outfit[:4]), tuple(outfit[4:])
            for place in (Place("destination", destination), Place("category", category), ALL):
                worn[place, garments][colours] += times
    return {outfit: colours.most_common(1)[0][0] for outfit, colours in worn.items()}


def places_of(rows: PageRows, destinations: Destinations) -> list[Place]:
    """List the places that have estimates: all, then each category with its destinations."""
    found = {Place(row.place_kind, row.place) for month in rows.months for row in month.estimates}
    known = [ALL, *_places_in(destinations)]
    return [place for place in known if place in found] + sorted(found - set(known))


def _places_in(destinations: Destinations) -> Iterator[Place]:
    for category in destinations.categories:
        yield Place("category", category.slug)
        yield from (Place("destination", slug) for slug in _slugs_of(category.slug, destinations))


def _slugs_of(category: str, destinations: Destinations) -> Iterable[str]:
    places = map(destinations.destination, destinations.slugs)
    return (place.slug for place in places if place.category.slug == category)


def garments_in(outfit: str) -> tuple[str | None, ...]:
    """Split an outfit into its four garments; None where nothing was seen."""
    return tuple(None if name == NOTHING_SEEN else name for name in outfit.split(","))
