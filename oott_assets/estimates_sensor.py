"""The sensor that estimates months again after their counts have changed."""

from datetime import date, datetime
from typing import Self

import dagster as dg
from pydantic import BaseModel, ValidationError

from oott_assets.automation import trend_report_job
from oott_assets.trends.due_estimates import due_months, months_used
from oott_assets.trends.stale_counts import unfinished_runs
from oott_assets.trends.trend_database import TrendDatabase

# If the sensor is switched off, it leaves few runs behind.
MAX_REQUESTS = 10


class _Requested(BaseModel):
    """The cursor: the months that were requested, each with the time of its newest counts."""

    months: dict[date, datetime] = {}

    @classmethod
    def before(cls, cursor: str | None) -> Self:
        try:
            return cls.model_validate_json(cursor or "{}")
        except ValidationError:
            return cls()


@dg.sensor(
    job=trend_report_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def estimates_sensor(
    context: dg.SensorEvaluationContext, trend_database: TrendDatabase
) -> dg.SensorResult | dg.SkipReason:
    """Estimates each month again whose counts have changed, and writes its trend page.

    It waits until no run counts the month, or a month that it is compared with. It requests a month
    once for the same counts. If that run fails, start it again yourself.
    """
    requested = _Requested.before(context.cursor)
    with trend_database.tables() as tables:
        due = due_months(tables)
    new = {month: at for month, at in due.items() if requested.months.get(month) != at}
    busy = {key.rpartition("|")[2] for key in unfinished_runs(context.instance)}
    ready = [month for month in new if not busy & set(map(_key, months_used(month)))][:MAX_REQUESTS]
    if not ready:
        return dg.SkipReason(f"{len(new)} months wait until their counts are complete")
    requested.months |= {month: new[month] for month in ready}
    return dg.SensorResult(
        run_requests=[dg.RunRequest(partition_key=_key(month)) for month in ready],
        cursor=requested.model_dump_json(),
    )


def _key(month: date) -> str:
    return f"{month:%Y-%m}"
