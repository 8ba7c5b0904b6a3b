"""The command behind ``make backfill``."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from oott_assets.backfill import main
from oott_assets.backfills import STARTED_BY
from oott_assets.definitions import configured_resources, defs
from oott_assets.garment_detector import GarmentDetector
from oott_assets.photo_readers import PhotoReaders
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.opened_detector import OpenedDetector
from tests.oott_assets.recounted_pipeline import COUNTED, KEYS, CountedTrends, counted, counted_once
from tests.oott_assets.sensor_ticks import unfinished_run
from tests.oott_assets.trends_pipeline import OCTOBER, SEPTEMBER, failures

__all__ = ["counted", "counted_once"]


@pytest.fixture(autouse=True)
def no_month_is_due(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only one test estimate months, because a trend page takes seconds."""
    if request.node.name != "test_months_are_estimated_after_their_recount":
        monkeypatch.setattr("oott_assets.backfill.due_months", lambda _tables: {})


def backfill(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def lines_of(ended: Result) -> list[str]:
    """Give the printed lines without seconds."""
    return [re.sub(r"\d+\.\d s", "... s", line) for line in ended.output.splitlines()]


def test_stale_partitions_are_counted_again_the_newest_month_first(counted: CountedTrends) -> None:
    counted.publish_jeans()

    ended = backfill()

    assert ended.exit_code == 0
    assert lines_of(ended) == [
        "1 of 3: hongdae 2026-10: counted again in ... s",
        "2 of 3: hongdae 2026-09: counted again in ... s",
        "3 of 3: haeundae 2026-09: counted again in ... s",
    ]
    assert counted.garments() == {key: {"jeans"} for key in KEYS}


def test_what_the_current_detector_has_counted_is_skipped_unless_all_is_wanted(
    counted: CountedTrends,
) -> None:
    jeans = counted.publish_jeans().version
    assert backfill("--from", "2026-10").exit_code == 0

    again = backfill("--from", "2026-10")
    every = backfill("--from", "2026-10", "--all")

    assert lines_of(again) == [f"nothing to count: the current detector is {jeans}"]
    assert lines_of(every) == ["1 of 1: hongdae 2026-10: counted again in ... s"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--to", "2026-09", "--destination", "hongdae"], KEYS[1:2]),
        (["--to", "2026-09", "--destination", "해운대"], KEYS[2:]),
        (["--to", "2026-09", "--destination", "hongdae,haeundae"], KEYS[1:]),
    ],
)
def test_only_the_wanted_months_and_destination_are_counted(
    counted: CountedTrends, words: list[str], expected: list[str]
) -> None:
    counted.publish_jeans()

    assert backfill(*words).exit_code == 0

    assert [key for key, seen in counted.garments().items() if seen == {"jeans"}] == expected


def test_counts_of_deleted_photos_stay_and_are_listed(counted: CountedTrends) -> None:
    counted.publish_jeans()
    counted.delete_photos("hongdae", SEPTEMBER)

    ended = backfill("--destination", "hongdae")

    assert ended.exit_code == 0
    assert "hongdae 2026-09: it keeps its counts, because its photos were deleted" in ended.output
    assert counted.garments()[KEYS[1]] == {"coat"}


@pytest.mark.usefixtures("without_delays")
def test_a_failed_partition_does_not_stop_the_others_and_the_next_call_goes_on(
    counted: CountedTrends,
) -> None:
    counted.publish_jeans()

    with counted.pipeline.stored("hongdae", SEPTEMBER).locked():
        first = backfill()
    second = backfill()

    assert first.exit_code == 1
    assert "hongdae 2026-09: failed: " in first.output
    assert "is locked by process" in first.output
    assert first.output.endswith("Error: 1 of them are left; run this again later\n")
    assert lines_of(second) == ["1 of 1: hongdae 2026-09: counted again in ... s"]


