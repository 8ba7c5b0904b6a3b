"""Sensors: one tells Dagster which detector is current, and one recounts the counts of others."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Self

import dagster as dg
from pydantic import BaseModel, ValidationError

from oott_assets.automation import recount_job
from oott_assets.data_versions import report_current_detector
from oott_assets.garment_detector import GarmentDetector
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.trends.stale_counts import (
    CountedPartition,
    evaluation_of,
    stale_partitions,
    unfinished_runs,
    why_not_recountable,
)
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.stores.model_store import NoDetector

# With more runs in the queue, a new month would be counted earlier than a newer detector is used,
# and switching the sensor off would leave many runs behind.
MAX_RECOUNTS = 10


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def current_detector_sensor(
    context: dg.SensorEvaluationContext,
    garment_detector: GarmentDetector,
    photo_store: PhotoStore,
    trend_database: TrendDatabase,
) -> dg.SensorResult | dg.SkipReason:
    """Tells Dagster which detector is current, and which counts are of another one.

    A detector can be published, or made current again, outside Dagster. This sensor then records
    it as garment_onnx, so that Dagster shows the partitions of garment_detections as out of date.
    It also evaluates the check counted_by_the_current_detector. It starts no runs.
    """
    try:
        version = report_current_detector(context.instance, garment_detector.store)
    except NoDetector:
        return dg.SkipReason("no detector is published yet")
    with trend_database.tables() as tables:
        stale = stale_partitions(tables, version)
    state = _state_of(version, stale)
    found = f"{version} is the current detector; {len(stale)} partitions are stale"
    if state == context.cursor:
        return dg.SkipReason(f"no change: {found}")
    return dg.SensorResult(
        asset_events=[evaluation_of(photo_store, version, stale)],
        skip_reason=f"recorded: {found}",
        cursor=state,
    )


# A manifest in a bucket takes 50 ms, and Dagster stops a sensor after 60 seconds.
_MAX_MANIFESTS = 200


class _Seen(BaseModel):
    """The cursor: partitions that were requested since a publication, or cannot be recounted."""

    publication: str
    partitions: list[str] = []

    @classmethod
    def since(cls, publication: str, cursor: str | None) -> Self:
        try:
            seen = cls.model_validate_json(cursor or "")
        except ValidationError:
            return cls(publication=publication)
        return seen if seen.publication == publication else cls(publication=publication)


@dg.sensor(
    job=recount_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
)
def recount_sensor(
    context: dg.SensorEvaluationContext,
    garment_detector: GarmentDetector,
    photo_store: PhotoStore,
    trend_database: TrendDatabase,
) -> dg.SensorResult | dg.SkipReason:
    """Counts again what another detector than the current one counted, the newest month first.

    It reads stored photos, and asks no photo source. At most 10 of its runs wait or work at a time.
    Each partition is requested once per publication of a detector. To request failed partitions
    again, reset the cursor.
    """
    store = garment_detector.store
    try:
        version = store.latest_version()
    except NoDetector:
        return dg.SkipReason("no detector is published yet")
    seen = _Seen.since(f"{version}, publication {len(store.history())}", context.cursor)
    running = unfinished_runs(context.instance)
    with trend_database.tables() as tables:
        stale = stale_partitions(tables, version)
    waiting = [one for one in stale if one.key not in {*seen.partitions, *running}]
    room = MAX_RECOUNTS - sum(run.job_name == recount_job.name for run in running.values())
    read, chosen = _first_recountable(photo_store, waiting[:_MAX_MANIFESTS], room)
    seen.partitions += [one.key for one in read]
    return dg.SensorResult(
        run_requests=[dg.RunRequest(partition_key=one.key) for one in chosen],
        skip_reason=None if chosen else f"{len(stale)} partitions are stale; none is requested now",
        cursor=seen.model_dump_json(),
    )


def _first_recountable(
    photo_store: PhotoStore, waiting: Iterable[CountedPartition], room: int
) -> tuple[list[CountedPartition], list[CountedPartition]]:
    """Choose up to ``room`` partitions; give those whose manifests were read, and the chosen."""
    read: list[CountedPartition] = []
    chosen: list[CountedPartition] = []
    for one in waiting:
        if len(chosen) >= room:
            break
        read.append(one)
        if why_not_recountable(photo_store, one) is None:
            chosen.append(one)
    return read, chosen


def _state_of(version: str, stale: Sequence[CountedPartition]) -> str:
    listed = "\n".join(f"{one.key} {one.detector_version}" for one in stale)
    return f"{version} {hashlib.sha256(listed.encode()).hexdigest()}"
