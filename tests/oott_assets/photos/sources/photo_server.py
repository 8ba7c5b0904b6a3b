"""A photo server on loopback that answers as it is told, failures included."""

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
    """One answer, or how it goes wrong.

    ``reset`` cuts the connection before an answer, ``short`` in the middle of the body;
    ``unmeasured`` sends no length; ``endless`` sends the body again and again without one;
    ``dripping`` sends it byte by byte; ``hesitant`` the headers, for two seconds;
    ``stalled`` sends half of a body without a length; ``silent`` says nothing for a second.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    how: Literal[
        "whole",
        "reset",
        "short",
        "unmeasured",
        "endless",
        "dripping",
        "hesitant",
        "stalled",
        "silent",
    ] = "whole"


class Request(NamedTuple):
    """What was asked; ``path`` has no query."""

    path: str
    query: str
    headers: Mapping[str, str]


class LoopbackServer:
    """Answers GET requests by ``reply``, in threads, while its context lasts."""

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
        """Choose the answer."""
        raise NotImplementedError

    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class PhotoServer(LoopbackServer):
    """Answers a path by its replies, one after another, and by the last of them from then on."""

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
    wbufsize = 2**16  # else headers and body go apart, and the second waits 40 ms for an ACK
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        request = Request(parts.path, parts.query, dict(self.headers))
        self.owner.requests.append(request)
        with suppress(ConnectionError):
            self._send(self.owner.reply(request))

    def _send(self, reply: Reply) -> None:
        if reply.how == "reset":
            return self._cut()
        if reply.how == "hesitant":
            return self._hesitate(reply)
        if reply.how == "silent":
            time.sleep(1)
        self.close_connection = reply.how not in ("whole", "silent")
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if (
            reply.how not in ("unmeasured", "endless", "stalled")
            and "Content-Length" not in reply.headers
        ):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self._send_body(reply)

    def _send_body(self, reply: Reply) -> None:
        if reply.how == "short":
            self.wfile.write(reply.body[: len(reply.body) // 2])
        elif reply.how == "stalled":
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.wfile.flush()
            time.sleep(1)
        elif reply.how == "endless":
            while True:
                self.wfile.write(reply.body)
        elif reply.how == "dripping":
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.02)
        else:
            self.wfile.write(reply.body)

    def _hesitate(self, reply: Reply) -> None:
        """Send a header byte by byte for some two seconds, and then the rest."""
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Word: ")
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.02)
        self.wfile.write(b"\r\n\r\n" + reply.body)

    def _cut(self) -> None:
        """Close so that the other side is told of a reset."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Keep the test's output readable."""
