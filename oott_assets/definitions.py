"""Everything that Dagster loads: assets, checks, jobs, schedules and resources."""

import dagster as dg

from oott_assets.alarms.alarm_sensors import ALARM_SENSORS
from oott_assets.alarms.settings import AlarmSettings
from oott_assets.automation import (
    label_tasks_job,
    label_tasks_schedule,
    monthly_trends_job,
    monthly_trends_schedule,
    new_photos_sensor,
    photo_retention_schedule,
    recount_job,
    training_job,
    trend_report_job,
)
from oott_assets.backfills import backfill_job
from oott_assets.detection_store import DetectionStore
from oott_assets.estimates_sensor import estimates_sensor
from oott_assets.forget import forget_job
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import destinations
from oott_assets.photos.instagram_images import instagram_images
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.photo_retention import PhotoRetention, photo_retention_job
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.chosen_source import ChosenSource
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.recount_sensors import current_detector_sensor, recount_sensor
from oott_assets.settings import TrendSettings
from oott_assets.source_retry_sensor import source_retry_sensor
from oott_assets.training.champion import champion
from oott_assets.training.current_detector import current_detector
from oott_assets.training.garment_onnx import garment_onnx
from oott_assets.training.label_tasks import label_tasks
from oott_assets.training.labellers.chosen_labeller import ChosenLabeller
from oott_assets.training.main_data import LabelledData, main_data
from oott_assets.training.merged_data import merged_data
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.sub_data import SubPhotos, sub_data
from oott_assets.training.trainer import Trainer
from oott_assets.training.training_checks import TRAINING_CHECKS
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.weights import main_weights, merged_weights
from oott_assets.trends.checks import TREND_CHECKS
from oott_assets.trends.estimate_checks import ESTIMATE_CHECKS
from oott_assets.trends.garment_detections import garment_detections
from oott_assets.trends.monthly_trends import monthly_trends
from oott_assets.trends.report_folder import ReportFolder
from oott_assets.trends.trend_database import TrendDatabase
from oott_assets.trends.trend_estimates import trend_estimates
from oott_assets.trends.trend_forecast import trend_forecast
from oott_assets.trends.trend_growth import trend_growth
from oott_assets.trends.trend_report import trend_report
from oott_fashion.settings import read_settings


def configured_resources(teacher: str | None = None) -> dict[str, dg.ConfigurableResource[None]]:
    """Make the resources from the settings, without opening anything.

    Args:
        teacher: if given, it replaces OOTT_TEACHER.

    Raises:
        BadSetting: a setting of the pipeline cannot be used.
        UnknownPlace: ``folder_destination`` is not a destination.
    """
    photo_settings = read_settings(PhotoSettings)
    training_settings = read_settings(TrainingSettings)
    if teacher is not None:
        training_settings = training_settings.model_copy(update={"teacher": teacher})
    dask_scheduler = read_settings(TrendSettings).dask_scheduler
    detector = GarmentDetector.of(training_settings, dask_scheduler)
    return {
        "garment_detector": detector,
        "trend_database": TrendDatabase(),
        **_photo_resources(photo_settings),
        **_training_resources(training_settings, detector),
    }


def _photo_resources(settings: PhotoSettings) -> dict[str, dg.ConfigurableResource[None]]:
    if settings.folder_destination is not None:
        destinations.destination(settings.folder_destination)
    # If the user sets a database, drawn people must not be counted in the database by default.
    default_source = "lookbook" if settings.database_url is None else None
    return {
        "photo_source": ChosenSource(
            source=settings.photo_source or default_source,
            timezone=settings.timezone,
            max_posts=settings.max_posts,
        ),
        "photo_store": PhotoStore.of(settings),
        "label_batches": LabelBatches(root=str(settings.label_tasks_root)),
        "photo_retention": PhotoRetention(days=settings.photo_retention_days),
        "detection_store": DetectionStore(root=settings.photo_store_root),
        "report_folder": ReportFolder.of(settings),
    }


def _training_resources(
    settings: TrainingSettings, detector: GarmentDetector
) -> dict[str, dg.ConfigurableResource[None]]:
    return {
        "labelled_data": LabelledData(
            folders=[str(folder) for folder in settings.main_data],
            drawn_photos=settings.drawn_photos,
        ),
        "sub_photos": SubPhotos(
            folders=[str(folder) for folder in settings.sub_photos],
            held_out_share=settings.held_out_share,
        ),
        "labeller": ChosenLabeller(
            labellers=list(settings.labeller),
            photo_tags=str(settings.photo_tags) if settings.photo_tags else None,
            teacher=settings.teacher,
            image_side=settings.image_side,
            weights=str(settings.labeller_weights_root),
            on_cpu=settings.label_on_cpu,
            device=settings.train_device,
            thresholds=settings.label_thresholds,
            detector=detector,
        ),
        "trainer": Trainer(
            model_size=settings.model_size,
            image_side=settings.image_side,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            device=settings.train_device,
            starting_weights=settings.starting_weights,
            detector=detector,
        ),
        "training_store": TrainingStore(root=str(settings.training_root)),
    }


# Their files, or their pictures in the Dagster UI, show people.
SHOW_PEOPLE = {
    instagram_images.key,
    garment_detections.key,
    main_data.key,
    sub_data.key,
    merged_data.key,
    label_tasks.key,
}


_owner = read_settings(AlarmSettings).asset_owner


def _with_owner(asset: dg.AssetSpec) -> dg.AssetSpec:
    """Add the owner, and the tag shows_people, by which the Dagster UI can search."""
    tags = {"shows_people": ""} if asset.key in SHOW_PEOPLE else {}
    return asset.merge_attributes(owners=[_owner], tags=tags)


_ASSETS = [
    instagram_images,
    garment_detections,
    monthly_trends,
    trend_estimates,
    trend_forecast,
    trend_growth,
    trend_report,
    main_data,
    sub_data,
    merged_data,
    main_weights,
    merged_weights,
    champion,
    garment_onnx,
    current_detector,
    label_tasks,
]

defs = dg.Definitions(
    assets=list(dg.map_asset_specs(_with_owner, _ASSETS)),
    asset_checks=[*TREND_CHECKS, *ESTIMATE_CHECKS, *TRAINING_CHECKS],
    jobs=[
        monthly_trends_job,
        trend_report_job,
        forget_job,
        photo_retention_job,
        recount_job,
        backfill_job,
        label_tasks_job,
        training_job,
    ],
    schedules=[
        monthly_trends_schedule,
        photo_retention_schedule,
        label_tasks_schedule,
    ],
    sensors=[
        current_detector_sensor,
        recount_sensor,
        estimates_sensor,
        source_retry_sensor,
        new_photos_sensor,
        *ALARM_SENSORS,
    ],
    resources=configured_resources(),
    # The steps of a run are executed one after another. A process per step would only add seconds.
    executor=dg.in_process_executor,
)
