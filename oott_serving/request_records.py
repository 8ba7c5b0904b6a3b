"""Records what is known of a request while it is answered: its detector, and its stages."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, get_args

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Stage = Literal["waiting", "decoding", "detection", "colours"]
STAGES: tuple[Stage, ...] = get_args(Stage)

VERSION_HEADER = "OOTT-Detector-Version"


@dataclass
class RequestRecord:
    """What is known of one request; its stages in seconds."""

    detector_version: str | None = None
    seconds: dict[Stage, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    def milliseconds(self) -> dict[Stage, float]:
        return {stage: round(1000 * seconds, 1) for stage, seconds in self.seconds.items()}


# The thread of an API method has the context of its request.
_record: ContextVar[RequestRecord | None] = ContextVar("request_record", default=None)


def current_record() -> RequestRecord:
    """Give the record of the request that is being answered; outside of one, an empty record."""
    return _record.get() or RequestRecord()


def add_seconds(stage: Stage, seconds: float) -> None:
    """Add to the time of a stage of the current request."""
    current_record().seconds[stage] += seconds


@contextmanager
def measured(stage: Stage) -> Iterator[None]:
    """Measure a stage of the current request."""
    began = time.perf_counter()
    try:
        yield
    finally:
        add_seconds(stage, time.perf_counter() - began)


class RequestRecords:
    """Makes the record of each request, and names the detector in the answers of predictions."""

    def __init__(self, app: ASGIApp, version_in_service: Callable[[], str | None]) -> None:
        self._app = app
        self._version_in_service = version_in_service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/predict/"):
            await self._app(scope, receive, send)
            return
        record = RequestRecord()

        async def send_with_version(message: Message) -> None:
            version = record.detector_version or self._version_in_service()
            if message["type"] == "http.response.start" and version:
                MutableHeaders(scope=message)[VERSION_HEADER] = version
            await send(message)

        token = _record.set(record)
        try:
            await self._app(scope, receive, send_with_version)
        finally:
            _record.reset(token)
