"""Says whether OOTT works: ``make status``. The exit code is 1 if there is a problem.

It changes no tables, and needs no running Dagster. Each probe ends within 10 seconds.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click
import dagster as dg
from dagster._core.scheduler.instigation import (
    InstigatorState,
    SensorInstigatorData,
    TickStatus,
)

from oott_assets.alarms.alarm_sensors import ALARM_SENSORS, Progress
from oott_assets.alarms.failure_alarms import is_retried, name_of
from oott_assets.alarms.settings import AlarmSettings
from oott_assets.dagster_records import readable_denials
from oott_assets.instance.records_place import records_folder, records_url
from oott_assets.partitions import destinations
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.time_limits import within
from oott_assets.trends.late_months import due_month, late_sentence, uncounted_destinations
from oott_assets.trends.stale_counts import STALE_CHECK
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import StoreMisconfigured, StoreUnreachable
from oott_fashion.stores.trend_tables import TrendDatabaseError, TrendTables

_PROBE_SECONDS = 10.0
_RECENT = timedelta(hours=24)
_MAX_RUNS = 20
_EXPECTED = (BadSetting, StoreMisconfigured, StoreUnreachable, TrendDatabaseError)


class Finding(NamedTuple):
    """A line of the status; a note is no problem."""

    text: str
    is_problem: bool = True


Probe = Callable[[], Iterable[Finding]]


@click.command(help=__doc__)
def main() -> None:
    """Print a line for each finding."""
    found = [one for name, probe in PROBES.items() for one in _findings(name, probe)]
    for finding in found:
        click.echo(f"{'problem' if finding.is_problem else 'note'}: {finding.text}")
    if any(finding.is_problem for finding in found):
        raise SystemExit(1)
    click.echo("no problem was found")


def _findings(name: str, probe: Probe) -> list[Finding]:
    try:
        return within(_PROBE_SECONDS, lambda: list(probe()))
    except TimeoutError:
        return [Finding(f"{name}: no answer within {_PROBE_SECONDS:.0f} seconds")]
    except _EXPECTED as error:
        return [Finding(f"{name}: {' '.join(str(error).split())}")]
    except Exception as error:  # noqa: BLE001 - a cron needs a line, and the text may hold a secret
        return [Finding(f"{name}: unexpected {type(error).__name__}")]


def _photo_store() -> Iterator[Finding]:
    PhotoStore.of(read_settings(PhotoSettings)).forgotten()
    yield from ()


def _trend_database() -> Iterator[Finding]:
    settings = read_settings(AlarmSettings)
    # A status must not migrate the database, so it does not use the resource TrendDatabase.
    tables = TrendTables.open(settings.trend_database_url, destinations)
    try:
        tables.check_connection()
        month = due_month(datetime.now(ZoneInfo(settings.timezone)), settings.late_on_day)
        if month is not None and (uncounted := uncounted_destinations(tables, month)):
            yield Finding(late_sentence(month, uncounted))
    finally:
        tables.close()


def _records() -> Iterator[Finding]:
    if records_url() is None and not records_folder().exists():
        yield Finding("Dagster has no records yet; start it, for instance with make ui")
        return
    with readable_denials(), dg.DagsterInstance.get() as records:
        yield from findings_in(records)


PROBES: dict[str, Probe] = {
    "photo store": _photo_store,
    "trend database": _trend_database,
    "Dagster's records": _records,
}


def findings_in(records: dg.DagsterInstance) -> Iterator[Finding]:
    """Read the daemons, ticks, alarms, failed runs and stale counts from Dagster's records."""
    daemons = records.get_daemon_statuses().values()
    if silent := sorted(one.daemon_type for one in daemons if one.required and not one.healthy):
        yield Finding(f"Dagster's daemon does not work ({', '.join(silent)}); start it")
    for state in sorted(records.all_instigator_state(), key=lambda one: one.name):
        if state.is_running:
            yield from _tick_findings(records, state)
    yield from _failed_runs(records)
    yield from _stale_counts(records)


def _tick_findings(records: dg.DagsterInstance, state: InstigatorState) -> Iterator[Finding]:
    ticks = records.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
    if ticks:
        when = f"{datetime.fromtimestamp(ticks[0].timestamp, UTC):%Y-%m-%d %H:%M} UTC"
        if ticks[0].status == TickStatus.FAILURE:
            yield Finding(f"the last tick of {state.name} failed at {when}")
        elif state.instigator_type.value == "SCHEDULE":
            yield Finding(f"the last tick of {state.name} was at {when}", is_problem=False)
    data = state.instigator_data
    if state.name in {sensor.name for sensor in ALARM_SENSORS}:
        progress = Progress.read(data.cursor if isinstance(data, SensorInstigatorData) else None)
        if progress is not None and progress.failing_since is not None:
            yield Finding(
                f"{state.name} delivers no alarms since {progress.failing_since:%Y-%m-%d %H:%M} "
                f"UTC: {progress.problem}"
            )


def _failed_runs(records: dg.DagsterInstance) -> Iterator[Finding]:
    recent = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE], updated_after=datetime.now(UTC) - _RECENT
    )
    failed = [run for run in records.get_runs(recent) if not is_retried(run)]
    for run in failed[:_MAX_RUNS]:
        yield Finding(f"{name_of(run)} failed in the last 24 hours, in run {run.run_id}")
    if more := len(failed[_MAX_RUNS:]):
        yield Finding(f"{more} more runs failed in the last 24 hours")


def _stale_counts(records: dg.DagsterInstance) -> Iterator[Finding]:
    found = records.event_log_storage.get_latest_asset_check_execution_by_key([STALE_CHECK])
    evaluation = found[STALE_CHECK].evaluation if STALE_CHECK in found else None
    stale = evaluation.metadata.get("stale_partitions") if evaluation else None
    if isinstance(stale, dg.IntMetadataValue) and stale.value:
        text = f"partitions that an earlier detector counted: {stale.value}"
        yield Finding(text, is_problem=False)


if __name__ == "__main__":
    main()
