"""The jobs and their schedules. On the 1st of a month, the previous month is counted."""

import dagster as dg

from oott_assets.partitions import by_month
from oott_assets.photos.instagram_images import instagram_images
from oott_assets.photos.photo_retention import photo_retention_job
from oott_assets.training.label_tasks import label_tasks
from oott_assets.trends.checks import TREND_CHECKS, counted_by_the_current_detector
from oott_assets.trends.estimate_checks import ESTIMATE_CHECKS
from oott_assets.trends.garment_detections import garment_detections
from oott_assets.trends.monthly_trends import monthly_trends
from oott_assets.trends.trend_estimates import trend_estimates
from oott_assets.trends.trend_forecast import trend_forecast
from oott_assets.trends.trend_growth import trend_growth
from oott_assets.trends.trend_report import trend_report

monthly_trends_job = dg.define_asset_job(
    "monthly_trends_job",
    selection=dg.AssetSelection.assets(instagram_images, garment_detections, monthly_trends)
    | dg.AssetSelection.checks(*TREND_CHECKS),
    description="Counts the trends of one destination in one month, from its photos.",
)

# A run of monthly_trends_job makes all assets itself. This sensor is for photos or detections that
# were made alone.
new_photos_sensor = dg.AutomationConditionSensorDefinition(
    "new_photos_sensor",
    target=[garment_detections, monthly_trends],
    description="Counts photos that were collected without being counted, and new detections.",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    emit_backfills=False,
)

recount_job = dg.define_asset_job(
    "recount_job",
    # recount_sensor and make backfill evaluate the check of all months. A run of one month would
    # read the manifests of all others for it.
    selection=dg.AssetSelection.assets(garment_detections, monthly_trends)
    - dg.AssetSelection.checks(counted_by_the_current_detector),
    description="Counts stored photos again, with the current detector. It collects no photos.",
    # The counts of a new month come first.
    tags={"dagster/priority": "-1"},
)

# The job runs at 3:00, because people have posted the photos of the last day by then.
monthly_trends_schedule = dg.build_schedule_from_partitioned_job(
    monthly_trends_job, name="monthly_trends_schedule", hour_of_day=3
)

trend_report_job = dg.define_asset_job(
    "trend_report_job",
    selection=dg.AssetSelection.assets(trend_estimates, trend_forecast, trend_growth, trend_report)
    | dg.AssetSelection.checks(*ESTIMATE_CHECKS),
    description="Estimates what people wore in one month, looks ahead, and reports it.",
)

# The schedule is on by default. Old photos of people are deleted even if nobody starts it.
photo_retention_schedule = dg.ScheduleDefinition(
    name="photo_retention_schedule",
    job=photo_retention_job,
    cron_schedule="0 1 * * *",
    execution_timezone=by_month.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

training_job = dg.define_asset_job(
    "training_job",
    # People label the tasks, so a training does not wait for them.
    selection=dg.AssetSelection.groups("training") - dg.AssetSelection.assets(label_tasks),
    description="Trains on the labels, and publishes the detector if it beats the published one.",
)

label_tasks_job = dg.define_asset_job(
    "label_tasks_job",
    selection=dg.AssetSelection.assets(label_tasks),
    description="Chooses photos that are worth labelling, and writes tasks for Label Studio.",
)

# The job runs on the 2nd of a month, because the photos of the previous month are counted by then.
label_tasks_schedule = dg.ScheduleDefinition(
    name="label_tasks_schedule",
    job=label_tasks_job,
    cron_schedule="0 12 2 * *",
    execution_timezone=by_month.timezone,
)
