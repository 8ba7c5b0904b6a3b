"""A threaded HTTP server whose connections can be broken."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from threading import Event, Lock, Thread
from urllib.parse import parse_qsl, urlsplit

from tests.instagram.responses import Connection, Response, SiteClosing

_MAX_BODY_BYTES = 10_000


@dataclass(frozen=True)
class Request:
    """A received request; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    port: int
    at: float

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.headers.get("cookie", "").split("; "))
        return {name: value for name, _, value in pairs}


class Server:
    """Serves on a free port of the loopback interface."""

    def __init__(self, answer: Callable[[Request], Response], closing: Event) -> None:
        self._http = _HttpServer(_handler(answer, closing))
        self._thread = Thread(target=self._http.serve_forever, args=(0.05,), name="instagram")
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def errors(self) -> list[BaseException]:
        """The errors of the site itself."""
        return self._http.errors

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End all connections and threads."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.hang_up()
        self._http.server_close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the threads
    request_queue_size = 64

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.errors: list[BaseException] = []
        self.open: set[socket] = set()
        self._lock = Lock()
        super().__init__(("127.0.0.1", 0), handler)

    def get_request(self) -> tuple[socket, object]:
        connection, address = super().get_request()
        with self._lock:
            self.open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket | tuple[bytes, socket]) -> None:
        assert isinstance(request, socket)  # a TCP server always gets a socket
        # A connection that is to be reset must not be shut down normally.
        if request.getsockopt(SOL_SOCKET, SO_LINGER):
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def close_request(self, request: socket | tuple[bytes, socket]) -> None:
        assert isinstance(request, socket)
        with self._lock:
            self.open.discard(request)
            request.close()

    def hang_up(self) -> None:
        """End every connection, even in the middle of a response."""
        with self._lock:
            for connection in self.open:
                with suppress(OSError):  # the client may have closed it already
                    connection.shutdown(SHUT_RDWR)

    def handle_error(self, _request: object, _address: object) -> None:
        error = sys.exception()
        # Browsers close connections at any time.
        if error is not None and not isinstance(error, ConnectionError | SiteClosing):
            self.errors.append(error)


def _handler(answer: Callable[[Request], Response], closing: Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            at = time.monotonic()
            length = min(int(self.headers.get("Content-Length", "0")), _MAX_BODY_BYTES)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body, port = self.rfile.read(length), self.connection.getsockname()[1]
            connection = Connection(self.connection, closing)
            response = answer(Request(self.command, self.path, headers, body, port, at))
            response.send(connection, response)
            self.close_connection |= not connection.keep_alive

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Do not log; ``InstagramSite.requests`` records requests."""

    return Handler
