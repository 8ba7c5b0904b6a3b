"""Accepts connections so that the workers get equal shares of the requests.

The workers of BentoML accept from one socket, and uvloop accepts all connections that it finds
there. So one worker got all of four clients, and the others got none. Here, a worker accepts one
connection at a time, and waits longer the more requests it has. So the worker with the fewest
requests is the first to accept. BentoML starts uvicorn itself, so ``share_connections`` enters the
event loop of this module in uvicorn's list.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvloop
from uvicorn.config import LOOP_FACTORIES

from oott_serving.server.connections import BoundedConnection

# A worker waits at most this long, so that also busy workers accept 300 connections in a second.
_MAX_DELAY_SECONDS = 0.003

# With this many requests, a worker waits half as long.
_REQUESTS_OF_HALF_DELAY = 4

# A client sends its request this soon after its connection is accepted.
_SECONDS_TO_REQUEST = 0.05

# In a burst, such as 1,000 clients at once, a worker accepts several connections after each wait.
_EXPECTED_FOR_ANOTHER = 4

# While a process has no file descriptors left, the system reports the connection again and again.
_SECONDS_AFTER_FAILURE = 0.1

_log = logging.getLogger(__name__)

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


class SharedListener:
    """Accepts connections from a socket that several processes share; uvicorn closes it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        factory: ProtocolFactory,
        requests: Callable[[], int] = lambda: BoundedConnection.unanswered,
    ) -> None:
        self._loop = loop
        self._socket = listening
        self._factory = factory
        self._requests = requests
        self._expected = 0
        self._is_open = True
        self._connecting: set[asyncio.Task[object]] = set()
        listening.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Take the connections that wait for a worker, and accept no more.

        uvicorn closes the socket after this, and then the kernel resets those that still wait.
        """
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._socket)
            with suppress(OSError):
                while True:
                    self._begin(self._socket.accept()[0])

    async def wait_closed(self) -> None:
        """Return at once; the protocols know when their connections end."""

    def _listen(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._socket, self._let_others_accept)

    def _let_others_accept(self) -> None:
        requests = self._requests() + self._expected
        if requests == 0:
            self._accept()
            return
        self._loop.remove_reader(self._socket)
        delay = _MAX_DELAY_SECONDS * requests / (requests + _REQUESTS_OF_HALF_DELAY)
        self._loop.call_later(delay, self._accept_and_listen)

    def _accept_and_listen(self) -> None:
        # If many have come in the last moment, more are waiting.
        several = range(1 + self._expected // _EXPECTED_FOR_ANOTHER)
        if self._is_open and all(self._accept() for _ in several):
            self._listen()

    def _accept(self) -> bool:
        """Accept a connection, if another worker has not; give False if it must be tried later."""
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return True
        except OSError as error:
            _log.warning("a connection cannot be accepted now: %s", error)
            self._loop.remove_reader(self._socket)
            self._loop.call_later(_SECONDS_AFTER_FAILURE, self._listen)
            return False
        self._begin(connection)
        return True

    def _begin(self, connection: socket.socket) -> None:
        self._expected += 1
        self._loop.call_later(_SECONDS_TO_REQUEST, self._expect_less)
        connecting = self._loop.create_task(self._connect(connection))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)

    def _expect_less(self) -> None:
        self._expected -= 1

    async def _connect(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, connection)
        except OSError:  # the client has left already
            connection.close()


class SharingLoop(uvloop.Loop):
    """uvloop's event loop, which shares the connections of a listening socket with others."""

    async def create_server(
        self, protocol_factory: ProtocolFactory, *args: Any, **options: Any
    ) -> Any:
        """Share the option ``sock`` if it is given, as BentoML does; otherwise listen as uvloop."""
        if options.get("sock") is None or options.get("ssl") is not None:
            return await super().create_server(protocol_factory, *args, **options)
        return SharedListener(self, options["sock"], protocol_factory)


def sharing_loop_factory(use_subprocess: bool = False) -> Callable[[], asyncio.AbstractEventLoop]:
    """Give uvicorn the event loop of this module."""
    del use_subprocess  # only Windows needs it
    return SharingLoop


def share_connections() -> None:
    """Make uvicorn share the connections between the workers."""
    LOOP_FACTORIES["auto"] = f"{__name__}:{sharing_loop_factory.__name__}"
