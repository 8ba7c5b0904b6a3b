"""What the site answers, and the ways in which an answer reaches the wire or does not."""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event

HTML, JSON, JPEG, TEXT = "text/html; charset=utf-8", "application/json", "image/jpeg", "text/plain"

_PIECE_BYTES = 1 << 16


class SiteClosing(Exception):
    """The site was closed while it was still answering."""


class Wire:
    """One connection, as an answer is sent on it."""

    def __init__(self, connection: socket.socket, closing: Event) -> None:
        self.lasts = True
        self._connection = connection
        self._closing = closing

    def head(self, answer: "Response", framing: str) -> None:
        """Send the status and the headers, of which ``framing`` says where the body ends."""
        headers = [("Content-Type", answer.content_type), *answer.headers]
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", framing]
        lines += [f"{name}: {value}" for name, value in headers]
        self.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def write(self, content: bytes) -> None:
        """Send ``content``, unless the site closes first."""
        for start in range(0, len(content), _PIECE_BYTES):
            self.pause(0)
            self._connection.sendall(content[start : start + _PIECE_BYTES])

    def pause(self, seconds: float) -> None:
        """Send nothing for a while.

        Raises:
            SiteClosing: the site was closed meanwhile.
        """
        if self._closing.wait(seconds):
            raise SiteClosing

    def hang_up(self) -> None:
        """Close the connection once this answer is through."""
        self.lasts = False

    def reset(self) -> None:
        """Have the connection end in a reset instead of a farewell."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.lasts = False


def whole(wire: Wire, answer: "Response") -> None:
    """Send an answer as it should be."""
    wire.head(answer, f"Content-Length: {len(answer.body)}")
    wire.write(answer.body)


@dataclass(frozen=True)
class Response:
    """A status, headers and a body, and how they are sent."""

    body: bytes = b""
    status: int = 200
    content_type: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    send: Callable[[Wire, "Response"], None] = whole


def moved_to(path: str) -> Response:
    """Send the browser on to ``path``."""
    return Response(status=302, headers=(("Location", path),))
