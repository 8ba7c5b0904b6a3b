"""Receives the bodies of requests, within limits of memory, number and time.

A body counts with the bytes that have arrived, not with those that its client announces. When the
memory or the number is used up, the slowest upload is stopped. So clients that send slowly, or
nothing, cannot keep others out.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.types import Receive

from oott_serving.errors import RejectedRequest

# Eight full bodies at the same time are normal. 64 of them would fill the memory.
_MAX_FULL_BODIES = 8

# The bodies up to this size have a part of the memory for themselves, as large as one full body.
# A photo of the app has 40 kB. So batches that wait cannot keep it out.
_SMALL_BODY = 2**20

# The speed of an upload that has just begun says little.
_SECONDS_TO_GET_GOING = 1.0

Parsed = TypeVar("Parsed")


@dataclass(eq=False)
class _Upload:
    """A body that is being received."""

    time_limit: asyncio.Timeout
    began: float = field(default_factory=time.monotonic)
    received: int = 0
    is_stopped: bool = False

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def bytes_per_second(self) -> float:
        return self.received / max(self.seconds(), 0.001)

    def stop(self) -> None:
        self.is_stopped = True
        if not self.time_limit.expired():
            self.time_limit.reschedule(asyncio.get_running_loop().time())


class Uploads:
    """The bodies that a worker receives, and those that wait for their answer."""

    def __init__(self, max_body_bytes: int, max_uploads: int, max_seconds: float) -> None:
        self._max_body_bytes = max_body_bytes
        self._max_uploads = max_uploads
        self._max_seconds = max_seconds
        self._receiving: list[_Upload] = []
        self._bytes_in_memory = 0

    @asynccontextmanager
    async def parsed(
        self, receive: Receive, parse: Callable[[bytes], Parsed]
    ) -> AsyncIterator[Parsed]:
        """Receive and parse a body; its memory is used until the end of the ``async with`` block.

        Raises:
            RejectedRequest: the body is too large, too slow, or more than the memory holds.
        """
        while len(self._receiving) >= self._max_uploads:
            self._stop_slowest(self._receiving)
        upload = _Upload(asyncio.timeout(self._max_seconds))
        self._receiving.append(upload)
        try:
            # The bytes are in no variable, because only the parsed body is used from now on.
            yield parse(await self._received_in_time(upload, receive))
        finally:
            self._forget(upload)

    async def _received_in_time(self, upload: _Upload, receive: Receive) -> bytes:
        try:
            async with upload.time_limit:
                content = await self._received(upload, receive)
                self._receiving.remove(upload)
                return content
        except TimeoutError:
            raise self._too_slow(upload) from None

    async def _received(self, upload: _Upload, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RejectedRequest(400, "the connection was closed before the body was complete")
            chunks.append(message.get("body", b""))
            self._take_memory(upload, len(chunks[-1]))
            if not message.get("more_body", False):
                return b"".join(chunks)

    def _take_memory(self, upload: _Upload, more: int) -> None:
        if upload.is_stopped:
            raise self._too_slow(upload)
        total = upload.received + more
        if total > self._max_body_bytes:
            raise too_large(f"more than {self._max_body_bytes:,} bytes", self._max_body_bytes)
        small = self._max_body_bytes if total <= _SMALL_BODY else 0
        while self._bytes_in_memory + more > _MAX_FULL_BODIES * self._max_body_bytes + small:
            self._stop_slowest([other for other in self._receiving if other.received])
            if upload.is_stopped:
                raise self._too_slow(upload)
        upload.received = total
        self._bytes_in_memory += more

    def _stop_slowest(self, uploads: list[_Upload]) -> None:
        if not uploads:
            raise RejectedRequest(
                503,
                f"{self._bytes_in_memory:,} bytes of requests are already waiting; try again later",
                reason="memory_full",
            )
        under_way = [upload for upload in uploads if upload.seconds() > _SECONDS_TO_GET_GOING]
        slowest = min(under_way or uploads, key=_Upload.bytes_per_second)
        slowest.stop()
        self._forget(slowest)

    def _forget(self, upload: _Upload) -> None:
        if upload in self._receiving:
            self._receiving.remove(upload)
        self._bytes_in_memory -= upload.received
        upload.received = 0

    def _too_slow(self, upload: _Upload) -> RejectedRequest:
        if upload.is_stopped:
            return RejectedRequest(
                503,
                "too many uploads, and this was the slowest of them; try again later",
                reason="slowest_upload",
            )
        return RejectedRequest(
            408,
            f"the body was not complete after {self._max_seconds:g} seconds; send smaller photos, "
            "or use a faster connection",
        )


def too_large(found: str, allowed: int) -> RejectedRequest:
    """Say that a body is too large."""
    return RejectedRequest(
        413,
        f"the body has {found}; at most {allowed:,} are allowed; send fewer or smaller photos",
    )
