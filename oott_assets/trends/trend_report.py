"""The monthly report: what people wore at each destination, and how that changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.partitions import by_month, destinations
from oott_assets.reports.tables import markdown_table
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.garments import CATEGORIES, Category
from oott_fashion.stores.trend_tables import GarmentRow, TrendTables

_HEADING = ("destination", "garments", *CATEGORIES)


@dg.asset(
    partitions_def=by_month,
    deps=["garment_trends"],  # Dagster maps each month to the partitions of all destinations
    group_name="trends",
    kinds={"markdown"},
)
def trend_report(
    context: dg.AssetExecutionContext, trend_database: TrendDatabase
) -> dg.MaterializeResult[None]:
    """The most worn look of each category at each destination in a month.

    Counts include all sources. The number in brackets is the change since the month before.
    """
    month = date.fromisoformat(f"{context.partition_key}-01")
    with failures_of(context, TREND_FAILURES), trend_database.tables() as tables:
        rows = list(report_rows(tables, month))
    if not rows:
        raise dg.Failure(
            f"no garment was counted in {month:%Y-%m}; materialise garment_trends for it first",
            allow_retries=False,
        )
    return dg.MaterializeResult(
        metadata={"destinations": len(rows), "most_worn": markdown_table(_HEADING, rows)}
    )


def report_rows(tables: TrendTables, month: date) -> Iterator[Sequence[object]]:
    """Yield a row for each destination (or destination category) with garments in ``month``."""
    now, before = (
        _by_destination(tables.garment_rows(counted)) for counted in (month, _month_before(month))
    )
    for slug in sorted(now, key=_order_in_the_file):
        worn_before = {(row.garment, row.colour): row.worn for row in before.get(slug, [])}
        tops = [_most_worn(now[slug], category, worn_before) for category in CATEGORIES]
        yield slug, sum(row.worn for row in now[slug]), *tops


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _by_destination(rows: Sequence[GarmentRow]) -> dict[str, list[GarmentRow]]:
    places: dict[str, list[GarmentRow]] = {}
    for row in rows:
        places.setdefault(row.destination, []).append(row)
    return places


def _order_in_the_file(slug: str) -> tuple[int, str]:
    # A slug may be missing from the file: app photos may belong to a whole category, or a
    # destination may have been removed.
    known = slug in destinations.slugs
    return destinations.slugs.index(slug) if known else len(destinations.slugs), slug


def _most_worn(
    rows: Sequence[GarmentRow], category: Category, before: Mapping[tuple[str, str], int]
) -> str:
    row = next((row for row in rows if row.category == category), None)
    if row is None:
        return ""
    change = row.worn - before.get((row.garment, row.colour), 0)
    return f"{row.colour} {row.garment}: {row.worn} ({change:+d})"
