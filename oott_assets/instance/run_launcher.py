"""Starts runs as Dagster does, and lets Dagster's run monitoring find runs that were killed."""

import time

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus

from oott_assets.instance.live_runs import is_alive

# A run that has just written an event may be about to take its lock, or has just released it.
_QUIET_SECONDS = 10


class RunLauncher(dg.DefaultRunLauncher):
    """Dagster's launcher cannot tell whether the process of a run is alive; this one can."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Look for the lock of the run; run monitoring fails a run that has none."""
        [latest] = self._instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
        quiet = time.time() - latest.event_log_entry.timestamp > _QUIET_SECONDS
        if quiet and not is_alive(run.run_id):
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its process was killed")
        return CheckRunHealthResult(WorkerStatus.RUNNING)
