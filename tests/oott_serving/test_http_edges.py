"""How much is held and worked on at once, and in which words plain errors are sent."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from oott_serving.api_models import CameraRequest
from oott_serving.http_edges import HttpEdges, Prediction

BODY = {"base64_image": "AAAA"}
FULL = json.dumps(BODY).encode().ljust(1000)


class Busy:
    """An app that takes its time, and remembers how many requests it had at once."""

    def __init__(self) -> None:
        self.working = 0
        self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.working += 1
        self.most = max(self.most, self.working)
        await asyncio.sleep(0.01)
        self.working -= 1
        await JSONResponse(True)(scope, receive, send)


class Broken:
    """An app that fails in words of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = PlainTextResponse("the shelf is\nempty", 503, {"X-Shelf": "3"})
        await response(scope, receive, send)


def answers(busy: Busy, requests: int, at_once: int, max_waiting: int) -> list[int]:
    """Send ``requests`` at once through the edges; give their statuses."""
    edges = HttpEdges(busy, [Prediction("/predict", CameraRequest, at_once)], 1000, max_waiting)

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(edges)
        async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
            asked = [client.post("/predict", json=BODY) for _ in range(requests)]
            return [response.status_code for response in await asyncio.gather(*asked)]

    return asyncio.run(ask())


def test_of_a_kind_of_prediction_no_more_than_its_share_is_worked_on() -> None:
    busy = Busy()

    assert answers(busy, requests=6, at_once=2, max_waiting=6) == [200] * 6
    assert busy.most == 2


def test_as_many_as_may_wait_are_answered_and_the_next_is_not() -> None:
    assert sorted(answers(Busy(), requests=5, at_once=1, max_waiting=4)) == [200] * 4 + [503]


@pytest.mark.parametrize("announced", [True, False])
def test_eight_full_bodies_are_held_at_once_and_a_ninth_is_told_to_come_again(
    announced: bool,
) -> None:
    edges = HttpEdges(Busy(), [Prediction("/predict", CameraRequest, 1)], len(FULL), 64)

    responses = asyncio.run(upload(edges, 9, announced))

    assert sorted(response.status_code for response in responses) == [200] * 8 + [503]
    [refused] = [response for response in responses if response.status_code == 503]
    assert "try again" in refused.json()["error"]
    assert int(refused.headers["retry-after"]) > 0


@pytest.mark.parametrize("announced", [True, False])
def test_answered_and_refused_bodies_leave_their_room_to_others(announced: bool) -> None:
    edges = HttpEdges(Busy(), [Prediction("/predict", CameraRequest, 8)], len(FULL), 64)

    async def ask() -> list[int]:
        rounds = [await upload(edges, 9, announced) for _ in range(2)]
        rounds.append(await upload(edges, 8, announced))
        return [response.status_code for responses in rounds for response in responses]

    assert asyncio.run(ask())[-8:] == [200] * 8


async def upload(edges: HttpEdges, count: int, announced: bool) -> list[httpx.Response]:
    """Send ``count`` full bodies at once, each in chunks, telling their length first or not."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(FULL), 100):
            yield FULL[start : start + 100]
            await asyncio.sleep(0)

    headers = {"Content-Type": "application/json"}
    if announced:
        headers["Content-Length"] = str(len(FULL))
    transport = httpx.ASGITransport(edges)
    async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
        sent = [client.post("/predict", content=chunks(), headers=headers) for _ in range(count)]
        return list(await asyncio.gather(*sent))


def test_an_upload_that_does_not_come_to_an_end_is_refused_and_leaves_its_room() -> None:
    busy = Busy()
    one_at_once = [Prediction("/predict", CameraRequest, 1)]
    edges = HttpEdges(busy, one_at_once, len(FULL), max_waiting=1, longest_upload_seconds=0.05)

    async def half_a_body() -> AsyncIterator[bytes]:
        yield FULL[:500]
        await asyncio.sleep(5)

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(edges)
        headers = {"Content-Type": "application/json"}
        async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
            slow = await client.post("/predict", content=half_a_body(), headers=headers)
            return [slow, await client.post("/predict", json=BODY)]

    slow, next_one = asyncio.run(ask())

    assert (slow.status_code, next_one.status_code) == (408, 200)
    assert slow.json()["error"].startswith("the body was not complete after 0.05 seconds; send")


def test_a_plain_error_keeps_its_words_and_headers_in_json() -> None:
    edges = HttpEdges(Broken(), [], 1000, 1)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(edges)
        async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
            return await client.get("/readyz")

    response = asyncio.run(ask())

    assert response.json() == {"error": "the shelf is\nempty"}
    assert response.headers["x-shelf"] == "3"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["retry-after"] == "5"
