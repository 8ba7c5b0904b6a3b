"""A source that was busy is asked again by another run, hours later."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Self

import dagster as dg
import pytest

from oott_assets import source_retry_sensor as module
from oott_assets.definitions import configured_resources, defs
from oott_assets.failure_rules import EARLIER_RETRIES, LATER_RETRY
from oott_assets.photos.photo_failures import LATER_HOURS
from oott_assets.photos.sources.chosen_source import ChosenSource
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusyForHours
from oott_assets.source_retry_sensor import source_retry_sensor
from tests.oott_assets.photos.test_instagram_images import FailingSource
from tests.oott_assets.sensor_ticks import Tick, tick, unfinished_run

BUSY = SourceBusyForHours("the site asks to wait 60 minutes")


@pytest.fixture
def records() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def collects(
    records: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    trends_pipeline: object,  # noqa: ARG001 - only its settings are needed
) -> "Collects":
    return Collects(records, monkeypatch)


class Collects:
    """Collects from a source that raises an error, and ticks the sensor later."""

    def __init__(self, records: dg.DagsterInstance, patch: pytest.MonkeyPatch) -> None:
        self._records, self._patch = records, patch

    def run(
        self, error: PhotosUnknown | None = None, key: str = "hongdae|2026-09", earlier: int = 0
    ) -> dg.DagsterRun:
        source = FailingSource([error] if error else [])
        self._patch.setattr(ChosenSource, "opened", lambda _: source)
        job = defs.resolve_job_def("monthly_trends_job").get_subset(
            op_selection=["instagram_images"]
        )
        done = job.execute_in_process(
            partition_key=key,
            resources=configured_resources(),
            instance=self._records,
            raise_on_error=False,
            tags={EARLIER_RETRIES: str(earlier)} if earlier else None,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        run = self._records.get_run_by_id(done.run_id)
        assert run
        return run

    def tick_after(self, hours: float) -> Tick:
        class Later(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return super().now(tz) + timedelta(hours=hours)

        self._patch.setattr(module, "datetime", Later)
        return tick(source_retry_sensor, self._records)


@pytest.mark.parametrize(("earlier", "hours"), [*enumerate(LATER_HOURS)])
def test_a_busy_source_is_asked_again_after_the_hours_of_its_retry(
    collects: Collects, earlier: int, hours: float
) -> None:
    collects.run(BUSY, earlier=earlier)

    assert collects.tick_after(hours - 0.1).requests == []
    assert collects.tick_after(hours + 0.1).requests == ["hongdae|2026-09"]


def test_after_the_last_retry_nothing_is_requested(collects: Collects) -> None:
    run = collects.run(BUSY, earlier=len(LATER_HOURS))

    assert LATER_RETRY not in run.tags
    assert collects.tick_after(25).requests == []


def test_a_permanent_failure_is_not_retried_later(collects: Collects) -> None:
    run = collects.run(PhotosUnknown("the password is wrong"))

    assert LATER_RETRY not in run.tags
    assert collects.tick_after(25).requests == []


def test_nothing_is_requested_if_the_photos_were_collected_since_then(collects: Collects) -> None:
    collects.run(BUSY)
    assert collects.run().status == dg.DagsterRunStatus.SUCCESS

    assert collects.tick_after(25).requests == []


def test_one_run_at_a_time_asks_a_source_again(
    collects: Collects, records: dg.DagsterInstance
) -> None:
    keys = ["hongdae|2026-09", "haeundae|2026-09"]
    for key in keys:
        collects.run(BUSY, key)

    [first] = collects.tick_after(2).requests
    tags = {EARLIER_RETRIES: "1"}
    unfinished_run(records, first, dg.DagsterRunStatus.STARTED, tags)

    assert first in keys
    assert collects.tick_after(2).requests == []
