"""Counts many months and destinations: ``make backfill FROM=2026-01 TO=2026-06``.

It counts stored photos that another detector than the current one has counted, or none, and asks no
photo source. With ``COLLECT=1``, it collects photos first. Then it estimates all months that use
these counts. If it is stopped, run it again: it goes on with what is left.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import click
import dagster as dg

from oott_assets.backfills import (
    Outcome,
    Runs,
    Wanted,
    count,
    current_version,
    fail_orphans,
    lines_of,
)
from oott_assets.dagster_records import open_records
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import destinations
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.settings import TrendSettings
from oott_assets.trends.due_estimates import due_months
from oott_assets.trends.stale_counts import evaluation_of, stale_partitions
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


def _month(_context: click.Context, option: click.Parameter, text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m").date() if text else None
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a month; write YYYY-MM", param=option) from None


def _slugs(
    _context: click.Context, option: click.Parameter, text: str | None
) -> frozenset[str] | None:
    try:
        return (
            frozenset(destinations.destination(p).slug for p in text.split(",")) if text else None
        )
    except UnknownPlace as error:
        raise click.BadParameter(str(error), param=option) from None


@click.command()
@click.option("--from", "first", metavar="YYYY-MM", callback=_month, help="The first month.")
@click.option("--to", "last", metavar="YYYY-MM", callback=_month, help="The last month.")
@click.option("--destination", "slugs", metavar="SLUG[,SLUG]", callback=_slugs, help="Only these.")
@click.option("--collect", "collects", is_flag=True, help="Ask the photo source first.")
@click.option("--all", "everything", is_flag=True, help="Also what the current detector counted.")
def main(
    first: date | None,
    last: date | None,
    slugs: frozenset[str] | None,
    collects: bool,
    everything: bool,
) -> None:
    """Count photos with the current detector, the newest month first.

    Counts of photos that were deleted stay as they are. If some partitions fail, the others are
    counted, and the exit code is 1.
    """
    if "DAGSTER_HOME" not in os.environ:
        raise click.ClickException("DAGSTER_HOME is not set; run make backfill, which sets it")
    if collects and first is None:
        raise click.UsageError("--collect needs --from, because it asks the source for every month")
    try:
        with open_records() as records:
            left = _count_wanted(Wanted(first, last, slugs, everything, collects), records)
    except _EXPECTED as error:
        raise click.ClickException(str(error)) from error
    if left:
        raise click.ClickException(f"{left} of them are left; run this again later")


def _count_wanted(wanted: Wanted, records: dg.DagsterInstance) -> int:
    """Count what is wanted, print a line for each partition, and return how many are left."""
    # Importing the definitions reads all settings, and would print a traceback for a wrong one.
    from oott_assets.definitions import configured_resources, defs

    photo_store = PhotoStore.of(read_settings(PhotoSettings))
    fail_orphans(records)
    # With the same scheduler as in the runs, it is opened once.
    detector = GarmentDetector.of(
        read_settings(PhotoSettings), read_settings(TrendSettings).dask_scheduler
    )
    version = current_version(detector, records)
    runs = Runs(defs, configured_resources(), records)
    with TrendDatabase().tables() as tables:
        partitions = wanted.partitions(version, tables, photo_store)
    if not partitions:
        click.echo(f"nothing to count: the current detector is {version}")
    names = [one.name for one in partitions]
    left = _printed(names, count(partitions, runs, photo_store, collects=wanted.collects))
    with TrendDatabase().tables() as tables:
        stale = stale_partitions(tables, version)
        due = [f"{month:%Y-%m}" for month in due_months(tables)]
    records.report_runless_asset_event(evaluation_of(photo_store, version, stale))
    estimated = (runs.outcome_of("trend_report_job", month, "estimated again") for month in due)
    return left + _printed(due, estimated)


def _printed(names: Sequence[str], outcomes: Iterable[Outcome]) -> int:
    """Print a line for each outcome when it is known, and return how many are left."""
    left: list[str] = []
    for line in lines_of(names, outcomes, left):
        click.echo(line)
    return len(left)


if __name__ == "__main__":
    main()
