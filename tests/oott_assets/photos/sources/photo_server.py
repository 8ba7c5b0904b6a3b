"""A photo server on loopback that sends prepared replies, including failures."""

import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, NamedTuple, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """A response and how it is sent.

    ``reset`` resets the connection before the response, ``truncated`` closes it in the middle of
    the body. ``no-length`` sends no Content-Length, ``endless`` repeats the body without an end.
    ``slow-body`` sends the body byte by byte, ``slow-headers`` the headers, for two seconds.
    ``stalled`` sends half of a body without Content-Length, ``delayed`` starts after one second.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    how: Literal[
        "whole",
        "reset",
        "truncated",
        "no-length",
        "endless",
        "slow-body",
        "slow-headers",
        "stalled",
        "delayed",
    ] = "whole"


class Request(NamedTuple):
    """A received request; ``path`` is without the query."""

    path: str
    query: str
    headers: Mapping[str, str]


class LoopbackServer:
    """Answers GET requests with ``reply``, in threads, until its context ends."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        handler = type("BoundHandler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def reply(self, request: Request) -> Reply:
        """Choose the reply."""
        raise NotImplementedError

    def paths(self) -> list[str]:
        """The requested paths, in order."""
        return [request.path for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class PhotoServer(LoopbackServer):
    """Answers each path with its replies in order; the last one repeats."""

    def __init__(self, replies: Mapping[str, Sequence[Reply]]) -> None:
        super().__init__()
        self.replies = {path: list(sequence) for path, sequence in replies.items()}

    def reply(self, request: Request) -> Reply:
        sequence = self.replies.get(request.path, [Reply(404)])
        return sequence.pop(0) if len(sequence) > 1 else sequence[0]


class _Handler(BaseHTTPRequestHandler):
    """Sends the replies of its owner."""

    owner: LoopbackServer
    protocol_version = "HTTP/1.1"
    # Without a buffer, headers and body are two packets, and the second waits 40 ms for an ACK.
    wbufsize = 2**16
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        request = Request(parts.path, parts.query, dict(self.headers))
        self.owner.requests.append(request)
        with suppress(ConnectionError):
            self._send(self.owner.reply(request))

    def _send(self, reply: Reply) -> None:
        if reply.how == "reset":
            return self._reset()
        if reply.how == "slow-headers":
            return self._send_slow_headers(reply)
        if reply.how == "delayed":
            time.sleep(1)
        self.close_connection = reply.how not in ("whole", "delayed")
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if (
            reply.how not in ("no-length", "endless", "stalled")
            and "Content-Length" not in reply.headers
        ):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self._send_body(reply)

    def _send_body(self, reply: Reply) -> None:
        if reply.how == "truncated":
            self.wfile.write(reply.body[: len(reply.body) // 2])
        elif reply.how == "stalled":
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.wfile.flush()
            time.sleep(1)
        elif reply.how == "endless":
            while True:
                self.wfile.write(reply.body)
        elif reply.how == "slow-body":
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.02)
        else:
            self.wfile.write(reply.body)

    def _send_slow_headers(self, reply: Reply) -> None:
        """Send a header byte by byte for about two seconds, then the rest."""
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Word: ")
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.02)
        self.wfile.write(b"\r\n\r\n" + reply.body)

    def _reset(self) -> None:
        """Close the connection with a TCP reset."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Do not log, so that the test output stays readable."""
