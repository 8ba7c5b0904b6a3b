"""Finds counts that were made by another detector than the current one."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import dagster as dg

from oott_assets.partitions import (
    MonthAndDestination,
    by_month,
    destinations,
    partition_key,
)
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.reports.tables import markdown_table
from oott_fashion.stores.blobs import BlobNotFound
from oott_fashion.stores.trend_tables import TrendTables

# Manifests in a bucket take 50 ms each.
_READERS = 16

STALE_CHECK = dg.AssetCheckKey(dg.AssetKey("garment_trends"), "counted_by_the_current_detector")

_UNFINISHED = dg.RunsFilter(
    statuses=[
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
)


class CountedPartition(NamedTuple):
    """A month and destination whose counts are in the tables, and the detector they are from."""

    partition: MonthAndDestination
    detector_version: str

    @property
    def key(self) -> dg.MultiPartitionKey:
        return partition_key(self.partition.destination.slug, self.partition.month)

    @property
    def name(self) -> str:
        return f"{self.partition.destination.slug} {self.partition.month:%Y-%m}"


class NotRecountable(NamedTuple):
    """A partition that no detector can read again, and why."""

    counted: CountedPartition
    why: str


def counted_partitions(tables: TrendTables) -> list[CountedPartition]:
    """List all partitions that the pipeline has counted, the newest month first.

    Months and destinations that are no longer partitions are left out.
    """
    counted = [
        CountedPartition(
            MonthAndDestination(month, destinations.destination(slug)), coverage.detector_version
        )
        for (slug, month), coverage in tables.coverages("crawl").items()
        if slug in destinations.slugs
    ]
    months = set(by_month.get_partition_keys())
    order = {slug: position for position, slug in enumerate(destinations.slugs)}
    return sorted(
        (one for one in counted if f"{one.partition.month:%Y-%m}" in months),
        key=lambda one: (-one.partition.month.toordinal(), order[one.partition.destination.slug]),
    )


def stale_partitions(tables: TrendTables, current_version: str) -> list[CountedPartition]:
    """List the partitions that another detector than ``current_version`` counted."""
    return [one for one in counted_partitions(tables) if one.detector_version != current_version]


def why_not_recountable(photo_store: PhotoStore, counted: CountedPartition) -> str | None:
    """Say why a partition cannot be counted again; None if it can."""
    month, destination = counted.partition
    try:
        rows = photo_store.month(destination.slug, month).manifest()
    except BlobNotFound:
        return "it has no manifest"
    except ValueError as error:
        return str(error)
    return "its photos were deleted" if any(row.state == "deleted" for row in rows) else None


def not_recountable(
    photo_store: PhotoStore, counted: Sequence[CountedPartition]
) -> Iterator[NotRecountable]:
    """List the partitions that cannot be counted again. It reads all their manifests."""
    with ThreadPoolExecutor(_READERS) as pool:
        reasons = pool.map(lambda one: why_not_recountable(photo_store, one), counted)
        yield from (
            NotRecountable(one, why)
            for one, why in zip(counted, reasons, strict=True)
            if why is not None
        )


def unfinished_runs(records: dg.DagsterInstance) -> dict[str, dg.DagsterRun]:
    """Give the queued and running runs by the key of their partition."""
    runs = records.get_runs(_UNFINISHED)
    return {run.tags["dagster/partition"]: run for run in runs if "dagster/partition" in run.tags}


def evaluation_of(
    photo_store: PhotoStore, current_version: str, stale: Sequence[CountedPartition]
) -> dg.AssetCheckEvaluation:
    """Evaluate ``STALE_CHECK`` outside a run."""
    return dg.AssetCheckEvaluation(
        asset_key=STALE_CHECK.asset_key,
        check_name=STALE_CHECK.name,
        passed=not stale,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=stale_metadata(photo_store, current_version, stale),
    )


def stale_metadata(
    photo_store: PhotoStore, current_version: str, stale: Sequence[CountedPartition]
) -> dict[str, dg.MetadataValue | int | str]:
    """Describe the stale partitions for the Dagster UI. It reads all their manifests."""
    reasons = {one.counted.key: one.why for one in not_recountable(photo_store, stale)}
    rows = [
        (
            f"{one.partition.month:%Y-%m}",
            one.partition.destination.slug,
            one.detector_version,
            reasons.get(one.key, "yes"),
        )
        for one in stale
    ]
    return {
        "current_detector": current_version,
        "stale_partitions": len(stale),
        "not_recountable": len(reasons),
        "partitions": markdown_table(
            ("month", "destination", "counted by", "can be recounted"), rows
        ),
    }
