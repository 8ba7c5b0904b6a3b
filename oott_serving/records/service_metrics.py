"""The metrics for Prometheus; /metrics adds up those of all workers."""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from bentoml._internal.server.http import instruments
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.multiprocess import mark_process_dead
from starlette.types import Receive, Scope, Send

from oott_serving.api.service_paths import ALL_PATHS
from oott_serving.records.request_records import RequestRecord

_BENTOML_METRICS = instruments.RunnerTrafficMetricsMiddleware

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)

# Each version has up to 312 series, one for each garment and colour. Prometheus reads all of them
# every few seconds, so a worker that sees more versions than this counts them as "later".
_MAX_VERSIONS = 20


class BoundedValues:
    """The first values of a label; all later ones become ``other``."""

    def __init__(self, max_values: int, other: str) -> None:
        self._max_values = max_values
        self._other = other
        self._values: set[str] = set()

    def of(self, value: str) -> str:
        """Give ``value``, or ``other`` if there are enough values already."""
        if len(self._values) < self._max_values:
            self._values.add(value)
        return value if value in self._values else self._other


class ServiceMetrics:
    """What the workers count. A label has few values, also if clients send many."""

    def __init__(self) -> None:
        forget_dead_workers()
        self._versions = BoundedValues(_MAX_VERSIONS, "later")
        self._stages = Histogram(
            "oott_stage_seconds", "Seconds of a stage.", ["route", "stage"], buckets=_SECONDS
        )
        self._requests = Counter("oott_requests", "Answered requests.", ["route", "status"])
        self._rejected = Counter("oott_rejected_requests", "Errors.", ["route", "reason"])
        self._photos = Counter("oott_photos", "Photos that were looked at.", ["route"])
        self._without_garments = Counter(
            "oott_photos_without_garments", "Photos in which no garment was found.", ["route"]
        )
        self._garments = Counter(
            "oott_garments", "Garments.", ["garment", "colour", "detector_version"]
        )
        self._queued = Gauge(
            "oott_queued_requests",
            "Predictions whose body has arrived, and which are not answered yet.",
            ["route"],
            multiprocess_mode="livesum",
        )
        self._queued_bytes = Gauge(
            "oott_queued_bytes",
            "Bytes of unanswered predictions that have arrived.",
            multiprocess_mode="livesum",
        )
        self._in_service = Gauge(
            "oott_detector_workers",
            "Workers that have this detector in service.",
            ["detector_version", "engine"],
            multiprocess_mode="livesum",
        )
        self._swaps = Counter("oott_detector_swaps", "Detectors put into service.")
        self._failures = Counter("oott_detector_failures", "Problems with the latest detector.")

    def add_arrived(self, record: RequestRecord, count: int) -> None:
        """Add ``count`` predictions to those that have arrived; -1 when one is answered."""
        self._queued.labels(record.path).inc(count)

    def add_bytes(self, count: int) -> None:
        """Add to the bytes of unanswered predictions; negative when one is answered."""
        self._queued_bytes.inc(count)

    def count(self, record: RequestRecord) -> None:
        """Count a request that is answered."""
        route = record.path if record.path in ALL_PATHS else "other"
        self._requests.labels(route, str(record.status or "none")).inc()
        if record.rejected_because is not None:
            self._rejected.labels(route, record.rejected_because).inc()
        if record.photos:
            self._count_photos(record)

    def _count_photos(self, record: RequestRecord) -> None:
        for stage, seconds in record.seconds.items():
            self._stages.labels(record.path, stage).observe(seconds)
        self._photos.labels(record.path).inc(record.photos)
        self._without_garments.labels(record.path).inc(record.photos_without_garments)
        version = self._versions.of(record.detector_version or "none")
        for garment in record.garments:
            self._garments.labels(garment.garment, garment.colour, version).inc()

    def put_into_service(self, version: str, engine: str) -> None:
        """Count a detector that is put into service."""
        self._swaps.inc()
        self._in_service.labels(version, engine).set(1)

    def take_out_of_service(self, version: str, engine: str) -> None:
        """Show that a detector is no longer in service."""
        self._in_service.labels(version, engine).set(0)

    def count_detector_failure(self) -> None:
        """Count a problem that keeps the latest detector from being used."""
        self._failures.inc()


@cache
def service_metrics() -> ServiceMetrics:
    """Make the metrics once in a process; a second time, Prometheus would refuse them."""
    return ServiceMetrics()


def bound_bentoml_metrics() -> None:
    """Keep BentoML from making a metric for each path that a client invents."""
    setattr(instruments, _BENTOML_METRICS.__name__, _KnownPathsOnly)


class _KnownPathsOnly(_BENTOML_METRICS):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in ALL_PATHS:
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def forget_dead_workers() -> None:
    """Delete what killed workers had in their queues; a new worker starts when one is killed."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)  # only asks whether the process exists
        except ProcessLookupError:
            with suppress(FileNotFoundError):
                mark_process_dead(pid)  # type: ignore[no-untyped-call]
