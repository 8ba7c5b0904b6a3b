"""Killed runs in Dagster's records, with a real run that is killed."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psutil
import pytest
from dagster._core.launcher import WorkerStatus

from oott_assets.dagster_records import main, open_records
from oott_fashion.settings import BadSetting


@contextmanager
def running_demo(folder: Path) -> Iterator[None]:
    """Run a demo that takes a long time, and kill it at the end."""
    settings = {"OOTT_HOME": str(folder / "oott"), "OOTT_LOOKBOOK_PHOTOS": "2000"}
    demo = psutil.Popen([sys.executable, "demo.py"], env=os.environ | settings)
    try:
        yield
    finally:
        demo.kill()
        demo.wait()


def statuses() -> list[dg.DagsterRunStatus]:
    with dg.DagsterInstance.get() as instance:
        return [run.status for run in instance.get_runs()]


def claim_the_detector() -> None:
    """Let the only run hold the pool, as it does while it looks for garments."""
    with dg.DagsterInstance.get() as instance:
        [run] = instance.get_runs()
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default("garment_detector")
        assert storage.claim_concurrency_slot("garment_detector", run.run_id, "step").is_claimed


def detectors_at_work() -> int:
    with dg.DagsterInstance.get() as instance:
        return instance.event_log_storage.get_concurrency_info("garment_detector").active_slot_count


def health(records: dg.DagsterInstance) -> WorkerStatus:
    """Ask what Dagster's run monitoring asks for each started run."""
    [run] = records.get_runs()
    return records.run_launcher.check_run_worker_health(run).status


def test_opening_the_records_fails_a_killed_run_and_leaves_a_running_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setattr("oott_assets.instance.run_launcher._QUIET_SECONDS", 0)
    with running_demo(tmp_path):
        deadline = time.monotonic() + 60
        while not (tmp_path / "oott/photos/photos").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        with open_records() as records:
            assert statuses() == [dg.DagsterRunStatus.STARTED]
            assert health(records) is WorkerStatus.RUNNING
        claim_the_detector()
        with open_records():
            assert detectors_at_work() == 1

    assert statuses() == [dg.DagsterRunStatus.STARTED]
    with dg.DagsterInstance.get() as records:
        assert health(records) is WorkerStatus.NOT_FOUND
    with open_records():
        assert statuses() == [dg.DagsterRunStatus.FAILURE]
        assert detectors_at_work() == 0


def test_a_file_of_settings_that_is_not_utf8_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("OOTT_ENGINE_CORES=2", encoding="utf-16")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["dagster_records"])

    with pytest.raises(SystemExit, match=r"/\.env is not UTF-8 text; save the file as UTF-8"):
        main()


def test_misspelt_settings_are_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_PHOTO_SORCE", "folder")
    monkeypatch.setattr(sys, "argv", ["dagster_records"])

    with pytest.raises(SystemExit, match=r"^OOTT_PHOTO_SORCE is not a setting; did you mean "):
        main()


def test_records_in_a_database_need_a_home_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_RECORDS_URL", "mysql://user:secret@127.0.0.1/records")
    monkeypatch.delenv("DAGSTER_HOME")

    with pytest.raises(BadSetting, match="DAGSTER_HOME is not set"), open_records():
        pass
