"""The faults of the site that tests can plan.

A fault replaces a response, or changes how it is sent.
"""

import struct
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from threading import Event, Lock

from tests.instagram import pages
from tests.instagram.responses import HTML, JSON, Connection, Response, moved_to

Fault = Callable[[Response], Response]

_HUGE_BYTES = 40 << 20
_BOMB_SIDE = 30_000


@dataclass
class _Planned:
    target: str
    fault: Fault
    left: int | None
    let_through: int

    def is_for(self, kinds: Collection[str], path: str) -> bool:
        return self.target in kinds or (self.target[0] == "/" and path.startswith(self.target))

    def is_due(self) -> bool:
        """Count a matching request, and tell whether the fault applies to it."""
        if self.let_through:
            self.let_through -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The planned faults. If several match a request, the first one applies."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = Lock()

    def on(self, target: str, fault: Fault, times: int | None = None, after: int = 0) -> None:
        """Plan ``fault`` for requests of a kind, or of a path that starts with ``target``.

        The first ``after`` requests succeed; then the fault applies ``times`` times, or until it is
        switched off. Kinds: see ``InstagramSite``.
        """
        with self._lock:
            self._planned.append(_Planned(target, fault, times, after))

    def off(self, target: str | None = None) -> None:
        """Remove the faults for ``target``, or all."""
        with self._lock:
            self._planned = [plan for plan in self._planned if target not in (None, plan.target)]

    def change(self, kinds: Collection[str], path: str, response: Response) -> Response:
        """Apply the planned fault, if there is one, to the ``response`` for ``path``."""
        with self._lock:
            due = next(
                (plan for plan in self._planned if plan.is_for(kinds, path) and plan.is_due()), None
            )
            self._planned = [plan for plan in self._planned if plan.left != 0]
        return due.fault(response) if due else response


def rate_limited(retry_after: int | datetime | None = None) -> Fault:
    """Answer 429, with Retry-After in seconds, as a date, or not at all."""
    message = str(retry_after)
    if isinstance(retry_after, datetime):
        message = format_datetime(retry_after.astimezone(UTC), usegmt=True)
    headers = () if retry_after is None else (("Retry-After", message),)
    page = pages.plain("Please wait a few minutes before you try again.")
    return lambda _: Response(page, 429, headers=headers)


def status(code: int) -> Fault:
    """Answer with an error of this ``code``, such as 500 or 403."""
    return lambda _: Response(pages.plain("Oops, an error occurred."), code)


def challenged(_: Response) -> Response:
    """Redirect to a challenge for a person."""
    return moved_to("/challenge/action/")


def suspended(_: Response) -> Response:
    """Redirect to the page of a suspended account."""
    return moved_to("/accounts/suspended/")


def log_in_challenged(_: Response) -> Response:
    """Answer a log-in, planned for ``/api/login``, with a challenge."""
    return Response(b'{"checkpoint_url": "/challenge/action/"}', 400, JSON)


def gone(_: Response) -> Response:
    """Say that a post was removed."""
    return Response(pages.not_available(), 404)


def gone_with_status_200(_: Response) -> Response:
    """Say that a post was removed, but with status 200."""
    return Response(pages.not_available(), 200)


def error_page(_: Response) -> Response:
    """Show an error page with status 200."""
    return Response(pages.error())


def unknown_page(_: Response) -> Response:
    """Show a page of an unknown kind."""
    return Response(pages.plain("Threads of spring."))


def html_instead(response: Response) -> Response:
    """Answer a request for a photo with an HTML page."""
    return Response(pages.plain("Sign in to see this photo."), response.status, HTML)


def reset_before_response(response: Response) -> Response:
    """Reset the connection before the response."""
    return replace(response, status=0, send=lambda connection, _: connection.reset())


def reset_midway(response: Response) -> Response:
    """Reset the connection in the middle of the body."""

    def send(connection: Connection, response: Response) -> None:
        connection.head(response, f"Content-Length: {len(response.body)}")
        connection.write(_half(response))
        connection.pause(0.05)
        connection.reset()

    return replace(response, send=send)


def cut_short(response: Response) -> Response:
    """Send half of the declared body."""

    def send(connection: Connection, response: Response) -> None:
        connection.head(response, f"Content-Length: {len(response.body)}")
        connection.write(_half(response))
        connection.hang_up()

    return replace(response, send=send)


def half(response: Response) -> Response:
    """Send half the body, with a matching Content-Length."""
    return replace(response, body=_half(response))


def huge(response: Response) -> Response:
    """Send 40 MB with Content-Length."""
    return replace(response, body=response.body.ljust(_HUGE_BYTES, b"\0"))


def huge_without_length(response: Response) -> Response:
    """Send 40 MB without Content-Length."""

    def send(connection: Connection, response: Response) -> None:
        connection.head(response, "Transfer-Encoding: chunked")
        chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        connection.write(b"%x\r\n%b\r\n" % (len(response.body), response.body))
        for _ in range(_HUGE_BYTES >> 16):
            connection.write(chunk)
        connection.write(b"0\r\n\r\n")

    return replace(response, send=send)


def bomb(response: Response) -> Response:
    """Send a small file of 900 megapixels."""
    return replace(response, body=_bomb())


def endless(response: Response) -> Response:
    """Send half the body, then single bytes without an end."""

    def send(connection: Connection, response: Response) -> None:
        connection.hang_up()
        connection.head(response, "Connection: close")
        connection.write(_half(response))
        while True:
            connection.write(b" ")
            connection.pause(0.05)

    return replace(response, send=send)


class HeldResponses:
    """A fault that delays responses until ``release`` is called."""

    def __init__(self) -> None:
        self.reached = Event()
        self._released = Event()

    def __call__(self, response: Response) -> Response:
        return replace(
            response, send=lambda connection, held: self._send(connection, held, response)
        )

    def release(self) -> None:
        """Send the delayed responses, and all later ones without delay."""
        self._released.set()

    def _send(self, connection: Connection, _held: Response, response: Response) -> None:
        self.reached.set()
        while not self._released.is_set():
            connection.pause(0.02)
        response.send(connection, response)


def _half(response: Response) -> bytes:
    return response.body[: len(response.body) // 2]


@cache
def _bomb() -> bytes:
    """Write a grey PNG with one bit per pixel and 30,000 pixels per side, about 110 KB."""
    row, compress = bytes(1 + _BOMB_SIDE // 8), zlib.compressobj(9)
    rows = b"".join(compress.compress(row * 1000) for _ in range(_BOMB_SIDE // 1000))
    header = struct.pack(">IIBBBBB", _BOMB_SIDE, _BOMB_SIDE, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows + compress.flush()), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)


def _png_chunk(name: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)
