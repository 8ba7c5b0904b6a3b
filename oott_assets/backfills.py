"""Counts many partitions in one process, each in a run of its own: ``backfill_job``.

A run that Dagster starts opens the detector in a new process, which takes longer than to count a
small month. A range of partitions in one run of Dagster cannot fail or skip a single partition, so
each partition keeps a run of its own (decision 44).
"""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import dagster as dg
from pydantic import Field

from oott_assets.automation import monthly_trends_job, recount_job
from oott_assets.data_versions import report_current_detector
from oott_assets.failure_rules import failures_of, reason_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import MonthAndDestination, by_month, destinations
from oott_assets.photos.instagram_images import instagram_images
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.trends.checks import TREND_CHECKS
from oott_assets.trends.garment_detections import garment_detections
from oott_assets.trends.monthly_trends import monthly_trends
from oott_assets.trends.stale_counts import CountedPartition, unfinished_runs, why_not_recountable
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.stores.detector_card import BadDetector
from oott_fashion.stores.trend_tables import TrendTables

_NOT_COUNTED = "none"

# The id of the run of ``backfill_job`` that works on a partition.
STARTED_BY = "oott/started_by"


class Wanted(NamedTuple):
    """The months and destinations to count; None is no limit.

    Unless ``collects``, only months with stored photos or with counts are wanted.
    """

    first: date | None = None
    last: date | None = None
    destinations: Collection[str] | None = None
    current_ones_too: bool = False
    collects: bool = False

    def partitions(
        self, version: str, tables: TrendTables, photo_store: PhotoStore
    ) -> list[CountedPartition]:
        """List what another detector than ``version`` or none has counted, newest month first."""
        versions = {
            key: coverage.detector_version for key, coverage in tables.coverages("crawl").items()
        }
        months = [datetime.strptime(key, "%Y-%m").date() for key in by_month.get_partition_keys()]
        known = set(versions) | set(photo_store.months())
        return [
            CountedPartition(MonthAndDestination(month, destinations.destination(slug)), counted_by)
            for month in reversed(months)
            if (self.first is None or self.first <= month)
            and (self.last is None or month <= self.last)
            for slug in destinations.slugs
            if (self.collects or (slug, month) in known)
            and (self.destinations is None or slug in self.destinations)
            and (counted_by := versions.get((slug, month), _NOT_COUNTED))
            and (self.current_ones_too or counted_by != version)
        ]


class Outcome(NamedTuple):
    """What happened to a partition, as text; and whether it is done, or can never be done."""

    text: str
    is_done: bool = True