def test_a_partition_with_another_run_is_left(counted: CountedTrends) -> None:
    counted.publish_jeans()
    unfinished_run(counted.records, KEYS[0], dg.DagsterRunStatus.QUEUED)

    ended = backfill("--from", "2026-10")

    assert ended.exit_code == 1
    assert "hongdae 2026-10: another run of it waits or works; run this again" in ended.output
    assert counted.garments()[KEYS[0]] == {"coat"}


def test_months_are_estimated_after_their_recount(counted: CountedTrends) -> None:
    counted.publish_jeans()

    first = backfill("--from", "2026-10")
    second = backfill("--from", "2026-10")

    assert first.exit_code == 0
    assert lines_of(first)[1:] == [
        "1 of 2: 2026-09: estimated again in ... s",
        "2 of 2: 2026-10: estimated again in ... s",
    ]
    with TrendDatabase().tables() as tables:
        assert tables.estimated_months() == [SEPTEMBER, OCTOBER]
    assert len(lines_of(second)) == 1


def test_the_check_is_evaluated_at_the_end(counted: CountedTrends) -> None:
    counted.publish_jeans()
    backfill("--to", "2026-09")

    check = dg.AssetCheckKey(dg.AssetKey("garment_trends"), "counted_by_the_current_detector")
    [last] = counted.records.event_log_storage.get_asset_check_execution_history(check, limit=1)

    assert last.event
    assert last.event.dagster_event
    evaluation = last.event.dagster_event.asset_check_evaluation_data
    assert evaluation.metadata["stale_partitions"].value == 1


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "2026"], "'2026' is not a month; write YYYY-MM"),
        (["--destination", "atlantis"], "is not a destination; expected one of hongdae"),
    ],
)
def test_a_wrong_option_is_explained(words: list[str], message: str) -> None:
    ended = backfill(*words)

    assert ended.exit_code == 2
    assert message in ended.output


@pytest.mark.usefixtures("counted")
def test_a_missing_detector_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OOTT_MODEL_STORE", str(tmp_path / "empty"))

    ended = backfill()

    assert ended.exit_code == 1
    assert "no detector is published" in ended.output


def test_nothing_is_counted_again_by_an_earlier_detector_if_the_current_one_is_damaged(
    counted: CountedTrends,
) -> None:
    counted.publish_jeans().onnx.write_bytes(b"half")

    ended = backfill()

    assert ended.exit_code == 1
    assert "is damaged" in ended.output
    assert ended.output.endswith("; so nothing was counted again\n")


def test_make_passes_its_variables_on() -> None:
    # Under `make test`, make would also print the folder that it enters.
    dry_run = ["make", "-n", "--no-print-directory", "-o", ".venv/base", "backfill"]
    variables = ["FROM=2026-01", "TO=2026-06", "DESTINATION=hongdae", "COLLECT=1", "ALL=1"]

    printed = subprocess.run(
        [*dry_run, *variables], capture_output=True, text=True, check=True
    ).stdout

    assert " ".join(printed.replace("\\\n", " ").split()) == (
        ".venv/bin/python -m oott_assets.backfill "
        '--from "2026-01" --to "2026-06" --destination "hongdae" --collect --all'
    )


def test_stored_photos_that_nobody_has_counted_are_counted(
    counted: CountedTrends, tmp_path: Path
) -> None:
    expected = counted.garments()
    (tmp_path / "home/trends.sqlite").unlink()

    ended = backfill()

    assert lines_of(ended)[0] == "1 of 3: hongdae 2026-10: counted in ... s"
    assert counted.garments() == expected


def test_photos_are_collected_first_if_that_is_wanted(
    counted: CountedTrends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "lookbook")
    monkeypatch.setenv("OOTT_LOOKBOOK_PHOTOS", "1")
    wanted = ["--collect", "--from", "2026-10", "--to", "2026-10", "--destination"]

    first, again = backfill(*wanted, "haeundae"), backfill(*wanted, "haeundae")

    assert lines_of(first) == ["1 of 1: haeundae 2026-10: counted in ... s"]
    assert len(counted.pipeline.manifest("haeundae", OCTOBER)) == 1
    assert "nothing to count" in again.output


