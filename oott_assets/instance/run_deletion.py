"""Deletes runs with all that Dagster keeps of them."""

from datetime import datetime

import dagster as dg

_FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
# SQLite rejects a query with too many ids.
_IDS_PER_QUERY = 500


def delete_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run, what it printed, and its pictures."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.delete_run(run_id)


def delete_old_runs(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete the finished runs created before a time, and return how many there were.

    The run that made the latest version of an asset or of a partition stays. Without it, Dagster
    would show the partition as missing.
    """
    old = dg.RunsFilter(statuses=_FINISHED, created_before=before)
    deletable = {run.run_id for run in instance.get_runs(old)}
    if deletable:
        deletable -= _runs_of_latest_versions(instance)
    for run_id in deletable:
        delete_run(instance, run_id)
    return len(deletable)


def _runs_of_latest_versions(instance: dg.DagsterInstance) -> set[str]:
    kept = set()
    for asset in instance.get_asset_keys():
        for record in instance.fetch_materializations(asset, limit=1).records:
            kept.add(record.run_id)
        latest = instance.get_latest_storage_id_by_partition(
            asset, dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        ids = sorted(latest.values())
        for start in range(0, len(ids), _IDS_PER_QUERY):
            some = dg.AssetRecordsFilter(asset, storage_ids=ids[start : start + _IDS_PER_QUERY])
            records = instance.fetch_materializations(some, limit=_IDS_PER_QUERY).records
            kept.update(record.run_id for record in records)
    return kept
