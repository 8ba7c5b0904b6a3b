"""What runs print, and their pictures, in a bucket of Google Cloud Storage."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster_gcp.gcs.compute_log_manager import GCSComputeLogManager

from oott_assets.instance.live_runs import alive


class BucketLogs(GCSComputeLogManager):
    """A bucket of logs; a run holds its lock while it captures them, as ``RunLogs`` explains."""

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        with alive(log_key[0]), super().capture_logs(log_key) as context:
            yield context
