"""Starts the closet service as users do, on a free port, and stops it with its test or pytest."""

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
from typing import Any

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
    """A running service, its home folder and its log."""

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
    """Start ``target`` with only ``settings`` set, wait until it answers, then stop it."""
    port = free_port()
    command = [sys.executable, "-m", "bentoml", "serve", target]
    env = environment(folder, **settings) | _import_path(target) | {"BENTOML_PORT": str(port)}
    with running(command, port, folder / "home", folder / "log", cwd=folder, env=env) as server:
        yield server


@contextmanager
def running(
    command: list[str], port: int, home: Path, log_file: Path, **options: Any
) -> Iterator[Server]:
    """Run ``command``, which serves at ``port``, wait until it answers, then stop it."""
    with log_file.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, preexec_fn=stop_with_pytest, **options
        )
    server = Server(process, port, home, log_file)
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        end(process)


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """Make an environment with ``settings`` in which OOTT writes only to ``folder``."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("OOTT", "BENTO"))
    }
    return {
        **inherited,
        "BENTOML_HOME": str(folder / "bentoml"),
        # With this flag, BentoML logs its usage reports instead of sending them.
        "__BENTOML_DEBUG_USAGE": "True",
        "OOTT_HOME": str(folder / "home"),
        "OOTT_STARTER_DETECTOR": str(folder / "no-starter"),
        "OOTT_ENGINE": "onnxruntime",  # opens in a tenth of the time
        "OOTT_DETECTOR_POLL_SECONDS": "0.2",
        "OOTT_WORKERS": "1",  # each needs seconds to start
        "OOTT_DRAIN_SECONDS": "0",
        **{f"OOTT_{name.upper()}": str(value) for name, value in settings.items()},
    }


def _import_path(target: str) -> dict[str, str]:
    # A bento must contain everything that it imports.
    return {"PYTHONPATH": str(REPOSITORY)} if target == SERVICE else {}


def end(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """Stop a service, and return the child processes that had to be killed."""
    children: list[psutil.Process] = []
    if process.poll() is None:
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, left = psutil.wait_procs(children, timeout=1)
    for survivor in left:
        survivor.kill()
    return list(left)


def stop_with_pytest() -> None:
    # SIGTERM, because a killed BentoML would leave its workers behind.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            httpx.get(f"{server.url}/livez", timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the service did not start:\n{server.log[-3000:]}")
