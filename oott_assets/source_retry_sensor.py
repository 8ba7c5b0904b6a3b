"""The sensor that collects photos again, hours after a source was busy."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

from oott_assets.automation import monthly_trends_job
from oott_assets.failure_rules import EARLIER_RETRIES, LATER_RETRY
from oott_assets.photos.instagram_images import instagram_images
from oott_assets.photos.photo_failures import LATER_HOURS
from oott_assets.trends.stale_counts import unfinished_runs

_WAITS = {str(number): timedelta(hours=hours) for number, hours in enumerate(LATER_HOURS, start=1)}

# If the daemon was off for longer, a person decides whether to ask for photos so late.
_MAX_LATE = timedelta(days=7)


@dg.sensor(
    job=monthly_trends_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def source_retry_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Collects photos again if their source was busy: 1, 6 and 24 hours after the failed run.

    A run continues after the last stored post. The sensor requests one run at a time, so that a
    source that is still busy is not asked by many runs. It requests nothing if photos of that
    month and destination were collected since then.
    """
    now = datetime.now(UTC)
    unfinished = unfinished_runs(context.instance)
    if any(EARLIER_RETRIES in run.tags for run in unfinished.values()):
        return dg.SkipReason("a run that asks a source again waits or works")
    waiting = 0
    for key, failed in _newest_failed(context.instance, now).items():
        if key in unfinished or _is_collected_since(context.instance, key, failed):
            continue
        number = failed.dagster_run.tags[LATER_RETRY]
        if now < _ended_at(failed) + _WAITS[number]:
            waiting += 1
            continue
        assets = failed.dagster_run.asset_selection
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=failed.dagster_run.run_id,
                    partition_key=key,
                    asset_selection=list(assets) if assets else None,
                    tags={EARLIER_RETRIES: number},
                )
            ]
        )
    return dg.SkipReason(f"{waiting} failed runs wait until their source may be asked again")


def _newest_failed(records: dg.DagsterInstance, now: datetime) -> Mapping[str, dg.RunRecord]:
    """Give the last run of each partition that failed because its source was busy."""
    failed = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags={LATER_RETRY: list(_WAITS)},
        updated_after=now - max(_WAITS.values()) - _MAX_LATE,
    )
    newest: dict[str, dg.RunRecord] = {}
    for record in records.get_run_records(failed):
        newest.setdefault(record.dagster_run.tags["dagster/partition"], record)
    return newest


def _is_collected_since(records: dg.DagsterInstance, key: str, failed: dg.RunRecord) -> bool:
    collected = dg.AssetRecordsFilter(
        instagram_images.key, asset_partitions=[key], after_timestamp=_ended_at(failed).timestamp()
    )
    return bool(records.fetch_materializations(collected, limit=1).records)


def _ended_at(record: dg.RunRecord) -> datetime:
    ended = record.end_time or record.update_timestamp.timestamp()
    return datetime.fromtimestamp(ended, UTC)
