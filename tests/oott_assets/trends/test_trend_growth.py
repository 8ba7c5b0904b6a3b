"""The asset that compares two years, run as Dagster runs it."""

from datetime import date

import dagster as dg
import pytest

from oott_assets.definitions import configured_resources, defs
from oott_assets.detection_store import DetectionStore, PartitionDetections, PhotoDetections
from oott_assets.partitions import destinations
from oott_assets.photos.settings import PhotoSettings
from oott_assets.trends.trend_growth import trend_growth
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.trend_tables import TrendTables
from tests.detections import seen
from tests.oott_assets.trends.drawn_months import LAST, months_until
from tests.oott_assets.trends_pipeline import failures, metadata_of

pytestmark = pytest.mark.usefixtures("trends_pipeline")


def detect(month: date, jeans: int, others: int) -> None:
    """Store the detections of a month in Hongdae: photos with jeans, and photos with a skirt."""
    store = DetectionStore(root=read_settings(PhotoSettings).photo_store_root)
    worn = ["jeans"] * jeans + ["skirt"] * others
    photos = tuple(
        PhotoDetections(f"{month}-{number}", (seen(garment),))
        for number, garment in enumerate(worn)
    )
    store.write("hongdae", month, PartitionDetections("v1", photos))


def compare() -> dg.ExecuteInProcessResult:
    return dg.materialize([trend_growth], resources=configured_resources(), raise_on_error=False)


def test_what_grows_slowly_is_found_and_the_last_result_is_replaced() -> None:
    for number, month in enumerate(months_until(LAST, 26)):
        detect(month, 10 + number, 90 - number)
    compare()
    detect(LAST, 36, 64)  # the last month is counted again

    run = compare()

    tables = TrendTables.open(read_settings(SharedSettings).trend_database_url, destinations)
    rows = tables.growth(place="hongdae")
    tables.close()
    [jeans] = [row for row in rows if row.garment == "jeans"]
    assert (jeans.month, jeans.months, jeans.photos, jeans.photos_before) == (LAST, 12, 1200, 1200)
    assert (jeans.trend, jeans.category, jeans.colour) == ("rising", "bottom", "any")
    assert jeans.growth == pytest.approx(0.12, abs=0.005)
    assert (jeans.growth_low or 0) < 0.12 < (jeans.growth_high or 0)
    assert len(rows) == len({(row.subject, row.garment, row.colour) for row in rows}) == 37
    shown = metadata_of(run, "trend_growth")
    assert (shown["until"], shown["months"], shown["photos"]) == (f"{LAST:%Y-%m}", 12, 1200)
    assert "| hongdae | jeans | 17.5% | 29.6% | +12.1 points | 12 | rising |" in str(
        shown["clear_changes"]
    )


def test_without_photos_of_the_year_before_it_says_that_there_is_nothing_to_compare() -> None:
    detect(LAST, 10, 90)

    run = compare()

    assert run.success
    assert metadata_of(run, "trend_growth")["months"] == 0


def test_without_any_detections_it_fails_with_what_to_do() -> None:
    assert failures(compare()) == [
        "no detector has read any photos; materialise garment_detections"
    ]


def test_the_report_waits_for_it() -> None:
    report = defs.resolve_asset_graph().get(dg.AssetKey("trend_report"))

    assert dg.AssetKey("trend_growth") in report.parent_keys
