"""Estimates follow the counts without a person."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from oott_assets.estimates_sensor import estimates_sensor
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables
from tests.oott_assets.recounted_pipeline import KEYS, CountedTrends, counted, counted_once
from tests.oott_assets.sensor_ticks import tick, unfinished_run
from tests.oott_assets.trends_pipeline import OCTOBER, SEPTEMBER
from tests.oott_fashion.stores.test_estimate_tables import estimate

__all__ = ["counted", "counted_once"]

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def tables(counted: CountedTrends) -> Iterator[TrendTables]:
    """Give the tables with counts of September and October, which are not estimated."""
    assert counted
    with TrendDatabase().tables() as opened:
        yield opened


def estimate_both(tables: TrendTables) -> None:
    for month in (SEPTEMBER, OCTOBER):
        row = estimate(month, "hongdae", "coat", 0.5)
        tables.replace_estimates(
            month, [row._replace(estimated_at=datetime.now(UTC).replace(tzinfo=None))]
        )


def count_again(tables: TrendTables, slug: str, at: datetime) -> None:
    slice_ = TrendSlice(OCTOBER, slug, "hot-place", "crawl")
    tables.replace(slice_, Counter(), Counter(), Coverage(1, 1, "1"), at)


def test_counted_months_are_estimated_once_the_newest_last(counted: CountedTrends) -> None:
    first = tick(estimates_sensor, counted.records)
    second = tick(estimates_sensor, counted.records, first.cursor)

    assert first.requests == ["2026-09", "2026-10"]
    assert second.requests == []


def test_a_month_is_estimated_again_after_its_counts_have_changed(
    counted: CountedTrends, tables: TrendTables
) -> None:
    estimate_both(tables)
    before = tick(estimates_sensor, counted.records)

    count_again(tables, "hongdae", LATER)

    assert before.requests == []
    assert tick(estimates_sensor, counted.records).requests == ["2026-10"]


def test_a_month_is_requested_again_only_for_newer_counts(
    counted: CountedTrends, tables: TrendTables
) -> None:
    first = tick(estimates_sensor, counted.records)
    failed = tick(estimates_sensor, counted.records, first.cursor)
    count_again(tables, "hongdae", LATER)

    assert failed.requests == []
    assert tick(estimates_sensor, counted.records, first.cursor).requests == ["2026-10"]


@pytest.mark.parametrize(("counting", "expected"), [(KEYS[0], ["2026-09"]), (KEYS[1], [])])
def test_a_month_waits_until_it_and_the_month_before_are_counted(
    counted: CountedTrends, counting: str, expected: list[str]
) -> None:
    unfinished_run(counted.records, counting, dg.DagsterRunStatus.STARTED)

    assert tick(estimates_sensor, counted.records).requests == expected


def test_estimates_follow_as_long_as_nobody_switches_it_off() -> None:
    assert estimates_sensor.default_status == dg.DefaultSensorStatus.RUNNING
