"""The garments seen in the collected photos, by the newest published detector."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import dagster as dg

from oott_assets.partitions import month_and_destination, month_by_destination
from oott_assets.reports.pictures import annotated, contact_sheet, sample_of
from oott_assets.reports.progress import reported
from oott_assets.reports.tables import listed
from oott_assets.resources.detection_store import (
    DetectionStore,
    PartitionDetections,
    PhotoDetections,
)
from oott_assets.resources.garment_detector import GarmentDetector, OpenedDetector
from oott_assets.resources.photo_store import PhotoStore
from oott_assets.trends.instagram_images import instagram_images
from oott_fashion.stores.blobs import NoBlob
from oott_fashion.stores.model_store import BadDetector, NoDetector
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import EngineUnavailable
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto


@dg.asset(
    partitions_def=month_by_destination,
    deps=[instagram_images],
    group_name="trends",
    kinds={"deepsparse", "parquet"},
)
def garment_detections(
    context: dg.AssetExecutionContext,
    photo_store: PhotoStore,
    detection_store: DetectionStore,
    garment_detector: GarmentDetector,
) -> dg.MaterializeResult[None]:
    """The garments in each photo of a destination and month: box, certainty and colour.

    Reads stored photos alone, so that a new detector can be tried on old months.
    """
    month, destination = month_and_destination(context)
    opened = _newest(garment_detector)
    context.log.info("detector %s runs in %s", opened.version, opened.detector.engine.name)
    photos = _stored_photos(photo_store, destination.slug, month)
    seen = read_by(opened.detector, photos, photo_store)
    seen = reported(seen, context.log, "photos read", len(photos))
    detections = PartitionDetections(opened.version, tuple(seen))
    detection_store.write(destination.slug, month, detections)
    return dg.MaterializeResult(
        metadata={
            "contact sheet": _contact_sheet(detections, photo_store),
            "engine": opened.detector.engine.name,
            **_counts_of(detections),
        }
    )


def read_by(
    detector: Detector, photos: Sequence[str], photo_store: PhotoStore
) -> Iterator[PhotoDetections]:
    """Find the garments of each of the stored ``photos``, in their order.

    Photos are decoded beside the engine, which takes one at a time.
    """

    def read(sha256: str) -> PhotoDetections:
        try:
            pixels = photo_store.pixels(sha256)
        except (UnreadablePhoto, PhotoTooLarge) as error:
            return PhotoDetections(sha256, (), str(error))
        return PhotoDetections(sha256, tuple(detector.garments(pixels)))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(read, photos)


def _newest(garment_detector: GarmentDetector) -> OpenedDetector:
    try:
        return garment_detector.newest()
    except (NoDetector, BadDetector, EngineUnavailable) as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _stored_photos(photo_store: PhotoStore, destination: str, month: date) -> list[str]:
    try:
        manifest = photo_store.manifest(destination, month)
    except NoBlob as error:
        raise dg.Failure(
            f"the photos of {destination} in {month:%Y-%m} are unknown; materialise "
            "instagram_images for them first",
            allow_retries=False,
        ) from error
    return [row.sha256 for row in manifest if row.sha256 is not None]


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
        "photos with garments": detections.photos_with_garments,
        "garments": detections.garments,
        "garments by name": listed(("garment", "seen"), garments.most_common()),
        "unreadable photos": listed(("photo", "reason"), unreadable),
    }


def _contact_sheet(
    detections: PartitionDetections, photo_store: PhotoStore
) -> dg.MarkdownMetadataValue:
    return contact_sheet(
        [
            annotated(photo_store.pixels(photo.sha256), photo.garments)
            for photo in sample_of(detections.readable)
        ]
    )
