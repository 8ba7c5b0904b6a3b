"""Reads failed runs and failed checks from Dagster's records, as alarms in their order."""

from collections.abc import Iterator
from typing import NamedTuple

import dagster as dg
from dagster._core.events import JobFailureData

from oott_assets.alarms.alarm import Alarm
from oott_assets.failure_rules import reason_in

# Dagster sets it when a run fails, and starts the run again.
_WILL_RETRY = "dagster/will_retry"

# A tick takes under a second for these, even if thousands wait.
_MAX_EVENTS = 200


class FailureNews(NamedTuple):
    """An event in the records: its number, and its alarm if it needs one."""

    record_id: int
    alarm: Alarm | None


def latest_record(records: dg.DagsterInstance) -> int:
    """Give the number of the newest event."""
    return records.event_log_storage.get_maximum_record_id() or 0


def failure_news(records: dg.DagsterInstance, after: int, ui_url: str) -> list[FailureNews]:
    """List the failures of runs and the results of checks after record ``after``, in order.

    A run that Dagster will start again gets no alarm. A check that only warns gets none either.
    """
    failed, failed_end = _events(records, dg.DagsterEventType.RUN_FAILURE, after)
    checked, checked_end = _events(records, dg.DagsterEventType.ASSET_CHECK_EVALUATION, after)
    end = min(failed_end, checked_end)
    return [
        FailureNews(record_id, _alarm_of(records, event, ui_url))
        for record_id, event in sorted((failed | checked).items())
        if record_id <= end
    ]


def _events(
    records: dg.DagsterInstance, kind: dg.DagsterEventType, after: int
) -> tuple[dict[int, dg.EventLogEntry], float]:
    """Read the next events of ``kind``, and the number up to which they are complete."""
    found = records.event_log_storage.get_logs_for_all_runs_by_log_id(
        after_cursor=after, dagster_event_type={kind}, limit=_MAX_EVENTS
    )
    return dict(found), max(found) if len(found) == _MAX_EVENTS else float("inf")


def _alarm_of(records: dg.DagsterInstance, entry: dg.EventLogEntry, ui_url: str) -> Alarm | None:
    event = entry.get_dagster_event()
    run = records.get_run_by_id(entry.run_id) if entry.run_id else None
    if event.event_type == dg.DagsterEventType.RUN_FAILURE:
        if run is None or is_retried(run):
            return None
        return Alarm.about(
            f"{name_of(run)} failed: {_reason_of(event)}", f"{ui_url}/runs/{run.run_id}"
        )
    return _check_alarm(event.asset_check_evaluation_data, run, ui_url)


def _reason_of(failure: dg.DagsterEvent) -> str:
    details = failure.event_specific_data
    step = details.first_step_failure_event if isinstance(details, JobFailureData) else None
    if step is None:
        # The process of the run could not start, or was killed.
        return (failure.message or "no reason is known").splitlines()[0]
    if reason := reason_in([step]):
        return reason
    # The text of an unexpected error may contain a secret, such as the URL of a database.
    error = step.step_failure_data.error
    cause = (error.cause or error) if error else None
    return f"unexpected {(cause.cls_name if cause else None) or 'error'} in step {step.step_key}"


def _check_alarm(
    check: dg.AssetCheckEvaluation, run: dg.DagsterRun | None, ui_url: str
) -> Alarm | None:
    if check.passed or check.severity != dg.AssetCheckSeverity.ERROR:
        return None
    asset = check.asset_key.to_user_string()
    partition = check.partition or (partition_of(run) if run else "")
    numbers = ", ".join(_numbers_of(check))
    sentence = f"check {check.check_name} of {asset}{_in_brackets(partition)} failed"
    link = f"runs/{run.run_id}" if run else f"assets/{'/'.join(check.asset_key.path)}?view=checks"
    return Alarm.about(f"{sentence}: {numbers}" if numbers else sentence, f"{ui_url}/{link}")


def _numbers_of(check: dg.AssetCheckEvaluation) -> Iterator[str]:
    for name, value in check.metadata.items():
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue):
            yield f"{name} {value.value}"


def is_retried(run: dg.DagsterRun) -> bool:
    """Say whether Dagster starts this failed run again."""
    return run.tags.get(_WILL_RETRY) == "true"


def name_of(run: dg.DagsterRun) -> str:
    """Name a run by its job or assets, and its partition."""
    # A run that a person starts for some assets has a job of Dagster's own.
    assets = sorted(key.to_user_string() for key in run.asset_selection or ())
    job = ", ".join(assets) if run.job_name.startswith("__") and assets else run.job_name
    return f"{job}{_in_brackets(partition_of(run))}"


def partition_of(run: dg.DagsterRun) -> str:
    """Give the partition of ``run``, or the first and last one of a range; empty if it has none."""
    first = run.tags.get("dagster/asset_partition_range_start")
    last = run.tags.get("dagster/asset_partition_range_end")
    return run.tags.get("dagster/partition") or (f"{first} to {last}" if first and last else "")


def _in_brackets(partition: str) -> str:
    return f" ({partition})" if partition else ""
