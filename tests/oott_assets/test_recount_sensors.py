"""A new detector makes counts stale, and the switch recounts exactly those."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from oott_assets.definitions import configured_resources, defs
from oott_assets.recount_sensors import current_detector_sensor, recount_sensor
from tests.oott_assets.recounted_pipeline import (
    KEYS,
    CountedTrends,
    counted,
    counted_once,
)
from tests.oott_assets.sensor_ticks import tick, unfinished_run
from tests.oott_assets.trends_pipeline import SEPTEMBER, failures

__all__ = ["counted", "counted_once"]


def recount(counted: CountedTrends, keys: list[str]) -> None:
    for key in keys:
        run = defs.resolve_job_def("recount_job").execute_in_process(
            partition_key=key,
            resources=configured_resources(),
            instance=counted.records,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
        )
        assert run.success, failures(run)


def status_of(counted: CountedTrends, asset: str) -> dict[str, StaleStatus]:
    """Give what the Dagster UI shows for the partitions of ``asset``."""
    resolver = CachingStaleStatusResolver(
        counted.records, defs.resolve_asset_graph(), LoadingContextForTest(counted.records)
    )
    return {key: resolver.get_status(dg.AssetKey(asset), key) for key in KEYS}


def test_a_new_detector_makes_all_counted_partitions_stale_in_the_ui(
    counted: CountedTrends,
) -> None:
    assert set(status_of(counted, "garment_detections").values()) == {StaleStatus.FRESH}

    counted.publish_jeans()
    tick(current_detector_sensor, counted.records)

    assert set(status_of(counted, "garment_detections").values()) == {StaleStatus.STALE}


def test_a_recount_by_the_current_detector_is_fresh_again(counted: CountedTrends) -> None:
    counted.publish_jeans()
    tick(current_detector_sensor, counted.records)

    recount(counted, KEYS[:1])

    assert status_of(counted, "garment_detections") == {
        KEYS[0]: StaleStatus.FRESH,
        KEYS[1]: StaleStatus.STALE,
        KEYS[2]: StaleStatus.STALE,
    }


def test_counts_are_fresh_if_an_earlier_detector_is_current_again(counted: CountedTrends) -> None:
    counted.publish_jeans()
    tick(current_detector_sensor, counted.records)
    recount(counted, KEYS[:1])

    counted.store.make_latest(counted.coat.version, by="a test")
    tick(current_detector_sensor, counted.records)

    assert status_of(counted, "garment_detections") == {
        KEYS[0]: StaleStatus.STALE,
        KEYS[1]: StaleStatus.FRESH,
        KEYS[2]: StaleStatus.FRESH,
    }


def test_counts_are_fresh_if_dagster_learns_of_their_detector_later(
    counted: CountedTrends,
) -> None:
    counted.publish_jeans()

    # No sensor has reported the new detector, as if make ui did not run.
    recount(counted, KEYS[:1])

    assert status_of(counted, "garment_detections")[KEYS[0]] == StaleStatus.FRESH


def test_the_lineage_shows_that_detections_depend_on_the_published_detector() -> None:
    parents = defs.resolve_asset_graph().get(dg.AssetKey("garment_detections")).parent_keys

    assert parents == {dg.AssetKey("instagram_images"), dg.AssetKey("garment_onnx")}


def test_the_check_lists_the_stale_partitions_until_they_are_recounted(
    counted: CountedTrends,
) -> None:
    counted.publish_jeans()
    counted.delete_photos("hongdae", SEPTEMBER)

    [before] = tick(current_detector_sensor, counted.records).evaluations
    recount(counted, [KEYS[0], KEYS[2]])
    [after] = tick(current_detector_sensor, counted.records).evaluations

    assert not before.passed
    assert before.severity == dg.AssetCheckSeverity.WARN
    assert before.metadata["stale_partitions"].value == 3
    rows = str(before.metadata["partitions"].value).splitlines()[2:]
    coat = counted.coat.version
    assert rows == [
        f"| 2026-10 | hongdae | {coat} | yes |",
        f"| 2026-09 | hongdae | {coat} | its photos were deleted |",
        f"| 2026-09 | haeundae | {coat} | yes |",
    ]
    assert after.metadata["stale_partitions"].value == 1
    assert after.metadata["not_recountable"].value == 1


def test_the_detector_sensor_reports_only_changes(counted: CountedTrends) -> None:
    first = tick(current_detector_sensor, counted.records)
    second = tick(current_detector_sensor, counted.records, first.cursor)

    [evaluation] = first.evaluations
    assert evaluation.passed
    assert second.evaluations == []
    assert second.skipped == (
        f"no change: {counted.coat.version} is the current detector; 0 partitions are stale"
    )


def test_without_a_detector_the_sensors_wait(
    counted: CountedTrends, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OOTT_MODEL_STORE", str(tmp_path / "empty"))
    for sensor in (current_detector_sensor, recount_sensor):
        assert tick(sensor, counted.records).skipped == "no detector is published yet"


def test_recounting_is_off_until_a_person_switches_it_on() -> None:
    assert recount_sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert current_detector_sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_the_switch_recounts_exactly_the_stale_partitions_the_newest_month_first(
    counted: CountedTrends,
) -> None:
    assert tick(recount_sensor, counted.records).requests == []
    counted.publish_jeans()
    recount(counted, [KEYS[1]])

    switched_on = tick(recount_sensor, counted.records)
    recount(counted, switched_on.requests)

    assert switched_on.requests == [KEYS[0], KEYS[2]]
    assert counted.garments() == {key: {"jeans"} for key in KEYS}
    assert tick(recount_sensor, counted.records).requests == []


def test_a_partition_without_its_photos_is_not_requested_and_keeps_its_counts(
    counted: CountedTrends,
) -> None:
    counted.publish_jeans()
    counted.delete_photos("hongdae", SEPTEMBER)

    requests = tick(recount_sensor, counted.records).requests
    recount(counted, requests)

    assert requests == [KEYS[0], KEYS[2]]
    assert counted.garments() == {KEYS[0]: {"jeans"}, KEYS[1]: {"coat"}, KEYS[2]: {"jeans"}}


def test_a_partition_with_a_queued_or_running_run_is_not_requested(
    counted: CountedTrends,
) -> None:
    counted.publish_jeans()
    for key, status in (
        (KEYS[0], dg.DagsterRunStatus.QUEUED),
        (KEYS[1], dg.DagsterRunStatus.STARTED),
    ):
        unfinished_run(counted.records, key, status)

    assert tick(recount_sensor, counted.records).requests == [KEYS[2]]


def test_a_partition_is_requested_once_per_publication(counted: CountedTrends) -> None:
    counted.publish_jeans()
    first = tick(recount_sensor, counted.records)
    second = tick(recount_sensor, counted.records, first.cursor)
    counted.store.make_latest(counted.coat.version, by="a test")
    counted.publish_jeans()
    third = tick(recount_sensor, counted.records, second.cursor)

    assert (len(first.requests), len(second.requests), len(third.requests)) == (3, 0, 3)


def test_only_some_recounts_wait_in_the_queue(
    counted: CountedTrends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oott_assets.recount_sensors.MAX_RECOUNTS", 2)
    counted.publish_jeans()

    first = tick(recount_sensor, counted.records)
    for key in first.requests:
        unfinished_run(counted.records, key, dg.DagsterRunStatus.QUEUED)
    second = tick(recount_sensor, counted.records, first.cursor)

    assert first.requests == KEYS[:2]
    assert second.requests == []


def test_a_recount_waits_for_the_counts_of_a_new_month() -> None:
    assert defs.resolve_job_def("recount_job").tags["dagster/priority"] == "-1"


def test_a_recount_has_a_pool_and_collects_no_photos() -> None:
    steps = {node.name: node for node in defs.resolve_job_def("recount_job").nodes}

    assert "instagram_images" not in steps
    assert steps["garment_detections"].definition.pools == {"garment_detector"}


def test_a_recount_waits_until_another_detection_is_finished(counted: CountedTrends) -> None:
    counted.publish_jeans()
    pool = counted.records.event_log_storage
    pool.set_concurrency_slots("garment_detector", 1)
    assert pool.claim_concurrency_slot("garment_detector", "another run", "step").is_claimed

    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(recount, counted, KEYS[:1])
        time.sleep(2)
        during = counted.garments()[KEYS[0]]
        pool.free_concurrency_slots_for_run("another run")
        run.result()

    assert during == {"coat"}
    assert counted.garments()[KEYS[0]] == {"jeans"}
