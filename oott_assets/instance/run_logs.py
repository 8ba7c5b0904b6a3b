"""Dagster's store of what runs print, and of their pictures: a folder or a bucket."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeLogManager
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._serdes import ConfigurableClassData

from oott_assets.instance.live_runs import alive
from oott_assets.instance.records_place import local_folder, records_folder
from oott_assets.settings import RecordsSettings
from oott_fashion.settings import read_settings


class RunLogs(LocalComputeLogManager):
    """A folder of logs, or the bucket that ``OOTT_RUN_LOGS`` names.

    Dagster captures the output of a run in the process that executes the run. So this is also the
    place to hold the lock that shows that the process is alive.
    """

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, _config_value: Mapping[str, Any]
    ) -> Any:
        place = read_settings(RecordsSettings).run_logs
        if place is not None and place.startswith("gs://"):
            return _bucket_logs(place, inst_data)
        return cls(place or str(records_folder() / "logs"), inst_data=inst_data)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        with alive(log_key[0]), super().capture_logs(log_key) as context:
            yield context


def _bucket_logs(place: str, inst_data: ConfigurableClassData | None) -> ComputeLogManager[Any]:
    # The library of Google Cloud takes 1 s to import, and most records need none.
    from oott_assets.instance.bucket_logs import BucketLogs

    address = urlsplit(place)
    return BucketLogs(
        bucket=address.netloc,
        prefix=address.path.strip("/"),
        local_dir=str(local_folder() / "logs"),
        inst_data=inst_data,
    )
