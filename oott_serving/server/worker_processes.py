"""The main process of the service: it replaces dead workers, and closes the port when they stop.

BentoML starts its workers with Circus, which it cannot configure. So ``watch_workers`` enters the
class of this module in BentoML's own module.
"""

import ctypes
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import bentoml._internal.utils.circus as bentoml_circus

# BentoML checks every 10 seconds, and a service with one worker would not answer for that long.
_CHECK_SECONDS = 1

# On a busy machine, the main process can be this much later than the workers.
_SECONDS_BEFORE_WORKERS = 0.5

# From <asm/socket.h>; Python's socket module does not have it.
_SO_ATTACH_FILTER = 26

# A program of the classic BPF, as (operation, jump if true, jump if false, operand): load byte 13
# of the TCP header, which has the flags; keep the packet unless it has the flag SYN.
_NO_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


class WorkerProcesses(bentoml_circus.Arbiter):
    """Starts the workers, replaces those that die, and stops all of them on SIGTERM."""

    drain_seconds = 0.0

    def start(self, cb: Callable[[Any], Any] | None = None) -> None:
        """Start the workers; also in a container, replace one that dies."""
        self.ctrl.check_delay = 1000 * _CHECK_SECONDS
        for watcher in self.watchers:
            watcher.respawn = True
        super().start(cb)

    def stop(self) -> Any:
        """Stop the workers, which answer for ``drain_seconds`` more, and then close the port."""
        seconds = max(0.0, self.drain_seconds - _SECONDS_BEFORE_WORKERS)
        self.loop.call_later(seconds, self._close_port)
        return super().stop()

    def _close_port(self) -> None:
        for port in self.sockets.values():
            accept_no_more(port)
        # While any process has the port open, the kernel accepts connections for it.
        self.sockets.close_all()


def accept_no_more(port: socket.socket) -> None:
    """Make the kernel ignore new connections, while those that it has accepted can be answered.

    If the port were closed with connections in its queue, these would be lost. A new client tries
    again after a second; then the port is closed, and the client knows that it was refused.
    """
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_SYN))
    with suppress(OSError):  # not every system has such filters
        port.setsockopt(
            socket.SOL_SOCKET,
            _SO_ATTACH_FILTER,
            struct.pack("HP", len(_NO_SYN), ctypes.addressof(program)),
        )


def watch_workers(drain_seconds: float) -> None:
    """Make BentoML start its workers with ``WorkerProcesses``."""
    WorkerProcesses.drain_seconds = drain_seconds
    bentoml_circus.Arbiter = WorkerProcesses  # type: ignore[misc] # mypy sees the class itself
