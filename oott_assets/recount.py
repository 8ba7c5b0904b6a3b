"""Counts stored photos again, with the current detector: ``make recount FROM=2026-01 TO=2026-06``.

It counts only what another detector has counted, and asks no photo source. Then it estimates all
months that use these counts. If it is stopped, run it again: it goes on with what is left.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

import click
import dagster as dg

from oott_assets.dagster_records import open_records
from oott_assets.data_versions import report_current_detector
from oott_assets.failure_rules import reason_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import destinations
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.trends.due_estimates import due_months
from oott_assets.trends.stale_counts import (
    CountedPartition,
    counted_partitions,
    evaluation_of,
    stale_partitions,
    unfinished_runs,
    why_not_recountable,
)
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.destinations import UnknownPlace
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import StoreMisconfigured, StoreUnreachable
from oott_fashion.stores.detector_card import BadDetector
from oott_fashion.stores.model_store import NoDetector
from oott_fashion.stores.trend_tables import TrendDatabaseError

_EXPECTED = (
    BadDetector,
    BadSetting,
    NoDetector,
    StoreMisconfigured,
    StoreUnreachable,
    TrendDatabaseError,
    dg.DagsterInvariantViolationError,  # raised if DAGSTER_HOME is not a folder
)


class Wanted(NamedTuple):
    """The months and the destination to count again; None is no limit."""

    first: date | None
    last: date | None
    destination: str | None
    current_ones_too: bool

    def partitions(self, version: str) -> list[CountedPartition]:
        """List the wanted partitions that are in the tables, the newest month first."""
        with TrendDatabase().tables() as tables:
            counted = counted_partitions(tables)
        return [
            one
            for one in counted
            if (self.current_ones_too or one.detector_version != version)
            and (self.first is None or self.first <= one.partition.month)
            and (self.last is None or one.partition.month <= self.last)
            and self.destination in (None, one.partition.destination.slug)
        ]


class Outcome(NamedTuple):
    """What happened to a partition, as text; and whether it is done, or can never be done."""

    text: str
    is_done: bool = True


def recount(
    partitions: Sequence[CountedPartition], records: dg.DagsterInstance, photo_store: PhotoStore
) -> Iterator[Outcome]:
    """Count each partition again in this process, and say what happened."""
    for one in partitions:
        if why := why_not_recountable(photo_store, one):
            yield Outcome(f"it keeps its counts, because {why}")
        elif one.key in unfinished_runs(records):
            yield Outcome("another run of it waits or works; run this again after it", False)
        else:
            started = time.monotonic()
            problem = _problem_of("recount_job", one.key, records)
            yield _outcome_of(problem, "counted again", started)


def estimate(months: Iterable[date], records: dg.DagsterInstance) -> Iterator[Outcome]:
    """Estimate each month again in this process, write its page, and say what happened."""
    for month in months:
        started = time.monotonic()
        problem = _problem_of("trend_report_job", f"{month:%Y-%m}", records)
        yield _outcome_of(problem, "estimated again", started)


def _outcome_of(problem: str | None, done: str, started: float) -> Outcome:
    if problem:
        return Outcome(f"failed: {problem}", False)
    return Outcome(f"{done} in {time.monotonic() - started:.1f} s")


def _problem_of(job: str, partition: str, records: dg.DagsterInstance) -> str | None:
    """Run a job for a partition, and give the message of a step that failed."""
    # Importing the definitions reads all settings, and would print a traceback for a wrong one.
    from oott_assets.definitions import configured_resources, defs

    run = defs.resolve_job_def(job).execute_in_process(
        partition_key=partition,
        resources=configured_resources(),
        instance=records,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    if run.success:
        return None
    return reason_of(run) or f"see run {run.run_id} in the Dagster UI"


def _month(_context: click.Context, option: click.Parameter, text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m").date() if text else None
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a month; write YYYY-MM", param=option) from None


def _slug(_context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    try:
        return destinations.destination(text).slug if text else None
    except UnknownPlace as error:
        raise click.BadParameter(str(error), param=option) from None


@click.command()
@click.option("--from", "first", metavar="YYYY-MM", callback=_month, help="The first month.")
@click.option("--to", "last", metavar="YYYY-MM", callback=_month, help="The last month.")
@click.option("--destination", metavar="SLUG", callback=_slug, help="Only this destination.")
@click.option("--all", "everything", is_flag=True, help="Also what the current detector counted.")
def main(first: date | None, last: date | None, destination: str | None, everything: bool) -> None:
    """Count stored photos again, with the current detector, the newest month first.

    Counts of photos that were deleted stay as they are. If some partitions fail, the others are
    counted, and the exit code is 1.
    """
    if "DAGSTER_HOME" not in os.environ:
        raise click.ClickException("DAGSTER_HOME is not set; run make recount, which sets it")
    try:
        with open_records() as records:
            left = _recount_wanted(Wanted(first, last, destination, everything), records)
    except _EXPECTED as error:
        raise click.ClickException(str(error)) from error
    if left:
        raise click.ClickException(f"{left} of them are left; run this again later")


def _recount_wanted(wanted: Wanted, records: dg.DagsterInstance) -> int:
    """Count what is wanted, print a line for each partition, and return how many are left."""
    detector = GarmentDetector.of(read_settings(PhotoSettings))
    photo_store = PhotoStore.of(read_settings(PhotoSettings))
    if problem := detector.latest().passed_over:
        raise BadDetector(f"{problem}; so nothing was counted again")
    version = report_current_detector(records, detector.store)
    partitions = wanted.partitions(version)
    if not partitions:
        click.echo(f"nothing to count again: the current detector is {version}")
    names = [one.name for one in partitions]
    left = _printed(names, recount(partitions, records, photo_store))
    with TrendDatabase().tables() as tables:
        stale = stale_partitions(tables, version)
        due = list(due_months(tables))
    records.report_runless_asset_event(evaluation_of(photo_store, version, stale))
    return left + _printed([f"{month:%Y-%m}" for month in due], estimate(due, records))


def _printed(names: Sequence[str], outcomes: Iterable[Outcome]) -> int:
    """Print a line for each outcome when it is known, and return how many are left."""
    left = 0
    for number, (name, outcome) in enumerate(zip(names, outcomes, strict=True), start=1):
        click.echo(f"{number} of {len(names)}: {name}: {outcome.text}")
        left += not outcome.is_done
    return left


if __name__ == "__main__":
    main()
