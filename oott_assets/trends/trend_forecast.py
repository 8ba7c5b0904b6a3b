"""What people will wear in the next months, and weeks in which they wore something unusual."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from oott_assets.detection_store import DetectionStore
from oott_assets.failure_rules import failures_of
from oott_assets.partitions import destinations
from oott_assets.reports.tables import markdown_table
from oott_assets.trends.forecasts.back_tests import MONTHLY
from oott_assets.trends.garment_detections import garment_detections
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.stores.estimate_tables import EventRow, ForecastRow, name_of
from oott_fashion.stores.trend_rows import naive_utc
from oott_fashion.stores.trend_tables import TrendTables

_FORECAST_HEADING = ("place", "what", "month", "share", "95 % interval", "method")
_EVENT_HEADING = ("week", "place", "what", "share", "expected", "photos")


@dg.asset(deps=["trend_estimates", garment_detections], group_name="trends", kinds={"mysql"})
def trend_forecast(
    context: dg.AssetExecutionContext,
    detection_store: DetectionStore,
    trend_database: TrendDatabase,
) -> dg.MaterializeResult[None]:
    """The shares of garments, colours and looks in the next six months, with 95 % intervals.

    A forecast is made only if forecasts of the past were closer than repeating the last month or
    the last year. It also lists the weeks in which a share was far from its trend and season.
    """
    with failures_of(context, TREND_FAILURES), trend_database.tables() as tables:
        forecasts, events = _forecasts_and_events(tables, detection_store)
        tables.replace_forecasts(forecasts, events)
    return dg.MaterializeResult(metadata=_metadata(forecasts, events))


def _forecasts_and_events(
    tables: TrendTables, detection_store: DetectionStore
) -> tuple[list[ForecastRow], list[EventRow]]:
    # These modules import pandas. Dagster loads the definitions faster without it.
    from oott_assets.trends.forecast_rows import forecast_rows
    from oott_assets.trends.monthly_shares import monthly_shares
    from oott_assets.trends.weekly_events import COLUMNS, event_rows

    now = naive_utc(datetime.now(UTC))
    categories = {slug: destinations.destination(slug).category.slug for slug in destinations.slugs}
    forecasts = list(forecast_rows(monthly_shares(tables, categories), now))
    return forecasts, list(event_rows(detection_store.table(columns=COLUMNS).to_pandas(), now))


def _metadata(
    forecasts: Sequence[ForecastRow], events: Sequence[EventRow]
) -> dict[str, dg.MetadataValue | int | str]:
    untold = Counter(row.reason for row in forecasts if row.reason)
    last = [row for row in forecasts if row.share is not None]
    last = [row for row in last if row.month == max(row.month for row in last)]
    return {
        "made_after": f"{forecasts[0].made_after:%Y-%m}" if forecasts else "",
        "told": sum(row.share is not None for row in forecasts) // MONTHLY.horizon,
        "cannot_be_told_yet": untold.total(),
        "why_not": markdown_table(("reason", "garments, colours and looks"), untold.most_common()),
        "forecasts": markdown_table(_FORECAST_HEADING, _largest(last)),
        "unusual_weeks": len(events),
        "events": markdown_table(_EVENT_HEADING, _clearest_first(events)),
    }


def _largest(forecasts: Sequence[ForecastRow]) -> Iterator[Sequence[object]]:
    for row in sorted(forecasts, key=lambda row: -(row.share or 0)):
        interval = f"{row.share_low:.0%} to {row.share_high:.0%}"
        month = f"{row.month:%Y-%m}"
        yield row.place, name_of(row), month, f"{row.share:.0%}", interval, row.method


def _clearest_first(events: Sequence[EventRow]) -> Iterator[Sequence[object]]:
    for row in sorted(events, key=lambda row: row.p_value):
        shares = f"{row.share:.0%}", f"{row.expected:.0%}"
        yield row.week, row.place, name_of(row), *shares, row.photos
