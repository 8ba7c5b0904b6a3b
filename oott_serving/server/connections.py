"""Bounds the open connections of a worker, and closes those that send no request in time.

uvicorn waits for the headers of a request without a time limit, and BentoML cannot set a maximum
number of connections. BentoML starts uvicorn itself, so ``bound_connections`` enters the protocol
class of this module in uvicorn's list.
"""

import asyncio
import resource
import time

from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A client sends its headers at once, also over a slow connection. A client that keeps a connection
# open between requests must expect that it is closed.
_MAX_IDLE_SECONDS = 10.0

# A connection stays with its worker. So it is closed from time to time: when its client connects
# again, the worker with the fewest requests gets it.
_MAX_ANSWERS = 50

# When a worker stops, a request may be on its way on a connection that looks idle.
_LAST_SECONDS = 1.0

# Each has a file descriptor and about 20 KiB of memory. The queue of predictions never needs more.
_MAX_CONNECTIONS = 2000

# The files, pipes and libraries that a worker has open beside its connections; it has about 60.
_OTHER_FILES = 200


class BoundedConnection(HttpToolsProtocol):
    """An HTTP connection that is closed when it sends no complete headers in time.

    When a worker has too many connections, the one that has been idle longest is closed. So
    clients that send nothing cannot keep others out.
    """

    max_idle_seconds = _MAX_IDLE_SECONDS
    max_connections = _MAX_CONNECTIONS
    max_answers = _MAX_ANSWERS

    unanswered = 0
    """The requests of all connections of this process that have no complete answer yet."""

    closes_after_answer = False

    _idle_since = 0.0
    _answers_left = 0
    _is_unanswered = False
    _idle_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit; make room by closing another connection if there are too many."""
        super().connection_made(transport)
        self._answers_left = self.max_answers
        self._start_idle_timer()
        if len(self.connections) > self.max_connections:
            self._longest_idle().transport.abort()

    def on_headers_complete(self) -> None:
        """Begin a request; close the connection after it if it has had many, or on a stop."""
        super().on_headers_complete()
        self._set_unanswered(not self._is_idle())
        self._answers_left -= 1
        if self.cycle is not None and (self._answers_left <= 0 or self.closes_after_answer):
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Start the time limit of the next request on this connection."""
        super().on_response_complete()
        self._set_unanswered(not self._is_idle())
        self._start_idle_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit."""
        self._set_unanswered(False)
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        super().connection_lost(exc)

    def _set_unanswered(self, is_unanswered: bool) -> None:
        BoundedConnection.unanswered += is_unanswered - self._is_unanswered
        self._is_unanswered = is_unanswered

    def shutdown(self) -> None:
        """Close the connection soon, after its request if there is one."""
        BoundedConnection.closes_after_answer = True  # also those that begin at this moment
        if self._is_idle():
            self._close_if_idle_after(_LAST_SECONDS)
        else:
            super().shutdown()

    def _start_idle_timer(self) -> None:
        # uvicorn's own timer starts again with each byte, so one byte a second would keep it off.
        self._idle_since = time.monotonic()
        self._close_if_idle_after(self.max_idle_seconds)

    def _close_if_idle_after(self, seconds: float) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._idle_timer = self.loop.call_later(seconds, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.transport.abort()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _longest_idle(self) -> "BoundedConnection":
        """Give the connection without a request that has waited longest, or else this one."""
        idle = (
            other
            for other in self.connections
            if isinstance(other, BoundedConnection)
            and other._is_idle()
            and not other.transport.is_closing()
        )
        return min(idle, key=lambda other: other._idle_since, default=self)


def bound_connections() -> None:
    """Make uvicorn use bounded connections, with as many open files as they need."""
    HTTP_PROTOCOLS["auto"] = f"{__name__}:{BoundedConnection.__name__}"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _MAX_CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        BoundedConnection.max_connections = max(1, soft - _OTHER_FILES)
