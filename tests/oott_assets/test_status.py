"""``python -m oott_assets.status`` finds what is wrong, and migrates nothing."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo

from oott_assets import status
from oott_assets.alarms.alarm_sensors import Progress
from oott_fashion.destinations import read_destinations
from oott_fashion.stores.trend_tables import TrendTables


@dg.job
def monthly_trends_job() -> None:
    """Never runs."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OOTT_HOME", str(tmp_path / "oott"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.delenv("OOTT_DATABASE_URL", raising=False)
    monkeypatch.delenv("OOTT_RECORDS_URL", raising=False)
    return tmp_path


@pytest.fixture
def records(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def run() -> Result:
    return CliRunner().invoke(status.main)


def texts(records: dg.DagsterInstance) -> list[str]:
    return [one.text for one in status.findings_in(records) if one.is_problem]


def test_a_status_without_a_problem_has_the_exit_code_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "PROBES", {"x": lambda: [status.Finding("stale", False)]})

    done = run()

    assert (done.exit_code, done.output) == (0, "note: stale\nno problem was found\n")


def test_a_home_where_nothing_has_run_is_a_problem_and_gets_no_records(home: Path) -> None:
    done = run()

    assert done.exit_code == 1
    assert "problem: Dagster has no records yet" in done.output
    assert "problem: trend database: " in done.output
    assert not (home / ".oott").exists()


def test_a_late_month_is_a_problem(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "oott").mkdir()
    tables = TrendTables.open(f"sqlite:///{home / 'oott' / 'trends.sqlite'}", read_destinations())
    tables.migrate()
    tables.close()
    monkeypatch.setattr(status, "due_month", lambda *_: date(2026, 9, 1))

    assert "problem: 2026-09 is late: " in run().output


def test_a_probe_without_an_answer_ends_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(status, "_PROBE_SECONDS", 0.1)
    monkeypatch.setattr(status, "PROBES", {"photo store": lambda: [ended.wait(20)]})

    done = run()
    ended.set()

    assert done.exit_code == 1
    assert done.output.startswith("problem: photo store: no answer within")


def test_an_unexpected_error_is_a_line_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[status.Finding]:
        raise RuntimeError("mysql://user:hunter2@db")

    monkeypatch.setattr(status, "PROBES", {"trend database": fail})

    assert run().output == "problem: trend database: unexpected RuntimeError\n"


def test_a_failed_run_is_a_problem_unless_dagster_starts_it_again(
    records: dg.DagsterInstance,
) -> None:
    for tags in ({"dagster/partition": "2026-09"}, {"dagster/will_retry": "true"}):
        failed = records.create_run_for_job(monthly_trends_job, tags=tags)
        records.report_run_failed(failed)

    [text] = [one for one in texts(records) if "failed in the last" in one]

    assert text.startswith("monthly_trends_job (2026-09) failed in the last 24 hours")


def test_stale_counts_are_a_note(records: dg.DagsterInstance) -> None:
    records.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("garment_trends"),
            check_name="counted_by_the_current_detector",
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"stale_partitions": 7},
        )
    )

    found = list(status.findings_in(records))

    assert status.Finding("partitions that an earlier detector counted: 7", False) in found


def test_a_failed_tick_and_alarms_that_wait_are_problems(records: dg.DagsterInstance) -> None:
    waiting = Progress(record_id=1).failed("the webhook answers 500", datetime(2026, 10, 2, 12))
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("oott"), "__repository__")
    state = InstigatorState(
        RemoteInstigatorOrigin(repository, "webhook_alarms_sensor"),
        InstigatorType.SENSOR,
        InstigatorStatus.RUNNING,
        SensorInstigatorData(cursor=waiting.model_dump_json()),
    )
    records.add_instigator_state(state)
    records.create_tick(
        TickData(
            state.instigator_origin_id,
            state.name,
            InstigatorType.SENSOR,
            TickStatus.FAILURE,
            datetime(2026, 10, 2, 12, tzinfo=UTC).timestamp(),
            selector_id=state.selector_id,
            error=SerializableErrorInfo("it failed", [], "RuntimeError"),
        )
    )

    found = texts(records)

    assert "the last tick of webhook_alarms_sensor failed at 2026-10-02 12:00 UTC" in found
    assert (
        "webhook_alarms_sensor delivers no alarms since 2026-10-02 12:00 UTC: "
        "the webhook answers 500" in found
    )


def test_a_daemon_without_a_heartbeat_is_a_problem(
    records: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "get_required_daemon_types", lambda: ["SENSOR", "SCHEDULER"])

    assert any("(SCHEDULER, SENSOR)" in text for text in texts(records))