class Runs(NamedTuple):
    """Runs jobs in this process, with ``resources`` and in ``records``."""

    definitions: dg.Definitions
    resources: Mapping[str, object]
    records: dg.DagsterInstance
    tags: Mapping[str, str] = {}

    def outcome_of(self, job: str, partition: str, done: str) -> Outcome:
        """Run a job for a partition; the message of a step that failed is the outcome."""
        started = time.monotonic()
        run = self.definitions.resolve_job_def(job).execute_in_process(
            partition_key=partition,
            resources=dict(self.resources),
            instance=self.records,
            tags=dict(self.tags),
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        if run.success:
            return Outcome(f"{done} in {time.monotonic() - started:.1f} s")
        reason = reason_of(run) or f"see run {run.run_id} in the Dagster UI"
        return Outcome(f"failed: {reason}", is_done=False)


def count(
    partitions: Iterable[CountedPartition], runs: Runs, photo_store: PhotoStore, *, collects: bool
) -> Iterator[Outcome]:
    """Count each partition, and say what happened. With ``collects``, the source is asked first."""
    for one in partitions:
        why = None if collects else why_not_recountable(photo_store, one)
        if why:
            keeps = "is not counted" if one.detector_version == _NOT_COUNTED else "keeps its counts"
            yield Outcome(f"it {keeps}, because {why}")
        elif one.key in unfinished_runs(runs.records):
            yield Outcome("another run of it waits or works; run this again after it", False)
        else:
            job = monthly_trends_job if collects else recount_job
            again = "counted" if one.detector_version == _NOT_COUNTED else "counted again"
            yield runs.outcome_of(job.name, one.key, again)


def current_version(detector: GarmentDetector, records: dg.DagsterInstance) -> str:
    """Give the version of the current detector, and record it.

    Raises:
        NoDetector: no detector is published, and there is no starter.
        BadDetector: the current detector cannot be used, so an earlier one would count.
    """
    if problem := detector.latest().passed_over:
        raise BadDetector(f"{problem}; so nothing was counted again")
    return report_current_detector(records, detector.store)


class BackfillConfig(dg.Config):
    """What a run of ``backfill_job`` counts in its month."""

    destinations: list[str] = Field(
        [], description="Slugs, such as hongdae. Empty: every destination that has photos."
    )
    collects: bool = Field(
        False, description="Whether the photo source is asked for the photos first."
    )
    current_ones_too: bool = Field(
        False, description="Whether it also counts what the current detector has counted."
    )


_RESOURCES = (
    "photo_source",
    "photo_store",
    "detection_store",
    "garment_detector",
    "trend_database",
)


@dg.op(required_resource_keys=set(_RESOURCES))
def count_destinations(context: dg.OpExecutionContext, config: BackfillConfig) -> None:
    """Count a month of every wanted destination that has photos, each in a run of its own."""
    resources = {name: getattr(context.resources, name) for name in _RESOURCES}
    photo_store: PhotoStore = resources["photo_store"]
    month = datetime.strptime(context.partition_key, "%Y-%m").date()
    slugs = [destinations.destination(place).slug for place in config.destinations] or None
    wanted = Wanted(month, month, slugs, config.current_ones_too, config.collects)
    fail_orphans(context.instance)
    with failures_of(context, TREND_FAILURES):
        version = current_version(resources["garment_detector"], context.instance)
        with resources["trend_database"].tables() as tables:
            partitions = wanted.partitions(version, tables, photo_store)
    runs = Runs(_counting, resources, context.instance, {STARTED_BY: context.run_id})
    left: list[str] = []
    outcomes = count(partitions, runs, photo_store, collects=config.collects)
    for line in lines_of([one.name for one in partitions], outcomes, left):
        context.log.info("%s", line)
    if left:
        raise dg.Failure(f"{len(left)} are left: {'; '.join(left)}", allow_retries=False)


def lines_of(names: Sequence[str], outcomes: Iterable[Outcome], left: list[str]) -> Iterator[str]:
    """Give a line for each outcome when it is known, and add what is not done to ``left``."""
    for number, (name, outcome) in enumerate(zip(names, outcomes, strict=True), start=1):
        line = f"{name}: {outcome.text}"
        if not outcome.is_done:
            left.append(line)
        yield f"{number} of {len(names)}: {line}"


def fail_orphans(records: dg.DagsterInstance) -> None:
    """Fail the runs of a killed backfill; otherwise their partitions would stay blocked."""
    for run in unfinished_runs(records).values():
        backfill = run.tags.get(STARTED_BY)
        parent = records.get_run_by_id(backfill) if backfill else None
        if backfill and (parent is None or parent.is_finished):
            records.report_run_failed(run, f"the process of backfill {backfill} was killed")
            records.event_log_storage.free_concurrency_slots_for_run(run.run_id)


@dg.job(
    partitions_def=by_month,
    description="Counts a month of all destinations that have photos in one process.",
    # One backfill works at a time, and the counts of a new month come first.
    tags={"oott/backfill": "month", "dagster/priority": "-1"},
)
def backfill_job() -> None:
    count_destinations()


_counting = dg.Definitions(
    assets=[instagram_images, garment_detections, monthly_trends],
    asset_checks=TREND_CHECKS,
    jobs=[monthly_trends_job, recount_job],
    resources={name: dg.ResourceDefinition.none_resource() for name in _RESOURCES},
    executor=dg.in_process_executor,
)
