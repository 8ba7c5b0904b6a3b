"""What can go wrong at the site, and when.

A fault changes the answer that the site would have given, or how it is sent.
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
from tests.instagram.responses import HTML, JSON, Response, Wire, moved_to

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
        """Count a request that this is for, and tell whether it goes wrong."""
        if self.let_through:
            self.let_through -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The faults that are planned; those of one request are used up in the order of planning."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = Lock()

    def on(self, target: str, fault: Fault, times: int | None = None, after: int = 0) -> None:
        """Plan ``fault`` for requests of a kind, or of a path that starts with ``target``.

        It comes ``times`` times, or until it is switched off, once ``after`` such requests went
        well. Kinds: see ``InstagramSite``.
        """
        with self._lock:
            self._planned.append(_Planned(target, fault, times, after))

    def off(self, target: str | None = None) -> None:
        """Switch off the faults that were planned for ``target``, or all."""
        with self._lock:
            self._planned = [it for it in self._planned if target not in (None, it.target)]

    def change(self, kinds: Collection[str], path: str, answer: Response) -> Response:
        """Give what becomes of ``answer`` to a request of ``kinds`` for ``path``."""
        with self._lock:
            due = next((it for it in self._planned if it.is_for(kinds, path) and it.is_due()), None)
            self._planned = [it for it in self._planned if it.left != 0]
        return due.fault(answer) if due else answer


def rate_limited(retry_after: int | datetime | None = None) -> Fault:
    """Answer 429, with Retry-After in seconds, as a date, or not at all."""
    said = str(retry_after)
    if isinstance(retry_after, datetime):
        said = format_datetime(retry_after.astimezone(UTC), usegmt=True)
    headers = () if retry_after is None else (("Retry-After", said),)
    page = pages.plain("Please wait a few minutes before you try again.")
    return lambda _: Response(page, 429, headers=headers)


def status(code: int) -> Fault:
    """Answer with an error of this ``code``, such as 500 or 403."""
    return lambda _: Response(pages.plain("Oops, an error occurred."), code)


def challenged(_: Response) -> Response:
    """Ask whether a person is there."""
    return moved_to("/challenge/action/")


def suspended(_: Response) -> Response:
    """Say that the account is suspended."""
    return moved_to("/accounts/suspended/")


def log_in_challenged(_: Response) -> Response:
    """Answer a log-in, planned for ``/api/login``, by asking whether a person is there."""
    return Response(b'{"checkpoint_url": "/challenge/action/"}', 400, JSON)


def log_in_refused(_: Response) -> Response:
    """Answer a log-in, planned for ``/api/login``, as if the password were wrong."""
    return Response(b'{"authenticated": false}', 200, JSON)


def gone(_: Response) -> Response:
    """Say that a post was removed."""
    return Response(pages.not_available(), 404)


def softly_gone(_: Response) -> Response:
    """Say that a post was removed, with the status of a page that is there."""
    return Response(pages.not_available(), 200)


def error_page(_: Response) -> Response:
    """Show an error with the status of success."""
    return Response(pages.error())


def unknown_page(_: Response) -> Response:
    """Show a page with nothing on it that a crawler could know."""
    return Response(pages.plain("Threads of spring."))


def html_instead(answer: Response) -> Response:
    """Answer a photo's address with a page."""
    return Response(pages.plain("Sign in to see this photo."), answer.status, HTML)


def reset_at_once(answer: Response) -> Response:
    """Reset the connection before anything is answered."""
    return replace(answer, status=0, send=lambda wire, _: wire.reset())


def reset_midway(answer: Response) -> Response:
    """Reset the connection in the middle of the body."""

    def send(wire: Wire, answer: Response) -> None:
        wire.head(answer, f"Content-Length: {len(answer.body)}")
        wire.write(_half(answer))
        wire.pause(0.05)
        wire.reset()

    return replace(answer, send=send)


def cut_short(answer: Response) -> Response:
    """Send half the body where all of it was announced."""

    def send(wire: Wire, answer: Response) -> None:
        wire.head(answer, f"Content-Length: {len(answer.body)}")
        wire.write(_half(answer))
        wire.hang_up()

    return replace(answer, send=send)


def half(answer: Response) -> Response:
    """Send half the body as if it were all."""
    return replace(answer, body=_half(answer))


def huge(answer: Response) -> Response:
    """Send 40 MB, and say so."""
    return replace(answer, body=answer.body.ljust(_HUGE_BYTES, b"\0"))


def huge_untold(answer: Response) -> Response:
    """Send 40 MB without saying how much it will be."""

    def send(wire: Wire, answer: Response) -> None:
        wire.head(answer, "Transfer-Encoding: chunked")
        chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        wire.write(b"%x\r\n%b\r\n" % (len(answer.body), answer.body))
        for _ in range(_HUGE_BYTES >> 16):
            wire.write(chunk)
        wire.write(b"0\r\n\r\n")

    return replace(answer, send=send)


def bomb(answer: Response) -> Response:
    """Send a small file of 900 megapixels."""
    return replace(answer, body=_bomb())


def endless(answer: Response) -> Response:
    """Send half the body, and then a little more for ever: no page loads, no photo ends."""

    def send(wire: Wire, answer: Response) -> None:
        wire.hang_up()
        wire.head(answer, "Connection: close")
        wire.write(_half(answer))
        while True:
            wire.write(b" ")
            wire.pause(0.05)

    return replace(answer, send=send)


class Held:
    """A fault that holds answers back, with the client in the middle, until it is released."""

    def __init__(self) -> None:
        self.reached = Event()
        self._released = Event()

    def __call__(self, answer: Response) -> Response:
        return replace(answer, send=lambda wire, held: self._send(wire, held, answer))

    def release(self) -> None:
        """Let those that were held, and all that come, be answered."""
        self._released.set()

    def _send(self, wire: Wire, _held: Response, answer: Response) -> None:
        self.reached.set()
        while not self._released.is_set():
            wire.pause(0.02)
        answer.send(wire, answer)


def _half(answer: Response) -> bytes:
    return answer.body[: len(answer.body) // 2]


@cache
def _bomb() -> bytes:
    """Write a PNG of one grey and one bit a pixel, 30,000 pixels a side, some 110 KB."""
    row, compress = bytes(1 + _BOMB_SIDE // 8), zlib.compressobj(9)
    rows = b"".join(compress.compress(row * 1000) for _ in range(_BOMB_SIDE // 1000))
    header = struct.pack(">IIBBBBB", _BOMB_SIDE, _BOMB_SIDE, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows + compress.flush()), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)


def _png_chunk(name: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)
