"""Checks of a month's photos, detections and trends. They run after every run."""

import warnings
from collections import Counter

import dagster as dg

from oott_assets.detection_store import DetectionStore
from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import destinations, month_and_destination, month_by_destination
from oott_assets.photos.instagram_images import instagram_images
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.reports.tables import markdown_table
from oott_assets.trends.garment_detections import garment_detections
from oott_assets.trends.monthly_trends import trend_slice
from oott_assets.trends.recommender_needs import TooLittle, too_little
from oott_assets.trends.stale_counts import STALE_CHECK, stale_metadata, stale_partitions
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_failures import TREND_FAILURES

# At every start, Dagster warns once for each check that partitioned checks are a preview.
warnings.filterwarnings("ignore", category=dg.PreviewWarning, message=".*partitions_def.*")

# A trend that is counted from fewer garments is not reliable.
MIN_GARMENTS = 30


@dg.asset_check(asset=instagram_images, partitions_def=month_by_destination)
def photos_arrived(
    context: dg.AssetCheckExecutionContext, photo_store: PhotoStore
) -> dg.AssetCheckResult:
    """Warns when a month has no photos: nobody posted any, or the source is set up wrongly."""
    month, destination = month_and_destination(context)
    with failures_of(context, TREND_FAILURES):
        rows = photo_store.month(destination.slug, month).manifest()
    photos = sum(row.kept for row in rows)
    states = Counter(row.state for row in rows)
    return dg.AssetCheckResult(
        passed=photos > 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "photos": photos,
            "unreadable": states["unreadable"],
            "refused": states["refused"],
            "photos_of_other_months": states["other month"],
        },
    )


@dg.asset_check(asset=garment_detections, partitions_def=month_by_destination)
def every_photo_was_read_or_is_listed_as_unreadable(
    context: dg.AssetCheckExecutionContext,
    photo_store: PhotoStore,
    detection_store: DetectionStore,
) -> dg.AssetCheckResult:
    """Fails when the detections do not cover exactly the collected photos."""
    month, destination = month_and_destination(context)
    with failures_of(context, TREND_FAILURES):
        collected = set(photo_store.month(destination.slug, month).kept())
        detections = detection_store.read(destination.slug, month)
    read = {photo.sha256 for photo in detections.photos}
    return dg.AssetCheckResult(
        passed=collected == read and len(read) == len(detections.photos),
        metadata={
            "collected": len(collected),
            "read": len(detections.readable),
            "unreadable": len(detections.photos) - len(detections.readable),
            "missing": len(collected - read),
            "unasked": len(read - collected),
        },
    )


@dg.asset_check(
    asset="garment_trends",
    additional_deps=["outfit_trends"],
    partitions_def=month_by_destination,
)
def sums_agree(
    context: dg.AssetCheckExecutionContext,
    detection_store: DetectionStore,
    trend_database: TrendDatabase,
) -> dg.AssetCheckResult:
    """Fails unless the tables count every detected garment and outfit exactly once."""
    partition = month_and_destination(context)
    slice_ = trend_slice(partition)
    with failures_of(context, TREND_FAILURES):
        detections = detection_store.read(partition.destination.slug, partition.month)
        with trend_database.tables() as tables:
            garments, outfits = tables.garments_worn(slice_), tables.outfits_worn(slice_)
            coverage = tables.coverage_of(slice_)
    return dg.AssetCheckResult(
        passed=(
            garments == detections.garments
            and outfits == detections.photos_with_garments
            and coverage is not None
            and coverage.photos == len(detections.readable)
            and coverage.photos_with_garments == outfits
        ),
        metadata={
            "garments_detected": detections.garments,
            "garments_in_garment_trends": garments,
            "photos_with_garments": detections.photos_with_garments,
            "outfits_in_outfit_trends": outfits,
        },
    )


@dg.asset_check(asset="garment_trends", partitions_def=month_by_destination)
def enough_garments_to_call_it_a_trend(
    context: dg.AssetCheckExecutionContext, trend_database: TrendDatabase
) -> dg.AssetCheckResult:
    """Warns when fewer than 30 garments were counted for a month and destination."""
    with failures_of(context, TREND_FAILURES), trend_database.tables() as tables:
        garments = tables.garments_worn(trend_slice(month_and_destination(context)))
    return dg.AssetCheckResult(
        passed=garments >= MIN_GARMENTS,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"garments": garments, "min_garments": MIN_GARMENTS},
    )


@dg.asset_check(asset=STALE_CHECK.asset_key, name=STALE_CHECK.name)
def counted_by_the_current_detector(
    context: dg.AssetCheckExecutionContext,
    garment_detector: GarmentDetector,
    photo_store: PhotoStore,
    trend_database: TrendDatabase,
) -> dg.AssetCheckResult:
    """Warns when a month and destination was counted by another detector than the current one.

    The metadata lists these partitions. `make backfill` counts them again, and so does
    `recount_sensor` while it is on. If the photos were deleted, the old counts stay.
    """
    with failures_of(context, TREND_FAILURES), trend_database.tables() as tables:
        version = garment_detector.store.latest_version()
        stale = stale_partitions(tables, version)
        return dg.AssetCheckResult(
            passed=not stale,
            severity=dg.AssetCheckSeverity.WARN,
            metadata=stale_metadata(photo_store, version, stale),
        )


@dg.asset_check(asset="garment_trends")
def enough_looks_for_the_released_recommender(
    context: dg.AssetCheckExecutionContext, trend_database: TrendDatabase
) -> dg.AssetCheckResult:
    """Warns when the recommender of the released backend would crash for a destination category.

    It needs 2 garments and 3 of its five colours of an outer and of a top.
    """
    with failures_of(context, TREND_FAILURES), trend_database.tables() as tables:
        missing = list(too_little(destinations.categories, tables.looks_by_category()))
    return dg.AssetCheckResult(
        passed=not missing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"too_little": markdown_table(TooLittle._fields, missing)},
    )


TREND_CHECKS = [
    photos_arrived,
    every_photo_was_read_or_is_listed_as_unreadable,
    sums_agree,
    enough_garments_to_call_it_a_trend,
    counted_by_the_current_detector,
    enough_looks_for_the_released_recommender,
]
