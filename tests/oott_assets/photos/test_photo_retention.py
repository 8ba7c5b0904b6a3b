"""Photos are deleted after the retention period; their detections and counts stay."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

import dagster as dg
import pytest

from oott_assets.definitions import configured_resources, defs
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import StoredMonth
from oott_fashion.stores.blobs import StoreUnreachable
from tests.oott_assets.label_pipeline import batches, choose_photos, collect, copies, tasks_in
from tests.oott_assets.trends_pipeline import OCTOBER, SEPTEMBER, TrendsPipeline, attempts, failures
from tests.stored_months import write_manifest

NOW = datetime.now(UTC)


@pytest.fixture
def records(tmp_path: Path) -> dg.DagsterInstance:
    (tmp_path / "records").mkdir()
    quiet = {"telemetry": {"enabled": False}}
    return dg.DagsterInstance.local_temp(str(tmp_path / "records"), overrides=quiet)


def age(trends_pipeline: TrendsPipeline, days: float) -> None:
    """Make September's photos look as if they were fetched ``days`` days ago."""
    stored = trends_pipeline.stored()
    aged = NOW - timedelta(days=days)
    write_manifest(stored, [row._replace(fetched_at=aged) for row in stored.manifest()])


def sweep(records: dg.DagsterInstance | None = None) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def("photo_retention_job").execute_in_process(
        instance=records, resources=configured_resources(), raise_on_error=False
    )


class Clock:
    """The class ``datetime`` at another time."""

    def __init__(self, time: datetime) -> None:
        self._time = time
        self.min = datetime.min

    def now(self, _zone: tzinfo) -> datetime:
        return self._time


def pictures(tmp_path: Path) -> list[Path]:
    """List the pictures of the recorded runs."""
    return list((tmp_path / "records").rglob("pictures/*.out"))


def photo_files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "home/photos/photos").rglob("*") if path.is_file()]


