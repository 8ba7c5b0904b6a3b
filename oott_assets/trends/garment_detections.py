"""The garments that the latest published detector finds in the collected photos."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import dagster as dg

from oott_assets.data_versions import GARMENT_ONNX, made_with, report_current_detector
from oott_assets.detection_store import (
    DetectionStore,
    PartitionDetections,
    PhotoDetections,
)
from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import (
    MonthAndDestination,
    month_and_destination,
    month_by_destination,
)
from oott_assets.photo_readers import PhotoReaders
from oott_assets.photos.instagram_images import instagram_images
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.reports.pictures import contact_sheet, draw_detections, sample_of
from oott_assets.reports.progress import with_progress
from oott_assets.reports.tables import markdown_table
from oott_assets.settings import TrendSettings
from oott_assets.trends.trend_failures import TREND_FAILURES
from oott_fashion.settings import read_settings
from oott_fashion.stores.blobs import BlobNotFound
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto

_DETECTOR = dg.AssetSelection.assets(GARMENT_ONNX)

# True when new photos, or new detections, are there and the run that made them does not use them. A
# new detector starts nothing: recount_sensor does, if it is switched on.
AFTER_ITS_INPUT = (
    dg.AutomationCondition.any_deps_updated().ignore(_DETECTOR).since_last_handled()
    & ~dg.AutomationCondition.any_deps_in_progress().ignore(_DETECTOR)
    & ~dg.AutomationCondition.in_progress()
)


@dg.asset(
    partitions_def=month_by_destination,
    deps=[instagram_images, GARMENT_ONNX],
    automation_condition=AFTER_ITS_INPUT,
    pool="garment_detector",
    group_name="trends",
    kinds={"deepsparse", "parquet"},
)
def garment_detections(
    context: dg.AssetExecutionContext,
    photo_store: PhotoStore,
    detection_store: DetectionStore,
    garment_detector: GarmentDetector,
) -> dg.MaterializeResult[None]:
    """The garments in each photo of a destination and month: box, confidence and colour.

    It reads stored photos only, so a new detector can count old months again.
    """
    partition = month_and_destination(context)
    with failures_of(context, TREND_FAILURES):
        opened = garment_detector.latest()
        report_current_detector(context.instance, garment_detector.store)
        context.log.info("detector %s runs in %s", opened.version, opened.detector.engine.name)
        if opened.passed_over:
            context.log.warning("it is not the latest: %s", opened.passed_over)
        stored = photo_store.month(partition.destination.slug, partition.month)
        # The lock prevents a deletion during the detection. The write would undo such a deletion.
        with stored.locked() as lock:
            photos = _photos_to_read(stored, partition)
            readers = garment_detector.readers(opened)
            readers.expect(len(photos))
            timezone = ZoneInfo(read_settings(TrendSettings).timezone)
            seen = read_by(readers, photos, stored, timezone)
            seen = with_progress(seen, context.log, "photos read", len(photos))
            detections = PartitionDetections(opened.version, tuple(seen))
            lock.check()
            detection_store.write(partition.destination.slug, partition.month, detections)
            sheet = _contact_sheet(detections, stored)
    return dg.MaterializeResult(
        metadata={
            "contact_sheet": sheet,
            "engine": opened.detector.engine.name,
            "passed_over": opened.passed_over or "none",
            "photos_read_on_workers": readers.workers.photos_read if readers.workers else 0,
            **_counts_of(detections),
        },
        data_version=_data_version(detections, opened.detector.engine.name, garment_detector),
        tags=made_with(opened.version),
    )


def read_by(
    readers: PhotoReaders, photos: Sequence[ManifestRow], stored: StoredMonth, timezone: ZoneInfo
) -> Iterator[PhotoDetections]:
    """Find the garments in each of the stored ``photos``, in their order.

    The day of a photo is its day in ``timezone``.
    """

    def read(photo: ManifestRow) -> PhotoDetections:
        taken_on = photo.taken_at and photo.taken_at.astimezone(timezone).date()
        # A kept photo has a hash.
        found = PhotoDetections(photo.sha256 or "", (), None, photo.shortcode, taken_on)
        try:
            content = stored.content(found.sha256)
            return found._replace(garments=readers.read(content, stored.max_pixels))
        except (UnreadablePhoto, PhotoTooLarge) as error:
            return found._replace(unreadable=str(error))

    with ThreadPoolExecutor(readers.at_a_time) as pool:
        yield from pool.map(read, photos)


def _photos_to_read(stored: StoredMonth, partition: MonthAndDestination) -> list[ManifestRow]:
    """List the photos of a partition, and fail if some were deleted."""
    partition_name = f"{partition.destination.slug} in {partition.month:%Y-%m}"
    try:
        rows = stored.manifest()
    except BlobNotFound as error:
        raise dg.Failure(
            f"the photos of {partition_name} are unknown; materialise instagram_images first",
            allow_retries=False,
        ) from error
    deleted = sum(row.state == "deleted" for row in rows)
    if deleted:
        raise dg.Failure(
            f"{deleted} photos of {partition_name} were deleted after OOTT_PHOTO_RETENTION_DAYS, "
            "so no detector can read them again; the detections and counts stay as they are",
            allow_retries=False,
        )
    return [row for row in rows if row.kept]


def _data_version(
    detections: PartitionDetections, engine: str, garment_detector: GarmentDetector
) -> dg.DataVersion:
    """Name the detector and, by a hash, all else that the detections depend on."""
    facts = {
        "photos": [(each.sha256, each.post, str(each.taken_on)) for each in detections.photos],
        "engine": engine,
        "thresholds": garment_detector.thresholds,
        "palette": garment_detector.palette,
    }
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    return dg.DataVersion(f"{detections.detector_version}/{digest}")


def _counts_of(detections: PartitionDetections) -> dict[str, dg.MetadataValue | int | str]:
    unreadable = [
        (photo.sha256, photo.unreadable) for photo in detections.photos if photo.unreadable
    ]
    garments = Counter(
        detection.garment for photo in detections.photos for detection in photo.garments
    )
    return {
        "detector": detections.detector_version,
        "photos": len(detections.photos),
        "photos_with_garments": detections.photos_with_garments,
        "garments": detections.garments,
        "garments_by_name": markdown_table(("garment", "seen"), garments.most_common()),
        "unreadable_photos": markdown_table(("photo", "reason"), unreadable),
    }


def _contact_sheet(
    detections: PartitionDetections, stored: StoredMonth
) -> dg.MarkdownMetadataValue:
    return contact_sheet(
        [
            draw_detections(stored.pixels(photo.sha256), photo.garments)
            for photo in sample_of(detections.readable)
        ]
    )
