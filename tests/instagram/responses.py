"""The responses of the site, and how they are sent."""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event

HTML, JSON, JPEG, TEXT = "text/html; charset=utf-8", "application/json", "image/jpeg", "text/plain"

_PIECE_BYTES = 1 << 16


class SiteClosing(Exception):
    """The site was closed while it was sending a response."""


class Connection:
    """The connection that a response is sent on."""

    def __init__(self, connection: socket.socket, closing: Event) -> None:
        self.keep_alive = True
        self._connection = connection
        self._closing = closing

    def head(self, response: "Response", framing: str) -> None:
        """Send status and headers; the header ``framing`` says where the body ends."""
        headers = [("Content-Type", response.content_type), *response.headers]
        lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}", framing]
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
        """Close the connection after this response."""
        self.keep_alive = False

    def reset(self) -> None:
        """Make the connection end with a TCP reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.keep_alive = False


def send_complete(connection: Connection, response: "Response") -> None:
    """Send a response normally."""
    connection.head(response, f"Content-Length: {len(response.body)}")
    connection.write(response.body)


@dataclass(frozen=True)
class Response:
    """A status, headers and a body, and how they are sent."""

    body: bytes = b""
    status: int = 200
    content_type: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    send: Callable[[Connection, "Response"], None] = send_complete


def moved_to(path: str) -> Response:
    """Redirect to ``path``."""
    return Response(status=302, headers=(("Location", path),))
