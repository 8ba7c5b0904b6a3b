"""Queues the requests that have arrived, and predicts how long a new one would wait."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from oott_serving.errors import RejectedRequest

# The service measures its own speed. Until then, it expects that of ONNX Runtime on a slow core.
_EXPECTED_SECONDS_PER_PHOTO = 0.15

# What was measured this long ago counts half.
_HALF_LIFE_SECONDS = 10.0


class WaitingRequests:
    """The requests that run or wait, first come, first served.

    At most ``max_concurrent`` of them run. A request that would wait longer than
    ``max_waiting_seconds`` is rejected. ``what`` names in its message what waits.
    """

    def __init__(
        self,
        max_concurrent: int,
        max_waiting_seconds: float,
        now: Callable[[], float] = time.monotonic,
        what: str = "photos",
    ) -> None:
        self.max_concurrent = max_concurrent
        self.max_waiting_seconds = max_waiting_seconds
        self._places = asyncio.Semaphore(max_concurrent)
        self._now = now
        self._what = what
        self._photos = 0
        self._speed = _Speed(now)
        self._promised_until = 0.0

    @asynccontextmanager
    async def place(self, photos: int) -> AsyncIterator[None]:
        """Wait for the turn of a request with ``photos``, and keep the place until its end.

        Raises:
            RejectedRequest: the request would wait too long.
        """
        self._require_short_wait(photos)
        if self._photos == 0:
            self._speed.start()
        self._photos += photos
        try:
            async with self._places:
                yield
        finally:
            self._photos -= photos
            self._speed.add(photos)

    def _require_short_wait(self, photos: int) -> None:
        seconds_per_photo = self._speed.seconds_per_photo()
        too_long = self._photos * seconds_per_photo - self.max_waiting_seconds
        if too_long <= 0:
            return
        # If all rejected clients came back at the same time, most would be rejected again. So each
        # gets its own time: when the photos of those before it are done.
        now = self._now()
        begin = max(now + too_long, self._promised_until)
        self._promised_until = begin + photos * seconds_per_photo
        raise RejectedRequest(
            503,
            f"{self._photos:,} {self._what} are already waiting; try again later",
            retry_after_seconds=math.ceil(self._promised_until - now),
            reason="queue_full",
        )


class _Speed:
    """The time per photo, as measured while there is work."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._photos = 1.0
        self._seconds = _EXPECTED_SECONDS_PER_PHOTO
        self._since = 0.0

    def start(self) -> None:
        """Begin to measure, after a time without work."""
        self._since = self._now()

    def add(self, photos: int) -> None:
        """Count ``photos`` that are done now."""
        now = self._now()
        older = 0.5 ** ((now - self._since) / _HALF_LIFE_SECONDS)
        self._photos = older * self._photos + photos
        self._seconds = older * self._seconds + now - self._since
        self._since = now

    def seconds_per_photo(self) -> float:
        return self._seconds / self._photos
