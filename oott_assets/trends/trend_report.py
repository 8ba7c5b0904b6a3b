"""The trend page of a month: what people wear at each destination, and what rises and falls."""

from collections import Counter
from collections.abc import Iterator, Sequence

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.partitions import by_month, month_of
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.reports.tables import markdown_table
from oott_assets.trends.report_folder import ReportFolder
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_assets.trends.written_report import WrittenReport, written_report
from oott_fashion.stores.estimate_tables import ALL_PLACES, EstimateRow, name_of

_HEADING = ("place", "look", "before", "now", "change in points", "photos")
_CLEAR = ("rising", "falling")


@dg.asset(
    partitions_def=by_month,
    deps=["outfit_trends", "trend_estimates", "trend_forecast", "trend_growth"],
    group_name="trends",
    kinds={"html"},
)
def trend_report(
    context: dg.AssetExecutionContext,
    trend_database: TrendDatabase,
    photo_store: PhotoStore,
    report_folder: ReportFolder,
) -> dg.MaterializeResult[None]:
    """A page about a month and all months before it, in one HTML file that needs no network.

    It shows what is worn, what rises and falls, colours and outfits per destination, with 95 %
    intervals. The page compares destinations, and is in Korean and English.
    """
    month = month_of(context)
    with failures_of(context, TREND_FAILURES), trend_database.tables() as tables:
        report = written_report(tables, photo_store, report_folder, month)
    return dg.MaterializeResult(metadata=_metadata(report))


def _metadata(report: WrittenReport) -> dict[str, dg.MetadataValue | int | float]:
    everywhere = [row for row in report.estimates if row.place_kind == ALL_PLACES]
    trends = Counter(row.month_trend for row in report.estimates)
    return {
        "page": dg.MetadataValue.path(report.file),
        "link": dg.MetadataValue.url(report.file.as_uri()),
        "page_bytes": report.file.stat().st_size,
        "photos_with_garments": everywhere[0].photos,
        "posts": everywhere[0].posts,
        "rising": trends["rising"],
        "falling": trends["falling"],
        "too_few_to_tell": trends["too few to tell"],
        "rises_and_falls": markdown_table(_HEADING, _clear_changes(report.estimates)),
        # Dagster draws these numbers as curves over the months.
        **{
            f"share_of_{row.garment.replace(' ', '_')}": round(row.share, 4)
            for row in everywhere
            if row.subject == "garment"
        },
    }


def _clear_changes(estimates: Sequence[EstimateRow]) -> Iterator[Sequence[object]]:
    """Yield a row for each clear change since the month before, the largest first."""
    changed = [
        (row, row.month_change)
        for row in estimates
        if row.month_trend in _CLEAR and row.month_change is not None
    ]
    for row, change in sorted(changed, key=lambda pair: -abs(pair[1])):
        low, high = row.month_change_low or 0, row.month_change_high or 0
        yield (
            row.place,
            name_of(row),
            f"{row.share - change:.0%}",
            f"{row.share:.0%}",
            f"{100 * change:+.0f} ({100 * low:+.0f} to {100 * high:+.0f})",
            row.photos,
        )
