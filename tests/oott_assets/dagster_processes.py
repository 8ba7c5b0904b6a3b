"""Dagster's code server, daemon and webserver, each a process of its own, as in production."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import free_port

REPOSITORY = Path(__file__).parents[2]
_SECONDS = 120
_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
_LIBC = ctypes.CDLL(None)

_LAUNCH = """
mutation($partitions: [String!]!) {
  launchPartitionBackfill(backfillParams: {
    selector: {
      partitionSetName: "monthly_trends_job_partition_set"
      repositorySelector: {repositoryName: "__repository__", repositoryLocationName: "oott"}
    }
    partitionNames: $partitions
  }) { __typename ... on PythonError { message } }
}
"""
_LOADED = """
{ workspaceOrError { ... on Workspace {
    locationEntries { locationOrLoadError { __typename } }
} } }
"""
_SENSOR = """
query($name: String!) {
  sensorOrError(sensorSelector: {
    sensorName: $name, repositoryName: "__repository__", repositoryLocationName: "oott"
  }) { ... on Sensor { sensorState { id } } }
}
"""
_STOP_SENSOR = "mutation($id: String!) { stopSensor(id: $id) { __typename } }"


@dataclass(frozen=True)
class Webserver:
    """A running webserver; ``options`` are those of httpx, such as a log-in."""

    url: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def query(self, query: str, **variables: object) -> Mapping[str, Any]:
        body = {"query": query, "variables": variables}
        response = httpx.post(f"{self.url}/graphql", json=body, timeout=60, **self.options)
        answer = response.raise_for_status().json()
        assert "errors" not in answer, answer["errors"]
        data: Mapping[str, Any] = answer["data"]
        return data

    def launch(self, *partitions: str) -> None:
        """Launch a backfill of the monthly job, as its page in the UI does."""
        answer = self.answer_to_launch(*partitions)
        assert answer["__typename"] == "LaunchBackfillSuccess", answer

    def answer_to_launch(self, *partitions: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any]
        answer = self.query(_LAUNCH, partitions=partitions)["launchPartitionBackfill"]
        return answer

    def stop_sensor(self, name: str) -> None:
        """Switch a sensor off."""
        state = self.query(_SENSOR, name=name)["sensorOrError"]["sensorState"]["id"]
        answer = self.query(_STOP_SENSOR, id=state)["stopSensor"]
        assert answer["__typename"] == "StopSensorMutationResult", answer


@contextmanager
def dagster_processes(folder: Path, environment: Mapping[str, str]) -> Iterator[Webserver]:
    """Run the three processes in ``folder``, which is not the folder of the code."""
    code, web = free_port(), free_port()
    (folder / "workspace.yaml").write_text(
        f"load_from: [grpc_server: {{host: 127.0.0.1, port: {code}, location_name: oott}}]"
    )
    env = os.environ | environment | {"PYTHONPATH": str(REPOSITORY)}
    workspace = ("-w", str(folder / "workspace.yaml"))
    commands = {
        "code": ("dagster", "api", "grpc", "-m", "oott_assets.definitions", "-p", str(code)),
        "daemon": ("dagster-daemon", "run", *workspace),
        "webserver": ("dagster-webserver", *workspace, "-h", "127.0.0.1", "-p", str(web)),
    }
    with ExitStack() as stack:
        for name, (program, *arguments) in commands.items():
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                [str(Path(sys.executable).parent / program), *arguments],
                cwd=folder, env=env, stdout=log, stderr=log, preexec_fn=_die_with_pytest,
            )  # fmt: skip
            stack.callback(_wait_or_kill, process)
            stack.callback(process.terminate)
            if name == "code":
                wait_until(lambda: _is_open(code))
        webserver = Webserver(f"http://127.0.0.1:{web}")
        wait_until(lambda: _has_loaded(webserver))
        yield webserver


def _wait_or_kill(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a terminated process; a code server that has run sensors may not end by itself."""
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("that did not happen in time")
        time.sleep(0.3)


def _has_loaded(webserver: Webserver) -> bool:
    try:
        return "RepositoryLocation" in str(webserver.query(_LOADED))
    except httpx.HTTPError:
        return False


def _is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _die_with_pytest() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
