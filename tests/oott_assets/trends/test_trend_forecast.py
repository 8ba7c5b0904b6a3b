"""What the asset writes: forecasts, the reasons where there is none, and unusual weeks."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pandas as pd
import pytest

from oott_assets.definitions import configured_resources, defs
from oott_assets.detection_store import DetectionStore
from oott_assets.partitions import destinations
from oott_assets.photos.settings import PhotoSettings
from oott_assets.trends.forecast_rows import CONFUSED, NO_RECENT_PHOTOS, NOT_BETTER, month_after
from oott_assets.trends.trend_forecast import trend_forecast
from oott_assets.trends.weekly_events import COLUMNS, event_rows
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.estimate_tables import NOT_DISTINGUISHED, EstimateRow, ForecastRow
from oott_fashion.stores.trend_tables import TrendTables
from tests.oott_assets.trends.drawn_months import (
    FESTIVAL,
    LAST,
    drawn,
    estimate,
    months_until,
    winter,
    write_months,
    write_weeks,
)
from tests.oott_assets.trends_pipeline import TrendsPipeline, failures, metadata_of

Estimates = Callable[[date], list[EstimateRow]]


@pytest.fixture
def tables(trends_pipeline: TrendsPipeline) -> Iterator[TrendTables]:
    """Open the empty tables of the pipeline."""
    assert trends_pipeline
    tables = TrendTables.open(read_settings(SharedSettings).trend_database_url, destinations)
    tables.migrate()
    yield tables
    tables.close()


@pytest.fixture
def detections(tables: TrendTables) -> DetectionStore:
    assert tables
    return DetectionStore(root=read_settings(PhotoSettings).photo_store_root)


def run() -> dg.ExecuteInProcessResult:
    needed = ("detection_store", "trend_database")
    resources = {name: configured_resources()[name] for name in needed}
    return dg.materialize([trend_forecast], resources=resources, raise_on_error=False)


def forecast_after(
    tables: TrendTables, make: Estimates, months: int = 36, last: date = LAST
) -> list[ForecastRow]:
    """Write ``months`` of estimates, run the asset, and read its forecasts of haeundae."""
    write_months(tables, months_until(last, months), make)
    assert run().success
    return tables.forecasts(place="haeundae")


def test_what_is_worn_in_winter_is_forecast_to_rise_in_october_to_january(
    tables: TrendTables,
) -> None:
    rows = forecast_after(tables, lambda month: [estimate(month, drawn(month, winter(month), 1))])

    assert [row.month for row in rows] == [month_after(LAST, step) for step in range(1, 7)]
    shares = [row.share or 0 for row in rows]
    assert shares == pytest.approx([winter(row.month) for row in rows], abs=0.05)
    assert all(
        (row.share_low or 0) < share < (row.share_high or 0)
        for row, share in zip(rows, shares, strict=True)
    )
    first = rows[0]
    assert (first.made_after, first.category, first.reason) == (LAST, "outer", None)
    assert first.months_needed is None
    assert (first.error or 1) < (first.naive_error or 0)


def test_two_months_tell_nothing_and_say_what_is_needed(tables: TrendTables) -> None:
    [row] = forecast_after(tables, lambda month: [estimate(month, 0.2)], months=2)

    assert (row.share, row.share_low, row.method, row.error) == (None, None, None, None)
    assert (row.month, row.months_needed) == (month_after(LAST, 1), 26)
    assert row.reason == "2 of 26 months are known"


def test_a_destination_of_14_months_borrows_the_season_of_its_category(
    tables: TrendTables,
) -> None:
    begun = month_after(LAST, -13)

    def make(month: date) -> list[EstimateRow]:
        category = estimate(month, drawn(month, winter(month), 2), "seaside", "category")
        own = estimate(month, drawn(month, winter(month), 3))
        return [category, own] if month >= begun else [category]

    rows = forecast_after(tables, make)

    assert {row.method for row in rows} == {"season of the category"}
    assert [row.share for row in rows] == pytest.approx(
        [winter(row.month) for row in rows], abs=0.06
    )


def test_a_share_that_repeats_each_year_is_left_to_the_reader(tables: TrendTables) -> None:
    [row] = forecast_after(tables, lambda month: [estimate(month, month.month / 20)])

    assert (row.share, row.months_needed, row.reason) == (None, None, NOT_BETTER)
    assert row.naive_error == pytest.approx(0, abs=1e-9)


def test_a_garment_that_the_detector_confuses_is_not_forecast(tables: TrendTables) -> None:
    def make(month: date) -> list[EstimateRow]:
        share = drawn(month, winter(month), 1)
        return [estimate(month, share, trend=NOT_DISTINGUISHED if month == LAST else "rising")]

    [row] = forecast_after(tables, make)

    assert (row.share, row.reason) == (None, CONFUSED)


def test_months_that_another_detector_counted_are_missing(tables: TrendTables) -> None:
    def make(month: date) -> list[EstimateRow]:
        detector = "first" if month < month_after(LAST, -9) else "second"
        return [estimate(month, drawn(month, winter(month), 1), detector=detector)]

    [row] = forecast_after(tables, make)

    assert row.reason == "10 of 26 months are known"


def test_a_place_without_photos_of_the_last_two_months_is_not_forecast(
    tables: TrendTables,
) -> None:
    def make(month: date) -> list[EstimateRow]:
        own = [estimate(month, drawn(month, winter(month), 1))]
        return [estimate(month, 0.1, "hongdae"), *(own if month < month_after(LAST, -1) else [])]

    [row] = forecast_after(tables, make)

    assert (row.share, row.reason) == (None, NO_RECENT_PHOTOS)


def test_in_a_month_with_photos_a_look_without_an_estimate_was_not_seen(
    tables: TrendTables,
) -> None:
    def make(month: date) -> list[EstimateRow]:
        look = estimate(month, 0.5)._replace(subject="look", colour="red")
        return [estimate(month, 0.2), *([look] if month == LAST else [])]

    rows = {row.subject: row for row in forecast_after(tables, make, months=20)}

    assert rows["look"].reason == rows["garment"].reason == "20 of 26 months are known"


def test_what_was_never_seen_has_no_row(tables: TrendTables) -> None:
    assert forecast_after(tables, lambda month: [estimate(month, 0.0)]) == []


def test_without_estimates_the_asset_fails_and_says_what_to_do(tables: TrendTables) -> None:
    assert tables

    [failure] = failures(run())

    assert "materialise trend_estimates" in failure


def test_a_festival_week_is_an_event_with_photos_of_that_week(
    tables: TrendTables, detections: DetectionStore
) -> None:
    write_weeks(detections)
    write_months(tables, [LAST], lambda month: [estimate(month, 0.2)])

    metadata = metadata_of(run(), "trend_forecast")

    events = {(row.subject, row.garment, row.colour): row for row in tables.events("destination")}
    assert set(events) == {
        ("garment", "dress", "any"),
        ("colour", "any", "white"),
        ("look", "dress", "white"),
    }
    event = events["look", "dress", "white"]
    assert (event.week, event.place, event.category) == (FESTIVAL, "haeundae", "top")
    assert (event.photos, event.posts) == (42, 21)
    assert event.share > 0.6
    assert event.expected == pytest.approx(0.1, abs=0.06)
    assert event.expected_low <= event.expected <= event.expected_high < event.share
    photos = json.loads(event.example_photos)
    days = {f"{FESTIVAL + timedelta(days=day):%Y%m%d}" for day in range(7)}
    assert len(photos) == 6
    assert {photo.split("-")[0] for photo in photos} <= days
    # Two photos of a post show the same.
    assert len({(photo[:8], int(photo[9]) // 2) for photo in photos}) == 6
    assert metadata["unusual_weeks"] == 3
    assert "| haeundae | white dress |" in str(metadata["events"])


def test_photos_without_a_date_and_of_an_earlier_detector_are_no_weeks(
    tables: TrendTables, detections: DetectionStore
) -> None:
    write_weeks(detections)
    september = detections.read("haeundae", LAST)
    undated = tuple(photo._replace(taken_on=None) for photo in september.photos)
    detections.write("haeundae", LAST, september._replace(photos=undated, detector_version="new"))
    write_months(tables, [LAST], lambda month: [estimate(month, 0.2)])

    assert run().success
    assert tables.events() == []


def test_too_few_dated_photos_are_no_event() -> None:
    photo = ("haeundae", LAST, "a", "a", LAST, "dress", "top", "white", 0.9, "1")

    assert list(event_rows(pd.DataFrame([photo], columns=list(COLUMNS)), datetime.now(UTC))) == []


def test_the_job_of_the_report_forecasts_before_it_writes_the_page() -> None:
    steps = defs.resolve_job_def("trend_report_job").graph.dependencies

    waits_for = {step.name: set(before) for step, before in steps.items()}
    assert "trend_forecast" in waits_for["trend_report"]


def test_running_it_again_replaces_forecasts_and_events(
    tables: TrendTables, detections: DetectionStore
) -> None:
    write_weeks(detections)
    forecast_after(tables, lambda month: [estimate(month, drawn(month, winter(month), 1))])
    before = tables.forecasts(), tables.events()

    metadata = metadata_of(run(), "trend_forecast")

    after = tables.forecasts(), tables.events()
    assert [row[:-1] for row in after[0]] == [row[:-1] for row in before[0]]
    assert [row[:-1] for row in after[1]] == [row[:-1] for row in before[1]]
    assert (metadata["told"], metadata["cannot_be_told_yet"]) == (1, 0)
    assert metadata["made_after"] == "2026-09"
    assert "| haeundae | puffer | 2027-03 |" in str(metadata["forecasts"])
