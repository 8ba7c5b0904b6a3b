"""Tests the limits on concurrent requests and bodies, and that errors are sent as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from oott_serving.api_models import CameraRequest
from oott_serving.request_limits import Prediction, RequestLimits

BODY = {"base64_image": "AAAA"}
FULL = json.dumps(BODY).encode().ljust(1000)


class Busy:
    """A slow app that records how many requests ran at the same time."""

    def __init__(self) -> None:
        self.working = 0
        self.max_working = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.working += 1
        self.max_working = max(self.max_working, self.working)
        await asyncio.sleep(0.01)
        self.working -= 1
        await JSONResponse(True)(scope, receive, send)


class Broken:
    """An app that fails with a plain-text error."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = PlainTextResponse("the shelf is\nempty", 503, {"X-Shelf": "3"})
        await response(scope, receive, send)


def statuses(busy: Busy, requests: int, max_concurrent: int, max_waiting: int) -> list[int]:
    """Send ``requests`` at the same time through the limits, and give their statuses."""
    prediction = Prediction("/predict", CameraRequest, max_concurrent)
    limits = RequestLimits(busy, [prediction], 1000, max_waiting)

    async def send_all() -> list[int]:
        transport = httpx.ASGITransport(limits)
        async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
            sent = [client.post("/predict", json=BODY) for _ in range(requests)]
            return [response.status_code for response in await asyncio.gather(*sent)]

    return asyncio.run(send_all())


def test_a_prediction_runs_at_most_max_concurrent_times_at_once() -> None:
    busy = Busy()

    assert statuses(busy, requests=6, max_concurrent=2, max_waiting=6) == [200] * 6
    assert busy.max_working == 2


def test_a_request_over_the_queue_limit_gets_503() -> None:
    answered = statuses(Busy(), requests=5, max_concurrent=1, max_waiting=4)

    assert sorted(answered) == [200] * 4 + [503]


@pytest.mark.parametrize("declared", [True, False])
def test_eight_full_bodies_fit_in_memory_and_a_ninth_gets_503(declared: bool) -> None:
    limits = RequestLimits(Busy(), [Prediction("/predict", CameraRequest, 1)], len(FULL), 64)

    responses = asyncio.run(upload(limits, 9, declared))

    assert sorted(response.status_code for response in responses) == [200] * 8 + [503]
    [rejected] = [response for response in responses if response.status_code == 503]
    assert "try again" in rejected.json()["error"]
    assert int(rejected.headers["retry-after"]) > 0


@pytest.mark.parametrize("declared", [True, False])
def test_answered_and_rejected_bodies_free_their_memory(declared: bool) -> None:
    limits = RequestLimits(Busy(), [Prediction("/predict", CameraRequest, 8)], len(FULL), 64)

    async def send_all() -> list[int]:
        rounds = [await upload(limits, 9, declared) for _ in range(2)]
        rounds.append(await upload(limits, 8, declared))
        return [response.status_code for responses in rounds for response in responses]

    assert asyncio.run(send_all())[-8:] == [200] * 8


async def upload(limits: RequestLimits, count: int, declared: bool) -> list[httpx.Response]:
    """Send ``count`` full bodies at the same time, in chunks, with a Content-Length or without."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(FULL), 100):
            yield FULL[start : start + 100]
            await asyncio.sleep(0)

    headers = {"Content-Type": "application/json"}
    if declared:
        headers["Content-Length"] = str(len(FULL))
    transport = httpx.ASGITransport(limits)
    async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
        sent = [client.post("/predict", content=chunks(), headers=headers) for _ in range(count)]
        return list(await asyncio.gather(*sent))


def test_an_upload_that_never_ends_is_rejected_and_frees_its_place() -> None:
    prediction = Prediction("/predict", CameraRequest, 1)
    limits = RequestLimits(Busy(), [prediction], len(FULL), max_waiting=1, max_upload_seconds=0.05)

    async def half_a_body() -> AsyncIterator[bytes]:
        yield FULL[:500]
        await asyncio.sleep(5)

    async def send_both() -> list[httpx.Response]:
        transport = httpx.ASGITransport(limits)
        headers = {"Content-Type": "application/json"}
        async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
            slow = await client.post("/predict", content=half_a_body(), headers=headers)
            return [slow, await client.post("/predict", json=BODY)]

    slow, next_one = asyncio.run(send_both())

    assert (slow.status_code, next_one.status_code) == (408, 200)
    assert slow.json()["error"].startswith("the body was not complete after 0.05 seconds; send")


def test_a_plain_text_error_keeps_its_message_and_headers_in_json() -> None:
    limits = RequestLimits(Broken(), [], 1000, 1)

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(limits)
        async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
            return await client.get("/readyz")

    response = asyncio.run(get())

    assert response.json() == {"error": "the shelf is\nempty"}
    assert response.headers["x-shelf"] == "3"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["retry-after"] == "5"
