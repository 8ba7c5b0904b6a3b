"""Stops a worker without losing a request: first its readiness, then the port, then its answers."""

import asyncio
import logging
import signal
import threading

import uvicorn

from oott_serving.server.connections import BoundedConnection

# The connections that the kernel has accepted before the end are taken from its queue in this time.
_SECONDS_FOR_THE_QUEUE = 0.2

_log = logging.getLogger(__name__)


class Stopping:
    """What a worker does when it receives SIGTERM.

    uvicorn would close the port at once, when a load balancer still sends requests. Here the worker
    first reports that it is not ready. It answers requests for ``drain_seconds`` more, and asks the
    clients to close their connections. Then it leaves the rest to uvicorn, which answers all
    requests that have arrived.
    """

    def __init__(self, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self.has_begun = False

    def on_sigterm(self) -> None:
        """Take over SIGTERM from uvicorn; call it in the event loop of the worker."""
        if threading.current_thread() is not threading.main_thread():
            return  # a test client, which receives no signals
        uvicorn_stops = signal.getsignal(signal.SIGTERM)
        server = getattr(uvicorn_stops, "__self__", None)
        if not isinstance(server, uvicorn.Server):
            return
        loop = asyncio.get_running_loop()

        def begin() -> None:
            _log.info("stopping: the port is closed in %g seconds", self._drain_seconds)
            self.has_begun = BoundedConnection.closes_after_answer = True
            seconds = self._drain_seconds + _SECONDS_FOR_THE_QUEUE
            loop.call_later(seconds, server.handle_exit, signal.SIGTERM, None)

        loop.add_signal_handler(signal.SIGTERM, begin)
        if server.should_exit:  # the signal came before this
            begin()
