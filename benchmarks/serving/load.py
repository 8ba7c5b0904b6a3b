"""Sends photos to a server from several clients at once, and measures its answers.

Each client keeps its connection open and sends the next photo when it has the answer of the one
before. The client is a few lines on sockets: a client library would take a tenth of the CPU time.
"""

import asyncio
import base64
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

CAMERA = "/predict/camera"


class Load(NamedTuple):
    """What the clients measured: the seconds of each answer and of all, and their own CPU time."""

    answers: tuple[float, ...]
    seconds: float
    client_cpu_seconds: float
    failures: int

    @property
    def per_second(self) -> float:
        return len(self.answers) / self.seconds

    def milliseconds(self, percentile: float) -> float:
        """Give the time within which ``percentile`` per cent of the answers came."""
        return 1000 * float(np.percentile(self.answers, percentile))


def send(
    port: int, path: str, bodies: Sequence[bytes], clients: int, requests: int, max_seconds: float
) -> Load:
    """Send ``requests``, or as many as fit into ``max_seconds``, one after the other per client."""
    deadline = time.monotonic() + max_seconds
    queue = itertools.islice(itertools.cycle(bodies), requests)
    wall, cpu = time.perf_counter(), time.process_time()
    answers, failures = asyncio.run(_all_clients(port, path, queue, clients, deadline))
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    return Load(tuple(answers), seconds, cpu_seconds, failures)


async def _all_clients(
    port: int, path: str, queue: Iterator[bytes], clients: int, deadline: float
) -> tuple[list[float], int]:
    answers: list[float] = []
    statuses: list[int] = []

    async def client() -> None:
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for body in queue:
            if time.monotonic() > deadline:
                break
            start = time.perf_counter()
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", port)
            reader, writer = connection
            writer.write(_request(port, path, body))
            status, stays_open = await _answer(reader)
            answers.append(time.perf_counter() - start)
            statuses.append(status)
            if not stays_open:
                writer.close()
                connection = None
        if connection is not None:
            connection[1].close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return answers, sum(status != 200 for status in statuses)


def _request(port: int, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read an answer; give its status, and whether its connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    lines = head.split(b"\r\n")
    fields = dict(line.split(b": ", 1) for line in lines[1:] if line)
    await reader.readexactly(int(fields[b"content-length"]))
    return int(lines[0].split()[1]), fields.get(b"connection") != b"close"


def warm_up(port: int, bodies: Sequence[bytes]) -> None:
    """Wait until all processes have answered a request; a server may be ready with its first."""
    time.sleep(5)
    send(port, CAMERA, bodies, clients=8, requests=60, max_seconds=15)


def camera_body(photo: bytes) -> bytes:
    return json.dumps({"base64_image": base64_of(photo)}).encode()


def base64_of(photo: bytes) -> str:
    return base64.b64encode(photo).decode()
