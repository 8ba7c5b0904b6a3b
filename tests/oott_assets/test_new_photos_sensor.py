"""Counts follow photos that were collected without being counted."""

from collections.abc import Iterator, Sequence

import dagster as dg
import pytest

from oott_assets.automation import new_photos_sensor
from oott_assets.data_versions import GARMENT_ONNX
from oott_assets.definitions import defs
from oott_assets.partitions import partition_key
from tests.oott_assets.trends_pipeline import SEPTEMBER, TrendsPipeline

KEY = partition_key("hongdae", SEPTEMBER)
IMAGES, DETECTIONS = dg.AssetKey("instagram_images"), dg.AssetKey("garment_detections")
TRENDS = {dg.AssetKey("garment_trends"), dg.AssetKey("outfit_trends")}


@pytest.fixture
def records() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


class Daemon:
    """Evaluates the conditions as Dagster's daemon does; the first tick was before the test."""

    def __init__(self, records: dg.DagsterInstance) -> None:
        self._records = records
        self._cursor = dg.evaluate_automation_conditions(defs, records).cursor

    def requested(self) -> set[dg.AssetKey]:
        """Give the assets that a tick requests for ``KEY``, and for no other partition."""
        done = dg.evaluate_automation_conditions(defs, self._records, cursor=self._cursor)
        self._cursor = done.cursor
        assets = (IMAGES, DETECTIONS, *TRENDS)
        requested = {key: done.get_requested_partitions(key) for key in assets}
        assert all(keys <= {KEY} for keys in requested.values())
        return {key for key, keys in requested.items() if keys}


def materialise(records: dg.DagsterInstance, assets: Sequence[dg.AssetKey]) -> None:
    for asset in assets:
        records.report_runless_asset_event(dg.AssetMaterialization(asset, partition=KEY))


def test_photos_that_were_collected_alone_are_counted_once(records: dg.DagsterInstance) -> None:
    daemon = Daemon(records)

    materialise(records, [IMAGES])

    assert daemon.requested() == {DETECTIONS, *TRENDS}
    assert daemon.requested() == set()


@pytest.mark.parametrize(
    ("only", "expected"), [(None, set()), ("instagram_images", {DETECTIONS, *TRENDS})]
)
def test_a_run_that_counts_its_photos_itself_is_followed_by_none(
    records: dg.DagsterInstance,
    trends_pipeline: TrendsPipeline,
    only: str | None,
    expected: set[dg.AssetKey],
) -> None:
    daemon = Daemon(records)

    assert trends_pipeline.run(only=only, records=records).success

    assert daemon.requested() == expected


def test_trends_follow_detections_that_were_made_alone(records: dg.DagsterInstance) -> None:
    daemon = Daemon(records)

    materialise(records, [IMAGES, DETECTIONS])

    assert daemon.requested() == TRENDS


def test_nothing_is_counted_again_when_pictures_leave_the_records(
    records: dg.DagsterInstance,
) -> None:
    materialise(records, [IMAGES, DETECTIONS, *TRENDS])
    daemon = Daemon(records)

    # Retention reports all of them again, without pictures.
    materialise(records, [IMAGES, DETECTIONS, *TRENDS])

    assert daemon.requested() == set()


def test_a_new_detector_alone_starts_nothing(records: dg.DagsterInstance) -> None:
    materialise(records, [IMAGES, DETECTIONS, *TRENDS])
    daemon = Daemon(records)

    records.report_runless_asset_event(dg.AssetMaterialization(GARMENT_ONNX))

    assert daemon.requested() == set()


def test_counts_follow_as_long_as_nobody_switches_it_off() -> None:
    assert new_photos_sensor.default_status == dg.DefaultSensorStatus.RUNNING
