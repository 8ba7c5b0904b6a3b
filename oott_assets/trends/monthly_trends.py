"""Counts looks and outfits into the trend tables, per month and destination."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

import dagster as dg

from oott_assets.detection_store import DetectionStore, PartitionDetections
from oott_assets.failure_rules import failures_of
from oott_assets.partitions import (
    MonthAndDestination,
    month_and_destination,
    month_by_destination,
)
from oott_assets.reports.pictures import look_chart
from oott_assets.reports.tables import markdown_table
from oott_assets.trends.due_estimates import time_of_counts
from oott_assets.trends.garment_detections import AFTER_ITS_INPUT, garment_detections
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.blobs import BlobNotFound
from oott_fashion.stores.trend_tables import (
    Coverage,
    TrendSlice,
    TrendTables,
)
from oott_fashion.trends import Look, garment_counts, outfit_counts, photos_showing

_MAX_SHOWN = 20


def trend_slice(partition: MonthAndDestination) -> TrendSlice:
    """Identify the rows of a partition that the pipeline owns."""
    month, destination = partition
    return TrendSlice(month, destination.slug, destination.category.slug, "crawl")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            "garment_trends",
            deps=[garment_detections],
            description="How often each garment was worn in each colour, per month and "
            "destination.",
            automation_condition=AFTER_ITS_INPUT,
            kinds={"mysql"},
        ),
        dg.AssetSpec(
            "outfit_trends",
            deps=[garment_detections],
            description="How often each outfit was worn: at most one garment of each category, "
            "with its colour, per month and destination.",
            automation_condition=AFTER_ITS_INPUT,
            kinds={"mysql"},
        ),
    ],
    partitions_def=month_by_destination,
    group_name="trends",
)
def monthly_trends(
    context: dg.AssetExecutionContext,
    detection_store: DetectionStore,
    trend_database: TrendDatabase,
) -> Iterator[dg.MaterializeResult[None]]:
    """Replace the rows of a destination and month in both tables, in one transaction."""
    partition = month_and_destination(context)
    month, slug = partition.month, partition.destination.slug
    with failures_of(context, TREND_FAILURES):
        detections = counted_detections(detection_store, month, slug)
        with trend_database.tables() as tables:
            counts = replace_counts(tables, trend_slice(partition), detections)
    looks, outfits, coverage, _ = counts
    rests_on = {"photos": coverage.photos, "photos_with_garments": coverage.photos_with_garments}
    yield dg.MaterializeResult(
        asset_key="garment_trends", metadata={**rests_on, **_looks_shown(looks)}
    )
    yield dg.MaterializeResult(
        asset_key="outfit_trends", metadata={**rests_on, **_outfits_shown(outfits)}
    )


class TrendCounts(NamedTuple):
    """What the tables store for a partition: looks, outfits, and photos that show each look."""

    looks: Counter[Look]
    outfits: Counter[OutfitNames]
    coverage: Coverage
    photos: Counter[Look]


def replace_counts(
    tables: TrendTables, slice_: TrendSlice, detections: PartitionDetections
) -> TrendCounts:
    """Count ``detections``, and replace the counts of ``slice_`` in one transaction."""
    counts = counts_of(detections)
    looks, outfits, coverage, photos = counts
    counted_at = time_of_counts(tables, slice_.month, datetime.now(UTC))
    tables.replace(slice_, looks, outfits, coverage, counted_at, photos)
    return counts


def counts_of(detections: PartitionDetections) -> TrendCounts:
    """Count the looks and outfits in the readable photos."""
    photos = [photo.garments for photo in detections.readable]
    with_garments, version = detections.photos_with_garments, detections.detector_version
    coverage = Coverage(len(photos), with_garments, version)
    return TrendCounts(
        garment_counts(photos), outfit_counts(photos), coverage, photos_showing(photos)
    )


def _looks_shown(looks: Counter[Look]) -> dict[str, dg.MetadataValue | int]:
    return {
        "garments": looks.total(),
        "looks": len(looks),
        "most_worn": look_chart(looks.most_common(_MAX_SHOWN)),
    }


def _outfits_shown(outfits: Counter[OutfitNames]) -> dict[str, dg.MetadataValue | int]:
    most_worn = [
        (", ".join(outfit.garments), ", ".join(outfit.colours), worn)
        for outfit, worn in outfits.most_common(_MAX_SHOWN)
    ]
    return {
        "outfits": outfits.total(),
        "different_outfits": len(outfits),
        "most_worn": markdown_table(("garments", "colours", "worn"), most_worn),
    }


def counted_detections(
    detection_store: DetectionStore, month: date, destination: str
) -> PartitionDetections:
    """Read the detections that trends are counted from.

    Raises:
        Failure: no detector has read this partition, so its trends are unknown.
    """
    try:
        return detection_store.read(destination, month)
    except BlobNotFound as error:
        raise dg.Failure(
            f"no detector has read the photos of {destination} in {month:%Y-%m}; materialise "
            "garment_detections for it first",
            allow_retries=False,
        ) from error
