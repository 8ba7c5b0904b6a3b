"""Contact sheets in Dagster's records, which are to go when the photos on them go."""

from datetime import date

import dagster as dg

from oott_assets.partitions import partition_key
from oott_fashion.stores.blobs import AlreadyLocked

_SHOWING = ("instagram_images", "garment_detections")
_COUNTING = ("garment_trends", "outfit_trends")

_GOING_ON = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def reject_unfinished_runs(instance: dg.DagsterInstance, destination: str, month: date) -> None:
    """Refuse to touch what a run that is going on may write or show once more.

    Raises:
        AlreadyLocked: there is such a run of that month.
    """
    key = partition_key(destination, month)
    going_on = dg.RunsFilter(tags={"dagster/partition": key}, statuses=list(_GOING_ON))
    for run in instance.get_runs(going_on, limit=1):
        raise AlreadyLocked(f"run {run.run_id} of {key} is going on; wait until it ends")


def delete_runs_with_pictures(
    instance: dg.DagsterInstance, destination: str, month: date, why: str
) -> int:
    """Delete the records of finished runs that show photos of a partition; return how many.

    Dagster cannot remove one picture from a record. New records say that the assets were
    materialised, and ``why`` their pictures are gone.
    """
    key = partition_key(destination, month)
    runs = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": key}))
    finished = [run for run in runs if run.is_finished]
    made = [asset for asset in (*_SHOWING, *_COUNTING) if _was_made(instance, asset, key)]
    for run in finished:
        instance.delete_run(run.run_id)
    for asset in made if finished else ():
        metadata = {"contact_sheet": why} if asset in _SHOWING else {}
        instance.report_runless_asset_event(
            dg.AssetMaterialization(asset, partition=key, metadata=metadata)
        )
    return len(finished)


def _was_made(instance: dg.DagsterInstance, asset: str, key: str) -> bool:
    made = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[key])
    return bool(instance.fetch_materializations(made, limit=1).records)
