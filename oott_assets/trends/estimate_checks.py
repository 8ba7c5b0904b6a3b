"""Checks of the estimates of a month. They run after every run of ``trend_estimates``."""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.partitions import by_month, destinations, month_of
from oott_assets.trends.statistics.trend_flags import TOO_FEW
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_estimates import trend_estimates
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.stores.estimate_tables import EstimateRow
from oott_fashion.stores.trend_tables import TrendTables

# If the change of most garments cannot be told, the report of the month says little.
MAX_UNTOLD = 0.5


@dg.asset_check(asset=trend_estimates, partitions_def=by_month)
def shares_rest_on_the_counted_photos(
    context: dg.AssetCheckExecutionContext, trend_database: TrendDatabase
) -> dg.AssetCheckResult:
    """Fails unless the shares rest on the photos in trend_coverage, and are in their intervals."""
    month = month_of(context)
    with failures_of(context, TREND_FAILURES), trend_database.tables() as tables:
        rows = tables.estimates(month=month)
        counted = _counted_photos(tables, month)
    estimated = {row.place: row.photos for row in rows if row.place_kind == "destination"}
    differing = sorted(
        place for place in {*counted, *estimated} if counted.get(place) != estimated.get(place)
    )
    outside = sum(not row.share_low <= row.share <= row.share_high for row in rows)
    return dg.AssetCheckResult(
        passed=not differing and outside == 0,
        metadata={
            "estimates": len(rows),
            "destinations_with_other_photos": ", ".join(differing) or "none",
            "shares_outside_their_interval": outside,
        },
    )


@dg.asset_check(asset=trend_estimates, partitions_def=by_month)
def enough_photos_to_tell_changes(
    context: dg.AssetCheckExecutionContext, trend_database: TrendDatabase
) -> dg.AssetCheckResult:
    """Warns when more than half of the changes of garments at destinations cannot be told."""
    month = month_of(context)
    with failures_of(context, TREND_FAILURES), trend_database.tables() as tables:
        rows = tables.estimates(month=month, place_kind="destination", subject="garment")
    compared = [row for row in rows if row.month_change is not None]
    untold = _too_few(compared)
    return dg.AssetCheckResult(
        passed=not compared or len(untold) <= MAX_UNTOLD * len(compared),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "changes": len(compared),
            "too_few_photos": len(untold),
            "photos_needed": max((row.photos_needed or 0 for row in untold), default=0),
        },
    )


def _counted_photos(tables: TrendTables, month: date) -> dict[str, int]:
    """Give the photos with garments of each destination that has some."""
    return {
        slug: coverage.photos_with_garments
        for (slug, counted_month), coverage in tables.coverages("crawl").items()
        if counted_month == month and slug in destinations.slugs and coverage.photos_with_garments
    }


def _too_few(rows: Sequence[EstimateRow]) -> list[EstimateRow]:
    return [row for row in rows if row.month_trend == TOO_FEW]


ESTIMATE_CHECKS = [shares_rest_on_the_counted_photos, enough_photos_to_tell_changes]
