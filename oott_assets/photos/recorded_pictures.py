"""Deletes Dagster runs whose contact sheets show photos that were deleted from the store."""

from collections.abc import Collection
from datetime import date

import dagster as dg

from oott_assets.data_versions import DATA_VERSION
from oott_assets.instance.run_deletion import delete_run
from oott_assets.partitions import partition_key
from oott_fashion.stores.blobs import AlreadyLocked

_ASSETS_WITH_PICTURES = ("instagram_images", "garment_detections")
_ASSETS_WITHOUT_PICTURES = ("garment_trends", "outfit_trends")
_LABEL_TASKS = "label_tasks"

# Each run shows one batch. Nobody labels more batches within the retention period.
_MAX_RECORDS = 1000

_UNFINISHED = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def reject_unfinished_runs(instance: dg.DagsterInstance, destination: str, month: date) -> None:
    """Raise an error if a run of this month is unfinished, because that run may show the photos.

    Raises:
        AlreadyLocked: a run of this month is unfinished.
    """
    key = partition_key(destination, month)
    unfinished = dg.RunsFilter(tags={"dagster/partition": key}, statuses=list(_UNFINISHED))
    for run in instance.get_runs(unfinished, limit=1):
        raise AlreadyLocked(f"run {run.run_id} of {key} is still running; wait until it ends")


def delete_runs_with_pictures(
    instance: dg.DagsterInstance, destination: str, month: date, why: str
) -> int:
    """Delete the finished runs of a partition, and return how many there were.

    Dagster cannot delete a single picture from a run. The materialisations are reported again
    without pictures, with ``why`` instead of the contact sheet.
    """
    key = partition_key(destination, month)
    runs = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": key}))
    finished = [run for run in runs if run.is_finished]
    assets = (*_ASSETS_WITH_PICTURES, *_ASSETS_WITHOUT_PICTURES)
    materialised = [asset for asset in assets if _is_materialised(instance, asset, key)]
    for run in finished:
        delete_run(instance, run.run_id)
    for asset in materialised if finished else ():
        metadata = {"contact_sheet": why} if asset in _ASSETS_WITH_PICTURES else {}
        instance.report_runless_asset_event(
            dg.AssetMaterialization(asset, partition=key, metadata=metadata)
        )
    return len(finished)


def _is_materialised(instance: dg.DagsterInstance, asset: str, key: str) -> bool:
    records = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[key])
    return bool(instance.fetch_materializations(records, limit=1).records)


def reject_unfinished_label_runs(instance: dg.DagsterInstance) -> None:
    """Raise an error if a run of ``label_tasks`` is unfinished, because it may show any photo.

    Raises:
        AlreadyLocked: such a run is unfinished.
    """
    for run in instance.get_runs(dg.RunsFilter(statuses=list(_UNFINISHED))):
        if dg.AssetKey(_LABEL_TASKS) in (run.asset_selection or ()):
            raise AlreadyLocked(
                f"run {run.run_id} of {_LABEL_TASKS} is still running; wait until it ends"
            )


def delete_label_runs(instance: dg.DagsterInstance, batches: Collection[str], why: str) -> None:
    """Delete the runs of ``label_tasks`` that wrote ``batches``, because they show their photos.

    Everything that these runs materialised is reported again without metadata. ``label_tasks`` has
    ``why`` instead of the contact sheet.
    """
    shown = instance.fetch_materializations(dg.AssetKey(_LABEL_TASKS), limit=_MAX_RECORDS).records
    for run_id in {record.run_id for record in shown if _batch_of(record) in batches}:
        materialised = instance.all_logs(run_id, dg.DagsterEventType.ASSET_MATERIALIZATION)
        delete_run(instance, run_id)
        for entry in materialised:
            if entry.asset_materialization is not None:
                instance.report_runless_asset_event(
                    _without_pictures(entry.asset_materialization, why)
                )


def _batch_of(record: dg.EventLogRecord) -> str | None:
    batch = record.asset_materialization and record.asset_materialization.metadata.get("batch")
    return str(batch.value) if batch else None


def _without_pictures(event: dg.AssetMaterialization, why: str) -> dg.AssetMaterialization:
    metadata = {"contact_sheet": why} if event.asset_key == dg.AssetKey(_LABEL_TASKS) else {}
    tags = {name: tag for name, tag in (event.tags or {}).items() if name == DATA_VERSION}
    return dg.AssetMaterialization(
        event.asset_key, partition=event.partition, metadata=metadata, tags=tags
    )
