"""Ticks of the sensors, and runs that they find in the records."""

from collections.abc import Mapping
from typing import NamedTuple

import dagster as dg
from dagster._core.code_pointer import CodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from oott_assets.definitions import configured_resources, defs


class Tick(NamedTuple):
    """What a sensor did in one tick."""

    requests: list[str]
    evaluations: list[dg.AssetCheckEvaluation]
    skipped: str | None
    cursor: str | None


def tick(
    sensor: dg.SensorDefinition, records: dg.DagsterInstance, cursor: str | None = None
) -> Tick:
    with dg.build_sensor_context(
        instance=records, cursor=cursor, definitions=defs, resources=configured_resources()
    ) as context:
        done = sensor.evaluate_tick(context)
    return Tick(
        [str(request.partition_key) for request in done.run_requests or []],
        [event for event in done.asset_events if isinstance(event, dg.AssetCheckEvaluation)],
        done.skip_message,
        done.cursor,
    )


def unfinished_run(
    records: dg.DagsterInstance,
    key: str,
    status: dg.DagsterRunStatus,
    tags: Mapping[str, str] | None = None,
) -> None:
    records.create_run_for_job(
        defs.resolve_job_def("recount_job"),
        status=status,
        tags={"dagster/partition": key, **(tags or {})},
        # A queued run must have an origin.
        remote_job_origin=RemoteJobOrigin(
            RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("oott"), "oott"), "recount_job"
        ),
        job_code_origin=JobPythonOrigin(
            "recount_job",
            RepositoryPythonOrigin(
                "python", CodePointer.from_module("oott_assets.definitions", "defs", None)
            ),
        ),
    )
