"""Starts the servers that are compared, and measures their CPU time and memory."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

_START_SECONDS = 120
_PROJECT = Path(__file__).parents[2]
# All servers get one thread per process for everything that is not the engine.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
_ONE_THREAD = dict.fromkeys(_THREADS, "1")


class Kind(NamedTuple):
    """A server: its name in the table, its command without the port, and its variables."""

    title: str
    command: tuple[str, ...]
    variables: Mapping[str, str]


def _ours(workers: int) -> Kind:
    serve = ("-m", "bentoml", "serve", "oott_serving.service:ClosetService", "--port")
    variables = {"OOTT_WORKERS": str(workers), "BENTOML_DO_NOT_TRACK": "True"}
    return Kind(f"OOTT, {workers} worker{'s' * (workers > 1)}", serve, variables)


def _rival(title: str, name: str) -> Kind:
    return Kind(title, ("-m", "benchmarks.serving.rivals", name), _ONE_THREAD)


KINDS = {
    "ours1": _ours(1),
    "ours2": _ours(2),
    "litserve": _rival("LitServe, 2 workers, our colours", "litserve"),
    "ultralytics": _rival("FastAPI, Ultralytics, 2 workers, no colours", "ultralytics"),
    "prototype": _rival("FastAPI, engine in the event loop, extcolors", "prototype"),
}


class Server:
    """A running server with all its processes."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.port = port
        self._process = psutil.Process(process.pid)

    def cpu_seconds(self) -> float:
        """Give the CPU time that all processes have used so far."""
        times = [process.cpu_times() for process in self._processes()]
        return sum(each.user + each.system for each in times)

    def memory_bytes(self) -> int:
        """Give the memory of all processes; what they share counts once."""
        total = 0
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        return total

    def _processes(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]


@contextmanager
def running(kind: Kind) -> Iterator[Server]:
    """Start a server with an empty home folder, wait until it answers, and stop it at the end."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("OOTT")
        }
        process = subprocess.Popen(
            [sys.executable, *kind.command, str(port)],
            cwd=_PROJECT,
            env=inherited | {"OOTT_HOME": home, "BENTOML_HOME": home} | dict(kind.variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_until_ready(port, "/readyz" if "bentoml" in kind.command else "/", process)
            yield Server(process, port)
        finally:
            process.send_signal(signal.SIGTERM)
            _end(process)


def _wait_until_ready(port: int, path: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
            return
        except urllib.error.HTTPError as error:
            if error.code == 404:  # a rival has no page there
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{' '.join(process.args)} did not start")  # type: ignore[arg-type]


def _end(process: "subprocess.Popen[bytes]") -> None:
    children = (
        psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    for child in psutil.wait_procs(children, timeout=2)[1]:
        child.kill()
    process.kill()
    process.wait()
