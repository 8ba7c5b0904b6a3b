"""The closet service as users start it, on a port of its own, ended with its test or pytest."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.databases import free_port

SERVICE = "oott_serving.service:ClosetService"
REPOSITORY = Path(__file__).parents[2]
STARTER = REPOSITORY / "models" / "starter-detector"

_START_SECONDS = 60
_END_SECONDS = 20
_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Server:
    """A running service, and where it keeps what it was not told to keep elsewhere."""

    process: "subprocess.Popen[bytes]"
    port: int
    home: Path
    log_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.home / 'trends.sqlite'}"

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60)


@contextmanager
def serving(folder: Path, target: str = SERVICE, **settings: object) -> Iterator[Server]:
    """Serve ``target`` with nothing but ``settings`` set, until it answers and to the end."""
    port = free_port()
    command = [sys.executable, "-m", "bentoml", "serve", target]
    log_file = folder / "log"
    with log_file.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env=environment(folder, **settings) | _where_it_is(target),
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_pytest,
        )
    server = Server(process, port, folder / "home", log_file)
    try:
        _await_answer(server)
        yield server
    finally:
        end(process)


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """Make an environment in which OOTT has ``settings`` and keeps to ``folder``."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("OOTT", "BENTO"))
    }
    return {
        **inherited,
        "BENTOML_HOME": str(folder / "bentoml"),
        # Reports of its use would be logged instead of sent.
        "__BENTOML_DEBUG_USAGE": "True",
        "OOTT_HOME": str(folder / "home"),
        "OOTT_STARTER_DETECTOR": str(folder / "no-starter"),
        "OOTT_ENGINE": "onnxruntime",  # opens in a tenth of the time
        "OOTT_DETECTOR_POLL_SECONDS": "0.2",
        **{f"OOTT_{name.upper()}": str(value) for name, value in settings.items()},
    }


def _where_it_is(target: str) -> dict[str, str]:
    # A bento has to bring all it needs.
    return {"PYTHONPATH": str(REPOSITORY)} if target == SERVICE else {}


def end(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """Ask a service to end, and give those of its processes that had to be killed."""
    family: list[psutil.Process] = []
    if process.poll() is None:
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, left = psutil.wait_procs(family, timeout=1)
    for survivor in left:
        survivor.kill()
    return list(left)


def _end_with_pytest() -> None:
    # SIGTERM, because a killed BentoML would leave its workers behind.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _await_answer(server: Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            httpx.get(f"{server.url}/livez", timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the service did not start:\n{server.log[-3000:]}")
