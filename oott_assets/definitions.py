"""All that Dagster runs: assets, checks, jobs, schedules and the resources they stand on."""

import dagster as dg

from oott_assets.automation import (
    monthly_trends_job,
    monthly_trends_schedule,
    trend_report_job,
    trend_report_schedule,
)
from oott_assets.partitions import destinations
from oott_assets.resources.detection_store import DetectionStore
from oott_assets.resources.garment_detector import GarmentDetector
from oott_assets.resources.photo_source import ChosenSource
from oott_assets.resources.photo_store import PhotoStore
from oott_assets.resources.trend_database import TrendDatabase
from oott_assets.trends.checks import TREND_CHECKS
from oott_assets.trends.garment_detections import garment_detections
from oott_assets.trends.instagram_images import instagram_images
from oott_assets.trends.monthly_trends import monthly_trends
from oott_assets.trends.trend_report import trend_report
from oott_fashion.settings import Settings, read_settings


def resources_of(settings: Settings) -> dict[str, dg.ConfigurableResource[None]]:
    """Make the resources that ``settings`` describe; nothing is opened yet.

    Raises:
        UnknownPlace: ``heap_destination`` is no destination.
    """
    heap = settings.heap_destination
    # Nobody who names a database of their own wants drawn people in it by default.
    default_source = "lookbook" if settings.database_url is None else None
    return {
        "photo_source": ChosenSource(
            source=settings.photo_source or default_source,
            folder=str(settings.photos_folder) if settings.photos_folder else None,
            heap_destination=destinations.destination(heap).slug if heap else None,
            most_photo_bytes=settings.most_photo_bytes,
            timezone=settings.timezone,
            lookbook_photos=settings.lookbook_photos,
        ),
        "photo_store": PhotoStore(root=settings.photo_store_root, most_pixels=settings.most_pixels),
        "detection_store": DetectionStore(root=settings.photo_store_root),
        "garment_detector": GarmentDetector(
            model_store=settings.model_store_root,
            starter=str(settings.starter_detector),
            engine=settings.engine,
            cores=settings.engine_cores,
            score_threshold=settings.score_threshold,
            iou_threshold=settings.iou_threshold,
            palette=settings.palette,
        ),
        "trend_database": TrendDatabase(),
    }


defs = dg.Definitions(
    assets=[instagram_images, garment_detections, monthly_trends, trend_report],
    asset_checks=TREND_CHECKS,
    jobs=[monthly_trends_job, trend_report_job],
    schedules=[monthly_trends_schedule, trend_report_schedule],
    resources=resources_of(read_settings()),
    # A run's steps follow on each other; a process for each would only add seconds.
    executor=dg.in_process_executor,
)
