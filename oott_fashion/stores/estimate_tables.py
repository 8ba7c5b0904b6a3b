"""The rows of the tables that are estimated from the counts: shares, forecasts and events."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeVar

import sqlalchemy as sa

from oott_fashion.stores.trend_connection import batches
from oott_fashion.stores.trend_schema import (
    ANY,
    trend_estimates,
    trend_events,
    trend_forecasts,
    trend_growth,
)

PlaceKind = Literal["destination", "category", "all"]
Subject = Literal["garment", "colour", "look", "outfit"]
Row = TypeVar("Row", bound=NamedTuple)

ALL_PLACES = "all"

# The trend of a garment that the detector often misses or confuses. It is never flagged.
NOT_DISTINGUISHED = "not distinguished"


class EstimateRow(NamedTuple):
    """The share of photos that show a garment, colour, look or outfit in a month at a place.

    ``photos`` and ``posts`` count the photos with garments at that place, and ``seen`` those that
    show it. Shares and changes are 0..1. A change is None if there is no month to compare.
    """

    month: date
    place_kind: PlaceKind
    place: str
    subject: Subject
    garment: str
    colour: str
    category: str
    photos: int
    posts: int
    seen: int
    share: float
    share_low: float
    share_high: float
    month_change: float | None
    month_change_low: float | None
    month_change_high: float | None
    month_trend: str
    year_change: float | None
    year_change_low: float | None
    year_change_high: float | None
    year_trend: str
    photos_needed: int | None
    detector_precision: float | None
    detector_recall: float | None
    detector_version: str
    estimated_at: datetime


class ForecastRow(NamedTuple):
    """A forecast for ``month``, made from the months until ``made_after``.

    ``share`` is None if it cannot be told. Then ``reason`` says why.
    """

    made_after: date
    month: date
    place_kind: PlaceKind
    place: str
    subject: Subject
    garment: str
    colour: str
    category: str
    share: float | None
    share_low: float | None
    share_high: float | None
    method: str | None
    error: float | None
    naive_error: float | None
    months_needed: int | None
    reason: str | None
    estimated_at: datetime


class EventRow(NamedTuple):
    """A week in which a share differs clearly from its trend and season.

    ``week`` is its Monday, and ``example_photos`` is a JSON list of photo hashes.
    """

    week: date
    place_kind: PlaceKind
    place: str
    subject: Subject
    garment: str
    colour: str
    category: str
    share: float
    expected: float
    expected_low: float
    expected_high: float
    photos: int
    posts: int
    p_value: float
    example_photos: str
    estimated_at: datetime


class GrowthRow(NamedTuple):
    """How a share changed from one year to the next: the twelve months until ``month``.

    ``months`` is how many of them could be compared, and ``photos`` and ``photos_before`` count the
    photos with garments of these months in both years. With fewer than six, ``share`` and
    ``growth`` are None.
    """

    month: date
    place_kind: PlaceKind
    place: str
    subject: Subject
    garment: str
    colour: str
    category: str
    months: int
    photos: int
    photos_before: int
    share: float | None
    growth: float | None
    growth_low: float | None
    growth_high: float | None
    trend: str
    photos_needed: int | None
    estimated_at: datetime


def name_of(row: EstimateRow | ForecastRow | EventRow | GrowthRow) -> str:
    """Name what ``row`` is about, such as "coat", "navy" or "navy coat"."""
    return " ".join(name for name in (row.colour, row.garment) if name != ANY)


def replace_month_estimates(
    connection: sa.Connection, month: date, rows: Iterable[EstimateRow]
) -> None:
    """Replace the estimates of ``month``."""
    connection.execute(sa.delete(trend_estimates).where(trend_estimates.c.month == month))
    _insert(connection, trend_estimates, rows)


def replace_all_forecasts(
    connection: sa.Connection, forecasts: Iterable[ForecastRow], events: Iterable[EventRow]
) -> None:
    """Replace all forecasts and events."""
    for table in (trend_forecasts, trend_events):
        connection.execute(sa.delete(table))
    _insert(connection, trend_forecasts, forecasts)
    _insert(connection, trend_events, events)


def replace_growth(connection: sa.Connection, rows: Iterable[GrowthRow]) -> None:
    """Replace all changes over two years."""
    connection.execute(sa.delete(trend_growth))
    _insert(connection, trend_growth, rows)


def estimate_rows(connection: sa.Connection, **wanted: object) -> list[EstimateRow]:
    """List estimates; filter by columns, such as ``month`` and ``place``."""
    return _rows(connection, trend_estimates, EstimateRow, wanted)


def forecast_rows(connection: sa.Connection, **wanted: object) -> list[ForecastRow]:
    """List forecasts; filter by columns, such as ``place``."""
    return _rows(connection, trend_forecasts, ForecastRow, wanted)


def event_rows(connection: sa.Connection, **wanted: object) -> list[EventRow]:
    """List events; filter by columns, such as ``place``."""
    return _rows(connection, trend_events, EventRow, wanted)


def growth_rows(connection: sa.Connection, **wanted: object) -> list[GrowthRow]:
    """List changes over two years; filter by columns, such as ``place``."""
    return _rows(connection, trend_growth, GrowthRow, wanted)


def estimated_months(connection: sa.Connection) -> list[date]:
    """List the months that have estimates, the earliest first."""
    months = sa.select(trend_estimates.c.month).distinct().order_by(trend_estimates.c.month)
    return list(connection.scalars(months))


def latest_estimated_month(
    connection: sa.Connection, place_kind: PlaceKind, place: str
) -> date | None:
    """Find the latest month with estimates of a place; None if there are none."""
    columns = trend_estimates.c
    # It follows the key backwards, and stops at the first row of the place.
    latest = sa.select(columns.month).order_by(columns.month.desc()).limit(1)
    month: date | None = connection.scalar(
        latest.where(columns.place_kind == place_kind, columns.place == place)
    )
    return month


def estimated_at(connection: sa.Connection, month: date) -> datetime | None:
    """Tell when ``month`` was estimated; all its rows have one time."""
    made_at = sa.select(trend_estimates.c.estimated_at).where(trend_estimates.c.month == month)
    return connection.scalar(made_at.limit(1))


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterable[NamedTuple]) -> None:
    values: Sequence[dict[str, Any]] = [row._asdict() for row in rows]
    for batch in batches(values):
        connection.execute(sa.insert(table), batch)


def _rows(
    connection: sa.Connection, table: sa.Table, kind: type[Row], wanted: dict[str, object]
) -> list[Row]:
    query = sa.select(*(table.c[name] for name in kind._fields)).order_by(*table.primary_key)
    for name, value in wanted.items():
        if value is not None:
            query = query.where(table.c[name] == value)
    return [kind._make(row) for row in connection.execute(query)]
