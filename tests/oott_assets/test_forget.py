"""A forgotten post is removed everywhere and is never collected again."""

import unicodedata
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from oott_assets.definitions import configured_resources, defs
from oott_assets.forget import PostToForget, main
from tests.oott_assets.label_pipeline import batches, choose_photos, collect, copies, tasks_in
from tests.oott_assets.trends_pipeline import SEPTEMBER, TrendsPipeline, save_photo

LOOK = "look-0001.jpg"


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    """Give Dagster's records in a new folder, which DAGSTER_HOME names."""
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return dg.DagsterInstance.get()


def forget(shortcode: str) -> str:
    result = CliRunner().invoke(main, [shortcode], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def contents(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def test_a_forgotten_post_leaves_photos_manifest_counts_and_pages_and_does_not_come_back(
    trends_pipeline: TrendsPipeline, records: dg.DagsterInstance, tmp_path: Path
) -> None:
    trends_pipeline.run(records=records)
    [gone] = [row.sha256 for row in trends_pipeline.manifest() if row.shortcode == LOOK]
    worn = sum(row.worn for row in trends_pipeline.rows())
    seen = {photo.sha256: len(photo.garments) for photo in trends_pipeline.detections().photos}

    output = forget(LOOK)

    assert "removed from hongdae 2026-09: 1 photo of the post, 0 photos of others" in output
    assert LOOK not in [row.shortcode for row in trends_pipeline.manifest()]
    assert gone not in [photo.sha256 for photo in trends_pipeline.detections().photos]
    assert sum(row.worn for row in trends_pipeline.rows()) == worn - seen[str(gone)]
    assert not (tmp_path / "home/photos/photos/hongdae/2026-09" / str(gone)).exists()
    assert LOOK.encode() not in contents(tmp_path / "home/photos")
    for asset in ("garment_trends", "outfit_trends"):
        assert records.get_materialized_partitions(dg.AssetKey(asset)) == {"hongdae|2026-09"}
    for asset in ("instagram_images", "garment_detections"):
        [record] = records.fetch_materializations(dg.AssetKey(asset), limit=10).records
        assert record.asset_materialization
        sheet = record.asset_materialization.metadata["contact_sheet"].value
        assert sheet == "a post on it was removed"

    trends_pipeline.run(only="instagram_images")

    assert LOOK not in [row.shortcode for row in trends_pipeline.manifest()]
    assert len(trends_pipeline.manifest()) == 3


def test_a_post_can_be_forgotten_by_a_job(
    trends_pipeline: TrendsPipeline, records: dg.DagsterInstance
) -> None:
    trends_pipeline.run(only="instagram_images")
    config = dg.RunConfig({"forget_post": PostToForget(post=LOOK)})

    run = defs.resolve_job_def("forget_job").execute_in_process(
        config, instance=records, resources=configured_resources()
    )

    assert run.success
    assert LOOK not in [row.shortcode for row in trends_pipeline.manifest()]


def test_nothing_is_removed_while_the_month_is_collected(
    trends_pipeline: TrendsPipeline, records: dg.DagsterInstance
) -> None:
    trends_pipeline.run(only="instagram_images")
    with trends_pipeline.stored().locked():
        locked = CliRunner().invoke(main, [LOOK])
    run = records.create_run_for_job(
        defs.resolve_job_def("monthly_trends_job"),
        status=dg.DagsterRunStatus.STARTED,
        tags={"dagster/partition": "hongdae|2026-09"},
    )
    running = CliRunner().invoke(main, [LOOK])

    assert locked.exit_code == running.exit_code == 1
    assert "then run this again" in locked.output
    assert "is still running; wait until it ends" in running.output
    assert LOOK in [row.shortcode for row in trends_pipeline.manifest()]
    assert LOOK in trends_pipeline.photo_store.forgotten()
    records.report_run_canceled(run)
    assert "removed from" in forget(LOOK)


@pytest.mark.usefixtures("records")
def test_an_unreadable_manifest_is_reported_after_the_other_months(
    trends_pipeline: TrendsPipeline, tmp_path: Path
) -> None:
    trends_pipeline.run(only="instagram_images")
    manifests = tmp_path / "home/photos/manifests/hongdae"
    (manifests / "2026-08.parquet").write_bytes(b"not parquet")
    (manifests / "Thumbs.db").write_bytes(b"written by a file manager")

    result = CliRunner().invoke(main, [LOOK])

    assert result.exit_code == 1
    assert "hongdae 2026-08" in result.output
    assert LOOK not in [row.shortcode for row in trends_pipeline.manifest()]


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize(
    "given", ["-ABC_1", "https://www.instagram.com/p/-ABC_1/?img_index=2", "/reel/-ABC_1/"]
)
def test_a_post_can_be_given_by_shortcode_or_address(
    trends_pipeline: TrendsPipeline, given: str
) -> None:
    assert "-ABC_1 will not be collected again" in forget(given)
    assert "-ABC_1" in trends_pipeline.photo_store.forgotten()


@pytest.mark.usefixtures("records")
def test_a_file_name_is_found_in_any_unicode_normal_form(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    save_photo(photos_folder / unicodedata.normalize("NFD", "홍대/2026-09/가.jpg"))
    trends_pipeline.run(only="instagram_images")

    assert "removed from hongdae 2026-09" in forget("홍대/2026-09/가.jpg")
    assert trends_pipeline.manifest() == []


@pytest.mark.usefixtures("trends_pipeline")
def test_missing_records_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "nowhere")

    result = CliRunner().invoke(main, [LOOK])

    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "DAGSTER_HOME" in result.output


def test_a_forgotten_photo_is_removed_from_the_photos_to_label(
    trends_pipeline: TrendsPipeline, records: dg.DagsterInstance
) -> None:
    collect(trends_pipeline, "hongdae", SEPTEMBER)
    [gone] = [row.sha256 for row in trends_pipeline.manifest() if row.shortcode == LOOK]
    choose_photos(records, photos=8)
    run = records.create_run_for_job(
        defs.resolve_job_def("label_tasks_job"),
        status=dg.DagsterRunStatus.STARTED,
        asset_selection=frozenset([dg.AssetKey("label_tasks")]),
    )

    result = CliRunner().invoke(main, [LOOK])

    assert result.exit_code == 1
    assert "of label_tasks is still running; wait until it ends; then run this again" in (
        result.output
    )
    assert len(copies()) == 4
    records.report_run_canceled(run)
    assert "1 photo; delete the tasks in Label Studio, too" in forget(LOOK)
    [batch] = batches()
    left = {task["data"]["sha256"] for task in tasks_in(batch)}
    assert len(left) == len(copies()) == 3
    assert str(gone) not in "".join(map(str, [*left, *copies()]))
    for record in records.fetch_materializations(dg.AssetKey("label_tasks"), limit=10).records:
        assert record.asset_materialization
        sheet = record.asset_materialization.metadata["contact_sheet"].value
        assert sheet == "photos on it were deleted"
