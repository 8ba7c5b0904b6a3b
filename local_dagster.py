"""Dagster's records on one machine: made once, and freed of runs that were killed.

``python local_dagster.py`` is what `make ui` does first; `make demo` opens them itself.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psutil

_GOING_ON = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])


@contextmanager
def opened() -> Iterator[dg.DagsterInstance]:
    """Open the records of DAGSTER_HOME, with every run failed whose process is gone.

    Dagster itself looks after the processes of its running code servers alone; what was killed
    beside them would go on for ever in its eyes, and keep others waiting for their turn.
    """
    # Two that make the records at once leave them with two histories of migrations.
    with _one_at_a_time(), dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(_GOING_ON):
            process = _process_of(instance, run.run_id)
            if process is not None and not psutil.pid_exists(process):
                instance.report_run_failed(run, f"process {process} of this run was killed")
    with dg.DagsterInstance.get() as instance:
        yield instance


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    lock = Path(os.environ["DAGSTER_HOME"]) / ".oott" / "dagster.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _process_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """Find the process that Dagster wrote down for a run, the latest if there were several."""
    processes = [
        int(str(event.dagster_event.engine_event_data.metadata["pid"].value))
        for event in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        if event.dagster_event and "pid" in event.dagster_event.engine_event_data.metadata
    ]
    return processes[-1] if processes else None


if __name__ == "__main__":
    with opened():
        pass