@pytest.mark.usefixtures("counted")
def test_the_source_is_not_asked_for_all_months_by_mistake() -> None:
    ended = backfill("--collect")

    assert ended.exit_code == 2
    assert "--collect needs --from" in ended.output


def month_run(
    counted: CountedTrends, month: str, config: Mapping[str, object] | None = None
) -> dg.ExecuteInProcessResult:
    """Run backfill_job as the Dagster UI would."""
    return defs.resolve_job_def("backfill_job").execute_in_process(
        partition_key=month,
        resources=configured_resources(),
        instance=counted.records,
        raise_on_error=False,
        run_config={
            "ops": {"count_destinations": {"config": dict(config or {})}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
    )


def runs_of(counted: CountedTrends, started_by: dg.ExecuteInProcessResult) -> list[str]:
    runs = counted.records.get_runs(dg.RunsFilter(tags={STARTED_BY: started_by.run_id}))
    assert all(run.status == dg.DagsterRunStatus.SUCCESS for run in runs)
    return sorted(run.tags["dagster/partition"] for run in runs)


def test_a_month_of_the_job_counts_all_its_destinations_each_in_its_own_run(
    counted: CountedTrends,
) -> None:
    counted.publish_jeans()

    first, again = month_run(counted, "2026-09"), month_run(counted, "2026-09")

    assert first.success
    assert again.success
    assert runs_of(counted, first) == sorted(KEYS[1:])
    assert runs_of(counted, again) == []
    assert list(counted.garments().values()) == [{"coat"}, {"jeans"}, {"jeans"}]


def test_the_job_counts_only_the_destinations_of_its_config(counted: CountedTrends) -> None:
    config = {"destinations": ["hongdae"], "current_ones_too": True}

    run = month_run(counted, "2026-09", config)

    assert runs_of(counted, run) == KEYS[1:2]


@pytest.mark.usefixtures("without_delays")
def test_the_job_fails_at_its_end_and_names_what_is_left(counted: CountedTrends) -> None:
    counted.publish_jeans()

    with counted.pipeline.stored("hongdae", SEPTEMBER).locked():
        run = month_run(counted, "2026-09")

    [sentence] = failures(run)
    assert sentence.startswith("1 are left: hongdae 2026-09: failed: ")
    assert list(counted.garments().values()) == [{"coat"}, {"coat"}, {"jeans"}]


def test_a_backfill_that_was_killed_goes_on_where_it_was(counted: CountedTrends) -> None:
    counted.publish_jeans()
    status, killed = dg.DagsterRunStatus.STARTED, {STARTED_BY: "00000000-killed"}
    unfinished_run(counted.records, KEYS[1], status, killed)

    assert month_run(counted, "2026-09").success

    assert list(counted.garments().values()) == [{"coat"}, {"jeans"}, {"jeans"}]


def test_a_detector_that_is_published_in_a_backfill_counts_whole_partitions(
    counted: CountedTrends, monkeypatch: pytest.MonkeyPatch
) -> None:
    coat = counted.coat.version
    published: list[str] = []
    readers = GarmentDetector.readers

    def publish_while_the_first_partition_is_read(
        self: GarmentDetector, opened: OpenedDetector
    ) -> PhotoReaders:
        if not published:
            published.append(counted.publish_jeans().version)
        return readers(self, opened)

    monkeypatch.setattr(GarmentDetector, "readers", publish_while_the_first_partition_is_read)
    assert backfill("--all", "--destination", "hongdae").exit_code == 0

    [jeans] = published
    assert [counted.garments()[key] for key in KEYS[:2]] == [{"coat"}, {"jeans"}]
    with TrendDatabase().tables() as tables:
        versions = [tables.coverages("crawl")[one].detector_version for one in COUNTED[:2]]
    assert versions == [coat, jeans]
