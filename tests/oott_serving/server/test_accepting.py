"""Tests which of two workers accepts a connection, with two listeners on one real socket."""

import asyncio
import socket
from collections import Counter

from oott_serving.server.accepting import SharedListener, SharingLoop


def accepted(requests: dict[str, int], connections: int) -> Counter[str]:
    """Count the connections that each worker accepts, given how many requests each has."""
    counts: Counter[str] = Counter()

    class Connection(asyncio.Protocol):
        def __init__(self, worker: str) -> None:
            counts[worker] += 1

    async def connect() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=connections) as listening:
            loop = asyncio.get_running_loop()
            workers = [
                SharedListener(
                    loop,
                    listening.dup(),
                    lambda name=name: Connection(name),  # type: ignore[misc]
                    lambda name=name: requests[name],  # type: ignore[misc]
                )
                for name in requests
            ]
            clients = [
                await asyncio.open_connection(*listening.getsockname()) for _ in range(connections)
            ]
            async with asyncio.timeout(5):
                while counts.total() < connections:
                    await asyncio.sleep(0.01)
            for worker in workers:
                worker.close()
            for _, writer in clients:
                writer.close()

    with asyncio.Runner(loop_factory=SharingLoop) as runner:
        runner.run(connect())
    return counts


def test_an_idle_worker_accepts_before_one_that_has_requests() -> None:
    counts = accepted({"idle": 0, "busy": 50}, connections=6)

    assert counts["idle"] >= 4


def test_two_workers_share_the_connections_that_arrive_at_once() -> None:
    counts = accepted({"one": 0, "other": 0}, connections=20)

    assert min(counts.values()) >= 7


def test_busy_workers_accept_300_connections_within_a_second() -> None:
    async def connect() -> float:
        with socket.create_server(("127.0.0.1", 0), backlog=300) as listening:
            loop, arrived = asyncio.get_running_loop(), asyncio.Semaphore(0)

            class Connection(asyncio.Protocol):
                def connection_made(self, _transport: asyncio.BaseTransport) -> None:
                    arrived.release()

            clients = [socket.create_connection(listening.getsockname()) for _ in range(300)]
            begin = loop.time()
            workers = [
                SharedListener(loop, listening.dup(), Connection, lambda: 1000) for _ in range(2)
            ]
            for _ in clients:
                await arrived.acquire()
            for worker in workers:
                worker.close()
            for client in clients:
                client.close()
            return loop.time() - begin

    with asyncio.Runner(loop_factory=SharingLoop) as runner:
        assert runner.run(connect()) < 1
