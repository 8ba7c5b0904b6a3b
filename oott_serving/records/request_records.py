"""Records what is known of a request while it is answered: its detector, stages and garments."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Literal, get_args

from oott_fashion.vision.detections import Detection

Stage = Literal["waiting", "decoding", "detection", "colours"]
STAGES: tuple[Stage, ...] = get_args(Stage)

VERSION_HEADER = "OOTT-Detector-Version"


@dataclass
class RequestRecord:
    """What is known of one request; its stages in seconds."""

    method: str = ""
    path: str = ""
    request_id: str = ""
    began: float = field(default_factory=time.perf_counter)
    status: int | None = None
    rejected_because: str | None = None
    body_bytes: int = 0
    detector_version: str | None = None
    seconds: dict[Stage, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    photos: int = 0
    photos_without_garments: int = 0
    garments: list[Detection] = field(default_factory=list)

    def milliseconds(self) -> dict[Stage, float]:
        return {stage: round(1000 * seconds, 1) for stage, seconds in self.seconds.items()}

    def add_photo(self, garments: Sequence[Detection]) -> None:
        """Add the garments of a photo."""
        self.photos += 1
        self.photos_without_garments += not garments
        self.garments += garments


# The thread of an API method has the context of its request.
_record: ContextVar[RequestRecord | None] = ContextVar("request_record", default=None)


def begin_record(record: RequestRecord) -> Token[RequestRecord | None]:
    """Make ``record`` the current one; ``end_record`` needs the token."""
    return _record.set(record)


def end_record(token: Token[RequestRecord | None]) -> None:
    """Make the record before it the current one."""
    _record.reset(token)


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
