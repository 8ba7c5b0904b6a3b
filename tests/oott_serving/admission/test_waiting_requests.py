"""Tests the queue of requests: the order, and the times to retry, with a clock of the test."""

import asyncio

import pytest

from oott_serving.admission.waiting_requests import WaitingRequests
from oott_serving.errors import RejectedRequest


class Clock:
    """A clock that only the test moves."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def photos_run_in_order(waiting: WaitingRequests, clock: Clock, numbers: range) -> list[int]:
    """Run requests that take two seconds each, and give the order in which they ran."""
    ran: list[int] = []

    async def one(number: int) -> None:
        async with waiting.place(1):
            ran.append(number)
            await asyncio.sleep(0)
            clock.seconds += 2

    await asyncio.gather(*(one(number) for number in numbers))
    return ran


def test_requests_run_in_the_order_in_which_they_arrive() -> None:
    clock = Clock()
    waiting = WaitingRequests(1, 60, clock)

    assert asyncio.run(photos_run_in_order(waiting, clock, range(20))) == list(range(20))


def test_clients_that_come_back_when_they_were_told_find_a_place() -> None:
    clock = Clock()
    waiting = WaitingRequests(1, 10, clock)

    async def wait_for(go: asyncio.Event) -> None:
        async with waiting.place(1):
            await go.wait()

    async def overload() -> list[int]:
        await photos_run_in_order(waiting, clock, range(20))  # now a photo is known to take 2 s
        go = asyncio.Event()
        queue = [asyncio.create_task(wait_for(go)) for _ in range(6)]
        await asyncio.sleep(0.01)
        rejections = []
        for _ in range(4):
            with pytest.raises(RejectedRequest) as rejected:
                await wait_for(go)
            rejections.append(rejected.value.retry_after_seconds)
        go.set()
        await asyncio.gather(*queue)
        return rejections

    assert asyncio.run(overload()) == [4, 6, 8, 10]


def test_a_request_runs_at_once_when_nothing_waits_even_if_it_takes_long() -> None:
    waiting = WaitingRequests(1, 0.01)

    async def large_batch() -> bool:
        async with waiting.place(250):
            return True

    assert asyncio.run(large_batch())


def test_a_time_without_work_does_not_count_as_slow() -> None:
    clock = Clock()
    waiting = WaitingRequests(1, 10, clock)

    async def with_a_pause() -> list[int]:
        await photos_run_in_order(waiting, clock, range(5))
        clock.seconds += 3600
        await photos_run_in_order(waiting, clock, range(1))
        return await photos_run_in_order(waiting, clock, range(5))

    assert asyncio.run(with_a_pause()) == list(range(5))
