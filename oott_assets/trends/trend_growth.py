"""What grows slowly: the latest twelve months against the twelve before them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import dagster as dg
import numpy as np

from oott_assets.detection_store import DetectionStore
from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import destinations
from oott_assets.reports.tables import markdown_table
from oott_assets.trends.garment_detections import garment_detections
from oott_assets.trends.growth_rows import growth_rows
from oott_assets.trends.page.page_rows import NothingEstimated
from oott_assets.trends.statistics.photo_counts import (
    COLUMNS,
    MonthCounts,
    SeenGarments,
    month_counts,
    versions_in,
)
from oott_assets.trends.statistics.place_shares import Places
from oott_assets.trends.statistics.trend_flags import FALLING, RISING
from oott_assets.trends.statistics.yearly_growth import MONTHS, Growth, yearly_growth
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_estimates import known_errors
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.stores.estimate_tables import GrowthRow, name_of
from oott_fashion.stores.trend_rows import naive_utc

_HEADING = ("place", "what", "share before", "share", "change", "months", "trend")


@dg.asset(deps=[garment_detections], group_name="trends", kinds={"mysql"})
def trend_growth(
    context: dg.AssetExecutionContext,
    detection_store: DetectionStore,
    trend_database: TrendDatabase,
    garment_detector: GarmentDetector,
) -> dg.MaterializeResult[None]:
    """Which garments and colours grew or shrank over the last two years, with 95 % intervals.

    It compares each of the last twelve months with the same month a year before, at each
    destination, in each category of destinations and at all places. A slow change that is not clear
    between two months can be clear over twelve.
    """
    with failures_of(context, TREND_FAILURES):
        months = _months(detection_store)
        counts = _counts(detection_store, months)
        versions = {version for month in counts for version in month.versions if version}
        errors = {each: known_errors(context, garment_detector, each) for each in sorted(versions)}
        places = Places.of([destinations.destination(slug) for slug in destinations.slugs])
        growth = yearly_growth(counts[:MONTHS], counts[MONTHS:], places, errors)
        rows = list(growth_rows(growth, places, months[-1], naive_utc(datetime.now(UTC))))
        with trend_database.tables() as tables:
            tables.replace_growth(rows)
    return dg.MaterializeResult(metadata=_metadata(months[-1], growth, rows))


def _months(detection_store: DetectionStore) -> list[date]:
    """List the 24 months until the last one that a detector has read."""
    read = [month for _, month in detection_store.partitions()]
    if not read:
        raise NothingEstimated("no detector has read any photos; materialise garment_detections")
    last = max(read).year * 12 + max(read).month
    numbers = range(last - 2 * MONTHS, last)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _counts(detection_store: DetectionStore, months: Sequence[date]) -> list[MonthCounts]:
    no_outfits = np.zeros(0, dtype=np.int64)
    slugs = destinations.slugs
    return [
        month_counts(SeenGarments.of(table, slugs), versions_in(table, slugs), no_outfits)
        for table in detection_store.monthly_tables(months, COLUMNS)
    ]


def _metadata(
    month: date, growth: Growth, rows: Sequence[GrowthRow]
) -> dict[str, dg.MetadataValue | int | str]:
    words = Counter(row.trend for row in rows)
    return {
        "until": f"{month:%Y-%m}",
        "months": int(growth.months[-1]),
        "photos": int(growth.photos[-1]),
        "photos_before": int(growth.photos_before[-1]),
        "rising": words[RISING],
        "falling": words[FALLING],
        "clear_changes": markdown_table(_HEADING, list(_clear_changes(rows))),
    }


def _clear_changes(rows: Sequence[GrowthRow]) -> Iterator[Sequence[object]]:
    """Yield a row for each clear change, the largest first."""
    clear = [
        (row, row.share, row.growth)
        for row in rows
        if row.trend in (RISING, FALLING) and row.share is not None and row.growth is not None
    ]
    for row, share, growth in sorted(clear, key=lambda each: -abs(each[2])):
        shares = (f"{share - growth:.1%}", f"{share:.1%}", f"{100 * growth:+.1f} points")
        yield row.place, name_of(row), *shares, row.months, row.trend
