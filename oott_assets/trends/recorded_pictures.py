"""Contact sheets in Dagster's records, which are to go when the photos on them go."""

from datetime import date

import dagster as dg

from oott_assets.partitions import partition_key

_SHOWN_ON = ("instagram_images", "garment_detections")


def delete_recorded_pictures(
    instance: dg.DagsterInstance, destination: str, month: date, why: str
) -> int:
    """Delete the records of finished runs that show photos of a partition; count them.

    A picture cannot be taken out of a record. That the assets were made stays on record, with
    ``why`` their pictures are not.
    """
    key = partition_key(destination, month)
    runs = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": key}))
    finished = [run for run in runs if run.is_finished]
    made = [
        asset
        for asset in map(dg.AssetKey, _SHOWN_ON)
        if instance.fetch_materializations(
            dg.AssetRecordsFilter(asset, asset_partitions=[key]), limit=1
        ).records
    ]
    for run in finished:
        instance.delete_run(run.run_id)
    if finished:
        for asset in made:
            instance.report_runless_asset_event(
                dg.AssetMaterialization(asset, partition=key, metadata={"contact sheet": why})
            )
    return len(finished)
