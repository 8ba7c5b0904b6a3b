"""Which months must be estimated again after counts changed."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from oott_assets.trends.due_estimates import (
    due_months,
    months_used,
    time_of_counts,
    time_of_estimates,
)
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables
from tests.oott_fashion.stores.test_estimate_tables import estimate

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
A_YEAR_LATER = date(2027, 9, 1)
COVERAGE = Coverage(photos=1, photos_with_garments=1, detector_version="1")


def at(hour: int) -> datetime:
    return datetime(2026, 11, 1, hour, tzinfo=UTC)


def count(tables: TrendTables, month: date, hour: int, destination: str = "hongdae") -> None:
    slice_ = TrendSlice(month, destination, "hot-place", "crawl")
    tables.replace(slice_, Counter(), Counter(), COVERAGE, at(hour))


def estimate_months(tables: TrendTables, hour: int, *months: date) -> None:
    for month in months:
        row = estimate(month, "hongdae", "coat", 0.5)
        tables.replace_estimates(month, [row._replace(estimated_at=at(hour).replace(tzinfo=None))])


@pytest.fixture
def estimated(trend_tables: TrendTables) -> TrendTables:
    """Give tables with three months that were counted and then estimated."""
    for month in (SEPTEMBER, OCTOBER, A_YEAR_LATER):
        count(trend_tables, month, hour=1)
    estimate_months(trend_tables, 2, SEPTEMBER, OCTOBER, A_YEAR_LATER)
    return trend_tables


def test_months_that_were_never_estimated_are_due_the_oldest_first(
    trend_tables: TrendTables,
) -> None:
    for month in (SEPTEMBER, OCTOBER):
        count(trend_tables, month, hour=1)

    assert list(due_months(trend_tables)) == [SEPTEMBER, OCTOBER]


def test_no_month_is_due_after_its_estimates(estimated: TrendTables) -> None:
    assert due_months(estimated) == {}


def test_a_recount_of_one_destination_makes_the_months_due_that_are_compared_with_it(
    estimated: TrendTables,
) -> None:
    count(estimated, SEPTEMBER, hour=3, destination="haeundae")

    assert list(due_months(estimated)) == [SEPTEMBER, OCTOBER, A_YEAR_LATER]


def test_months_that_are_not_compared_with_a_recounted_one_are_not_due(
    estimated: TrendTables,
) -> None:
    count(estimated, OCTOBER, hour=3)

    assert due_months(estimated) == {OCTOBER: at(3).replace(tzinfo=None)}


def test_photos_of_the_app_make_no_month_due(estimated: TrendTables) -> None:
    slice_ = TrendSlice(OCTOBER, "hongdae", "hot-place", "app")
    estimated.add(slice_, {"a": []}, "1", at(3), None, "digest")

    assert due_months(estimated) == {}


def test_the_month_before_january_is_december() -> None:
    assert list(months_used(date(2026, 1, 1))) == [
        date(2026, 1, 1),
        date(2025, 12, 1),
        date(2025, 1, 1),
    ]


def test_a_recount_makes_its_months_due_even_if_the_clock_was_set_back(
    estimated: TrendTables,
) -> None:
    slice_ = TrendSlice(SEPTEMBER, "hongdae", "hot-place", "crawl")
    counted_at = time_of_counts(estimated, SEPTEMBER, now=at(1))
    estimated.replace(slice_, Counter(), Counter(), COVERAGE, counted_at)
    assert list(due_months(estimated)) == [SEPTEMBER, OCTOBER, A_YEAR_LATER]

    for month in (SEPTEMBER, OCTOBER, A_YEAR_LATER):
        estimated_at = time_of_estimates(estimated, month, now=at(1)).replace(tzinfo=None)
        row = estimate(month, "hongdae", "coat", 0.5)
        estimated.replace_estimates(month, [row._replace(estimated_at=estimated_at)])

    assert due_months(estimated) == {}


def test_the_time_of_counts_and_estimates_is_that_of_the_clock(estimated: TrendTables) -> None:
    assert time_of_counts(estimated, SEPTEMBER, now=at(3)) == at(3)
    assert time_of_estimates(estimated, SEPTEMBER, now=at(3)) == at(3)
    assert time_of_counts(estimated, date(2020, 12, 1), now=at(1)) == at(1)
