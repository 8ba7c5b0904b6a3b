"""What the schedules request, in which timezone, and what a reload of the code location changes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import freeze_time
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._utils.schedules import schedule_execution_time_iterator

from oott_assets.definitions import defs
from oott_assets.partitions import destinations
from tests.oott_assets.recounted_pipeline import opened_records

LOCATION = "oott_assets.definitions"
DESTINATIONS = Path("oott_fashion/destinations.yaml")


def ticks(schedule: dg.ScheduleDefinition, first: datetime, last: datetime) -> Iterator[datetime]:
    """List when a schedule ticks, as Dagster's daemon does."""
    every = schedule_execution_time_iterator(
        first.timestamp(), schedule.cron_schedule, schedule.execution_timezone
    )
    return takewhile(lambda tick: tick <= last, every)


def test_each_month_of_a_leap_year_is_requested_once_for_every_destination_when_it_has_ended() -> (
    None
):
    schedule = defs.resolve_schedule_def("monthly_trends_schedule")
    requested: dict[str, list[str]] = {}
    with dg.DagsterInstance.ephemeral() as records:
        for tick in ticks(
            schedule, datetime(2028, 1, 2, tzinfo=UTC), datetime(2029, 2, 2, tzinfo=UTC)
        ):
            with freeze_time(tick):
                context = dg.build_schedule_context(records, scheduled_execution_time=tick)
                runs = schedule.evaluate_tick(context).run_requests or []
            requested[f"{tick:%Y-%m-%d %H:%M %Z}"] = [str(run.partition_key) for run in runs]

    months = [f"2028-{month:02}" for month in range(1, 13)] + ["2029-01"]
    ends = [*(f"2028-{month:02}-01" for month in range(2, 13)), "2029-01-01", "2029-02-01"]
    assert requested == {
        f"{end} 03:00 KST": [f"{slug}|{month}" for slug in destinations.slugs]
        for end, month in zip(ends, months, strict=True)
    }


def test_every_schedule_is_in_the_timezone_of_the_settings() -> None:
    schedules = [defs.resolve_schedule_def(each.name) for each in defs.schedules or []]

    assert {schedule.execution_timezone for schedule in schedules} == {"Asia/Seoul"}


def test_a_place_that_is_added_to_the_file_appears_after_a_reload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "destinations.yaml"
    file.write_text(DESTINATIONS.read_text())
    monkeypatch.setenv("OOTT_DESTINATIONS_FILE", str(file))
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "browser")
    with (
        opened_records(tmp_path / "records") as records,
        WorkspaceProcessContext(records, ModuleTarget(LOCATION, None, ".", "oott")) as workspace,
    ):
        before = partitions_of(workspace)
        # The last category of the file ends with its destinations.
        with file.open("a") as places:
            places.write("    - {slug: songjeong, name: 송정, hashtags: [송정, 송정해수욕장]}\n")
        workspace.reload_code_location("oott")
        after = partitions_of(workspace)
        images = workspace.create_request_context().asset_graph.get(dg.AssetKey("instagram_images"))
        pools = images.pools

    assert len(before) > 1000
    assert {key.split("|")[0] for key in after - before} == {"songjeong"}
    assert before < after
    # Only one run at a time asks the site.
    assert pools == {"photo_source_browser"}


def partitions_of(workspace: WorkspaceProcessContext) -> set[str]:
    graph = workspace.create_request_context().asset_graph
    partitions = graph.get(dg.AssetKey("garment_trends")).partitions_def
    assert partitions
    return set(partitions.get_partition_keys())
