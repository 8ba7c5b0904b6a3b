"""The asset that estimates shares and changes, and its checks, run as Dagster runs them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

import dagster as dg
import pytest

from oott_assets.definitions import configured_resources
from oott_assets.detection_store import DetectionStore, PartitionDetections, PhotoDetections
from oott_assets.partitions import destinations
from oott_assets.photos.settings import PhotoSettings
from oott_assets.trends.estimate_checks import ESTIMATE_CHECKS
from oott_assets.trends.monthly_trends import counts_of
from oott_assets.trends.trend_estimates import trend_estimates
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.estimate_tables import NOT_DISTINGUISHED, EstimateRow
from oott_fashion.stores.model_store import ModelStore
from oott_fashion.stores.trend_tables import TrendSlice, TrendTables
from tests.detections import seen
from tests.oott_assets.trends_pipeline import (
    OCTOBER,
    SEPTEMBER,
    attempts,
    failures,
    metadata_of,
)
from tests.starters import SMALL_STARTER

pytestmark = pytest.mark.usefixtures("trends_pipeline")


def detect(
    worn: Mapping[str, int], month: date = OCTOBER, slug: str = "hongdae", version: str = "v1"
) -> None:
    """Store detections of a month, and count them: photos of different posts, a garment in each."""
    detections = PartitionDetections(
        version,
        tuple(
            PhotoDetections(f"{garment}-{number}", (seen(garment),), post=f"{garment}-{number}")
            for garment, photos in worn.items()
            for number in range(photos)
        ),
    )
    DetectionStore(root=read_settings(PhotoSettings).photo_store_root).write(
        slug, month, detections
    )
    category = destinations.destination(slug).category.slug
    slice_ = TrendSlice(month, slug, category, "crawl")
    count(slice_, detections)


def count(slice_: TrendSlice, detections: PartitionDetections) -> None:
    looks, outfits, coverage, photos = counts_of(detections)
    with_tables().replace(slice_, looks, outfits, coverage, datetime.now(UTC), photos)


def with_tables() -> TrendTables:
    tables = TrendTables.open(read_settings(SharedSettings).trend_database_url, destinations)
    tables.migrate()
    return tables


def estimate(month: date = OCTOBER) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [trend_estimates, *ESTIMATE_CHECKS],
        partition_key=f"{month:%Y-%m}",
        resources=configured_resources(),
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
    )


def estimates(garment: str, month: date = OCTOBER) -> EstimateRow:
    tables = with_tables()
    rows = tables.estimates(month=month, place="hongdae", subject="garment")
    tables.close()
    return next(row for row in rows if row.garment == garment)


def checks_of(run: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {found.check_name: found.passed for found in run.get_asset_check_evaluations()}


def test_a_month_is_estimated_from_the_stored_detections() -> None:
    detect({"puffer": 10, "coat": 90}, SEPTEMBER)
    detect({"puffer": 50, "coat": 50})
    detect({"coat": 80}, slug="jeju")

    run = estimate()

    row = estimates("puffer")
    assert (row.photos, row.seen, row.share, row.month_trend) == (100, 50, 0.5, "rising")
    assert checks_of(run) == {
        "shares_rest_on_the_counted_photos": True,
        "enough_photos_to_tell_changes": True,
    }
    shown = metadata_of(run, "trend_estimates")
    assert (shown["destinations"], shown["photos"], shown["posts"]) == (2, 180, 180)
    assert isinstance(shown["rising"], int)
    assert "| hongdae | puffer | 50.0% | month before | +40.0 points | rising |" in str(
        shown["clear_changes"]
    )
    assert [key for key in shown if not re.fullmatch(r"[a-z_]+", key)] == []


def test_estimating_a_month_again_replaces_its_rows_and_no_others() -> None:
    detect({"coat": 40}, SEPTEMBER)
    detect({"coat": 40})
    estimate(SEPTEMBER)
    estimate()

    detect({"blazer": 40})
    estimate()

    assert estimates("coat").seen == 0
    assert estimates("blazer").seen == 40
    assert estimates("coat", SEPTEMBER).seen == 40


def test_the_errors_of_a_published_detector_are_beside_its_shares() -> None:
    published = ModelStore(read_settings(SharedSettings).model_store_root).latest_or_starter(
        SMALL_STARTER
    )
    detect({"sandals": 20, "coat": 20, "puffer": 5}, version=published.version)

    estimate()

    recall = published.card.metrics["recall by garment"]
    assert estimates("coat").detector_recall == pytest.approx(recall["coat"])
    assert estimates("sandals").month_trend == NOT_DISTINGUISHED
    assert estimates("puffer").detector_recall is None


def test_a_detector_that_is_not_in_the_store_has_no_known_errors() -> None:
    detect({"coat": 20}, version="20200101T000000Z-12345678")

    assert estimate().success
    assert estimates("coat").detector_precision is None


def test_a_month_that_no_detector_has_read_fails_without_a_retry() -> None:
    detect({"coat": 20}, SEPTEMBER)

    run = estimate()

    assert attempts(run, "trend_estimates") == 1
    assert failures(run) == [
        "no detector has read the photos of 2026-10; materialise garment_detections and "
        "garment_trends for it first"
    ]


def test_a_month_without_photos_has_no_estimates() -> None:
    detect({"coat": 20})
    estimate()
    detect({})

    run = estimate()

    assert run.success
    assert metadata_of(run, "trend_estimates")["estimates"] == 0


def test_estimates_that_do_not_rest_on_the_counted_photos_fail_the_check() -> None:
    detect({"coat": 20})
    detect({"coat": 20}, slug="jeju")
    slice_ = TrendSlice(OCTOBER, "jeju", "seaside", "crawl")
    fewer = PartitionDetections("v1", (PhotoDetections("a", (seen("coat"),)),))
    count(slice_, fewer)

    run = estimate()

    [found] = [
        found
        for found in run.get_asset_check_evaluations()
        if found.check_name == "shares_rest_on_the_counted_photos"
    ]
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert found.metadata["destinations_with_other_photos"].value == "jeju"


def test_app_photos_are_not_estimated() -> None:
    detect({"coat": 20})
    sent = PartitionDetections("v1", (PhotoDetections("a", (seen("dress"),)),) * 50)
    slice_ = TrendSlice(OCTOBER, "hongdae", "hot-place", "app")
    count(slice_, sent)

    run = estimate()

    assert estimates("dress").seen == 0
    assert checks_of(run)["shares_rest_on_the_counted_photos"]


def test_a_month_in_which_most_changes_cannot_be_told_is_warned_about() -> None:
    detect({"coat": 20}, SEPTEMBER)
    detect({"coat": 3})

    run = estimate()

    [found] = [
        found
        for found in run.get_asset_check_evaluations()
        if found.check_name == "enough_photos_to_tell_changes"
    ]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.metadata["changes"].value == 24
