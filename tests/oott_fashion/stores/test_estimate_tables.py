"""Tests that estimates, forecasts and events are replaced as a whole and read as written."""

from datetime import date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from oott_fashion.stores.estimate_tables import EstimateRow, EventRow, ForecastRow, GrowthRow
from oott_fashion.stores.trend_tables import TrendTables

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
NOW = datetime(2026, 11, 1, 3)


def estimate(month: date, place: str, garment: str, share: float) -> EstimateRow:
    """Give an estimate of 100 photos without a month to compare."""
    return EstimateRow(
        month, "destination", place, "garment", garment, "any", "outer", 100, 90, 50,
        share, share - 0.1, share + 0.1, None, None, None, "no month to compare",
        None, None, None, "no month to compare", None, 0.7, None, "20261127T021530Z-63ee7fd8", NOW,
    )  # fmt: skip


FORECAST = ForecastRow(
    OCTOBER, date(2026, 11, 1), "category", "seaside", "look", "coat", "navy", "outer",
    None, None, None, None, None, None, 24, "2 months of history", NOW,
)  # fmt: skip
EVENT = EventRow(
    date(2026, 10, 5), "all", "all", "outfit", "None,dress,None,sandals", "any", "any",
    0.5, 0.1, 0.05, 0.2, 40, 38, 0.001, '["ab"]', NOW,
)  # fmt: skip

GROWTH = GrowthRow(
    OCTOBER, "destination", "jeju", "garment", "jeans", "any", "bottom", 12, 900, 800,
    0.3, 0.1, 0.05, 0.15, "rising", None, NOW,
)  # fmt: skip


def test_estimating_a_month_again_replaces_only_that_month(trend_tables: TrendTables) -> None:
    coat = estimate(SEPTEMBER, "jeju", "coat", 0.5)
    trend_tables.replace_estimates(SEPTEMBER, [coat])
    trend_tables.replace_estimates(OCTOBER, [coat._replace(month=OCTOBER)])
    puffer = estimate(OCTOBER, "jeju", "puffer", 0.25)

    trend_tables.replace_estimates(OCTOBER, [puffer])

    assert trend_tables.estimates() == [coat, puffer]
    assert trend_tables.estimated_months() == [SEPTEMBER, OCTOBER]


def test_more_estimates_than_fit_into_one_statement_are_stored(trend_tables: TrendTables) -> None:
    rows = [estimate(OCTOBER, f"place {number:04}", "coat", 0.5) for number in range(5_001)]

    trend_tables.replace_estimates(OCTOBER, rows)

    assert trend_tables.estimates() == rows


def test_estimates_are_found_by_place_and_category(trend_tables: TrendTables) -> None:
    rows = [estimate(OCTOBER, place, "coat", 0.5) for place in ("gangneung", "jeju")]
    trend_tables.replace_estimates(OCTOBER, rows)

    assert trend_tables.estimates(place="jeju", category="outer") == rows[1:]
    assert trend_tables.estimates(place="jeju", category="top") == []


def test_the_latest_month_of_a_place_is_found(trend_tables: TrendTables) -> None:
    trend_tables.replace_estimates(SEPTEMBER, [estimate(SEPTEMBER, "jeju", "coat", 0.5)])
    trend_tables.replace_estimates(OCTOBER, [estimate(OCTOBER, "gangneung", "coat", 0.5)])

    assert trend_tables.latest_estimated_month("destination", "jeju") == SEPTEMBER
    assert trend_tables.latest_estimated_month("category", "jeju") is None


def test_a_failed_estimate_keeps_the_rows_of_before(trend_tables: TrendTables) -> None:
    row = estimate(OCTOBER, "jeju", "coat", 0.5)
    trend_tables.replace_estimates(OCTOBER, [row])

    with pytest.raises(IntegrityError):
        trend_tables.replace_estimates(OCTOBER, [row, row])

    assert trend_tables.estimates() == [row]


def test_forecasts_and_events_are_replaced_together(trend_tables: TrendTables) -> None:
    trend_tables.replace_forecasts([FORECAST], [EVENT])
    assert trend_tables.forecasts(place="seaside") == [FORECAST]
    assert trend_tables.events(place_kind="all") == [EVENT]

    trend_tables.replace_forecasts([], [])

    assert trend_tables.forecasts() == []
    assert trend_tables.events() == []


def test_growth_is_replaced_as_a_whole(trend_tables: TrendTables) -> None:
    unknown = GROWTH._replace(place="hongdae", share=None, growth=None, photos_needed=300)
    trend_tables.replace_growth([GROWTH])
    assert trend_tables.growth(place="jeju") == [GROWTH]

    trend_tables.replace_growth([unknown])

    assert trend_tables.growth() == [unknown]
