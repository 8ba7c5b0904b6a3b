"""Opens Dagster's records (runs, events, logs) and marks killed runs as failed.

``make ui`` and ``make train`` run ``python -m oott_assets.dagster_records`` first; ``demo.py``
calls ``open_records``. Use it on one machine only: it looks for the processes of runs.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psutil
from filelock import FileLock

from oott_assets.photos.settings import PhotoSettings
from oott_assets.settings import TrendSettings
from oott_assets.training.settings import TrainingSettings
from oott_fashion.settings import BadSetting, read_settings

_UNFINISHED = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])


@contextmanager
def open_records() -> Iterator[dg.DagsterInstance]:
    """Open the records of DAGSTER_HOME, and fail every run whose process no longer exists.

    Dagster notices a dead run only while the code server that started it is alive. A run that was
    killed together with its server would stay "started" and would block the runs after it.
    """
    # The lock is needed, because two processes that create the records at the same time would
    # leave a broken migration history.
    with _lock(), dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(_UNFINISHED):
            process_id = _process_id_of(instance, run.run_id)
            if process_id is not None and not psutil.pid_exists(process_id):
                instance.report_run_failed(run, f"process {process_id} of this run was killed")
                instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    with dg.DagsterInstance.get() as instance:
        yield instance


def _lock() -> FileLock:
    file = Path(os.environ["DAGSTER_HOME"]) / ".oott" / "dagster.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(file)


def _process_id_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """Read the process id that Dagster recorded for a run; the last one if there are several."""
    process_ids = [
        int(str(event.dagster_event.engine_event_data.metadata["pid"].value))
        for event in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        if event.dagster_event and "pid" in event.dagster_event.engine_event_data.metadata
    ]
    return process_ids[-1] if process_ids else None


def main() -> None:
    """Open the records once, so that killed runs are marked as failed.

    A wrong or misspelt setting stops it with one sentence. Dagster itself would print a traceback.
    """
    argparse.ArgumentParser(description=__doc__).parse_args()
    try:
        for kind in (TrendSettings, PhotoSettings, TrainingSettings):
            read_settings(kind)
    except BadSetting as error:
        sys.exit(str(error))
    with open_records():
        pass


if __name__ == "__main__":
    main()
