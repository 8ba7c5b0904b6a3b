"""Estimates the shares of photos that show a garment, colour, look or outfit, and their changes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from oott_assets.detection_store import DetectionStore
from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import by_month, destinations, month_of
from oott_assets.reports.tables import markdown_table
from oott_assets.trends.due_estimates import time_of_estimates
from oott_assets.trends.statistics.detector_errors import DetectorErrors, errors_on_card
from oott_assets.trends.statistics.month_estimates import month_estimates
from oott_assets.trends.statistics.photo_counts import (
    COLUMNS,
    SeenGarments,
    month_counts,
    repeated_outfits,
    versions_in,
)
from oott_assets.trends.statistics.place_shares import Places
from oott_assets.trends.statistics.subject_estimates import ComparedMonths
from oott_assets.trends.statistics.trend_flags import FALLING, RISING, TOO_FEW
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.stores.detector_card import BadDetector
from oott_fashion.stores.estimate_tables import ALL_PLACES, EstimateRow, name_of
from oott_fashion.stores.trend_rows import naive_utc

_HEADING = ("place", "what", "share", "since", "change", "trend")


@dg.asset(
    partitions_def=by_month,
    deps=["garment_trends"],  # Dagster maps each month to the partitions of all destinations
    group_name="trends",
    kinds={"mysql"},
)
def trend_estimates(
    context: dg.AssetExecutionContext,
    detection_store: DetectionStore,
    trend_database: TrendDatabase,
    garment_detector: GarmentDetector,
) -> dg.MaterializeResult[None]:
    """Which share of photos shows a garment, colour, look or outfit, with 95 % intervals.

    It compares the month with the month before and with the same month a year before, at each
    destination, in each category of destinations and at all places.
    """
    month = month_of(context)
    with failures_of(context, TREND_FAILURES):
        months = compared_months(detection_store, month)
        errors = {
            version: known_errors(context, garment_detector, version)
            for version in sorted({*months.now.versions} - {""})
        }
        with trend_database.tables() as tables:
            estimated_at = time_of_estimates(tables, month, datetime.now(UTC))
            rows = month_estimates(months, _places(), errors, month, naive_utc(estimated_at))
            tables.replace_estimates(month, rows)
    return dg.MaterializeResult(metadata=_metadata(rows))


def compared_months(detection_store: DetectionStore, month: date) -> ComparedMonths:
    """Count the stored detections of a month and of the two months that it is compared with.

    Raises:
        Failure: no detector has read a photo of the month.
    """
    if all(read_month != month for _, read_month in detection_store.partitions()):
        raise dg.Failure(
            f"no detector has read the photos of {month:%Y-%m}; materialise garment_detections and "
            "garment_trends for it first",
            allow_retries=False,
        )
    before = (month - timedelta(days=1)).replace(day=1)
    year_before = month.replace(year=month.year - 1)
    slugs = destinations.slugs
    tables = list(detection_store.monthly_tables([month, before, year_before], COLUMNS))
    garments = [SeenGarments.of(table, slugs) for table in tables]
    outfits = repeated_outfits(garments)
    return ComparedMonths(
        *(
            month_counts(seen, versions_in(table, slugs), outfits)
            for seen, table in zip(garments, tables, strict=True)
        )
    )


def known_errors(
    context: dg.AssetExecutionContext, garment_detector: GarmentDetector, version: str
) -> DetectorErrors:
    """Read the errors on the card of a detector; without its card, they are not known."""
    try:
        return errors_on_card(garment_detector.card_of(version))
    except BadDetector as error:
        context.log.warning("precision and recall of detector %s are not known: %s", version, error)
        return {}


def _places() -> Places:
    return Places.of([destinations.destination(slug) for slug in destinations.slugs])


def _metadata(rows: Sequence[EstimateRow]) -> dict[str, dg.MetadataValue | int]:
    places: dict[tuple[str, str], EstimateRow] = {(row.place_kind, row.place): row for row in rows}
    everywhere = places.get((ALL_PLACES, ALL_PLACES))
    words = Counter(word for row in rows for word in (row.month_trend, row.year_trend))
    return {
        "estimates": len(rows),
        "destinations": sum(kind == "destination" for kind, _ in places),
        "photos": 0 if everywhere is None else everywhere.photos,
        "posts": 0 if everywhere is None else everywhere.posts,
        "rising": words[RISING],
        "falling": words[FALLING],
        "too_few_to_tell": words[TOO_FEW],
        "clear_changes": markdown_table(_HEADING, _clear_changes(rows)),
    }


def _clear_changes(rows: Iterable[EstimateRow]) -> list[tuple[object, ...]]:
    """List the rising and falling shares, the largest change first."""
    changes = [
        (row, since, change, trend)
        for row in rows
        for since, change, trend in (
            ("month before", row.month_change, row.month_trend),
            ("year before", row.year_change, row.year_trend),
        )
        if change is not None and trend in (RISING, FALLING)
    ]
    changes.sort(key=lambda entry: -abs(entry[2]))
    return [
        (row.place, name_of(row), f"{row.share:.1%}", since, f"{100 * change:+.1f} points", trend)
        for row, since, change, trend in changes
    ]