def test_old_photos_are_deleted_and_detections_and_counts_stay(
    trends_pipeline: TrendsPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_RETENTION_DAYS", "30")
    trends_pipeline.run()
    rows, detections = trends_pipeline.rows(), trends_pipeline.detections()
    age(trends_pipeline, days=31)

    assert sweep().success

    assert photo_files(tmp_path) == []
    assert {row.state for row in trends_pipeline.manifest()} == {"deleted"}
    assert (trends_pipeline.rows(), trends_pipeline.detections()) == (rows, detections)


def test_copies_of_old_photos_that_were_chosen_for_labelling_are_deleted(
    trends_pipeline: TrendsPipeline, records: dg.DagsterInstance
) -> None:
    collect(trends_pipeline, "hongdae", SEPTEMBER)
    collect(trends_pipeline, "hongdae", OCTOBER)
    choose_photos(records, photos=8)
    age(trends_pipeline, days=366)

    assert sweep(records).success

    [batch] = batches()
    assert {task["data"]["month"] for task in tasks_in(batch)} == {"2026-10"}
    assert len(copies()) == 4
    [record] = records.fetch_materializations(dg.AssetKey("label_tasks"), limit=10).records
    assert record.asset_materialization
    assert "data:image" not in str(record.asset_materialization.metadata)


def test_recent_photos_stay(
    trends_pipeline: TrendsPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_RETENTION_DAYS", "30")
    trends_pipeline.run(only="instagram_images")
    age(trends_pipeline, days=29)

    sweep()

    assert len(photo_files(tmp_path)) == 4


def test_zero_days_keep_photos_forever(
    trends_pipeline: TrendsPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_RETENTION_DAYS", "0")
    trends_pipeline.run(only="instagram_images")
    age(trends_pipeline, days=10_000)

    assert sweep().success

    assert len(photo_files(tmp_path)) == 4


def test_a_deleted_month_is_not_detected_again_and_its_detections_stay(
    trends_pipeline: TrendsPipeline,
) -> None:
    trends_pipeline.run()
    before = trends_pipeline.detections()
    age(trends_pipeline, days=366)
    sweep()

    [failure] = failures(trends_pipeline.run(only="garment_detections"))

    assert failure.startswith("4 photos of hongdae in 2026-09 were deleted after")
    assert trends_pipeline.detections() == before


def test_a_deleted_month_can_be_collected_again(
    trends_pipeline: TrendsPipeline, tmp_path: Path
) -> None:
    trends_pipeline.run()
    age(trends_pipeline, days=366)
    sweep()

    assert trends_pipeline.run().success
    assert len(photo_files(tmp_path)) == 4


def test_photos_left_by_a_killed_run_are_deleted(
    trends_pipeline: TrendsPipeline, tmp_path: Path
) -> None:
    trends_pipeline.run(only="instagram_images")
    stray = tmp_path / "home/photos/photos/hongdae/2026-09" / ("f" * 64)
    stray.write_bytes(b"a face")

    sweep()

    assert not stray.exists()
    assert len(photo_files(tmp_path)) == 4


def test_a_locked_month_is_skipped_until_the_next_sweep(trends_pipeline: TrendsPipeline) -> None:
    trends_pipeline.run(only="instagram_images")
    age(trends_pipeline, days=366)

    with trends_pipeline.stored().locked():
        assert sweep().success
    assert trends_pipeline.manifest()[0].state == "kept"
    assert sweep().success
    assert trends_pipeline.manifest()[0].state == "deleted"


def test_recorded_runs_that_show_deleted_photos_are_deleted_and_others_stay(
    trends_pipeline: TrendsPipeline, records: dg.DagsterInstance, tmp_path: Path
) -> None:
    for month in (SEPTEMBER, OCTOBER):
        trends_pipeline.run(month=month, records=records)
    assert len(pictures(tmp_path)) == 6
    age(trends_pipeline, days=366)

    sweep(records)

    assert len(pictures(tmp_path)) == 3
    asset = dg.AssetKey("instagram_images")
    shown = {
        record.partition_key: str(record.asset_materialization.metadata["contact_sheet"].value)
        for record in records.fetch_materializations(asset, limit=10).records
        if record.asset_materialization
    }
    assert shown["hongdae|2026-09"] == "its photos were deleted"
    assert "/logs/" in shown["hongdae|2026-10"]


def test_old_runs_are_deleted_except_the_latest_of_each_partition(
    trends_pipeline: TrendsPipeline,
    records: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = [
        trends_pipeline.run(month=month, records=records) for month in (SEPTEMBER, OCTOBER, OCTOBER)
    ]
    sweep(records)
    assert len(records.get_runs()) == 4
    in_181_days = NOW + timedelta(days=181)
    monkeypatch.setattr("oott_assets.photos.photo_retention.datetime", Clock(in_181_days))

    assert sweep(records).success

    left = {run.run_id for run in records.get_runs() if run.job_name == "monthly_trends_job"}
    assert left == {runs[0].run_id, runs[2].run_id}
    assert {picture.parts[-3] for picture in pictures(tmp_path)} == left


def test_the_sweep_after_an_interrupted_one_hides_the_deleted_photos_in_dagster(
    trends_pipeline: TrendsPipeline, records: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends_pipeline.run(records=records)
    age(trends_pipeline, days=366)

    def cut(_stored: StoredMonth) -> int:
        raise RuntimeError("the machine went down")

    with monkeypatch.context() as cutting:
        cutting.setattr(StoredMonth, "delete_unlisted", cut)
        assert not sweep(records).success
    assert sweep(records).success

    for asset in ("instagram_images", "garment_detections"):
        for record in records.fetch_materializations(dg.AssetKey(asset), limit=10).records:
            assert record.asset_materialization
            sheet = record.asset_materialization.metadata["contact_sheet"].value
            assert sheet == "its photos were deleted"


def test_an_unreadable_manifest_fails_the_sweep_after_all_other_months(
    trends_pipeline: TrendsPipeline, tmp_path: Path
) -> None:
    trends_pipeline.run(only="instagram_images")
    age(trends_pipeline, days=366)
    (tmp_path / "home/photos/manifests/hongdae/2026-08.parquet").write_bytes(b"not parquet")

    [failure] = failures(sweep())

    assert failure.startswith("the photos of 1 months could not be checked: hongdae 2026-08")
    assert photo_files(tmp_path) == []


def test_the_sweep_runs_every_night_by_default() -> None:
    schedule = defs.resolve_schedule_def("photo_retention_schedule")

    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.cron_schedule == "0 1 * * *"


def test_a_sweep_is_retried_if_the_store_is_unreachable(
    trends_pipeline: TrendsPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends_pipeline.run(only="instagram_images")
    age(trends_pipeline, days=366)
    months, errors = PhotoStore.months, [StoreUnreachable("gs://photos cannot be reached")]

    def months_after_the_errors(store: PhotoStore) -> list[tuple[str, date]]:
        if errors:
            raise errors.pop()
        return months(store)

    monkeypatch.setattr(PhotoStore, "months", months_after_the_errors)
    run = sweep()

    assert run.success
    assert attempts(run, "delete_old_photos") == 2
    assert photo_files(tmp_path) == []
