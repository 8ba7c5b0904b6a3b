"""Tests the limits on concurrent requests and bodies, and that errors are sent as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from oott_serving.admission.request_limits import Prediction, RequestLimits
from oott_serving.admission.waiting_requests import WaitingRequests
from oott_serving.api.api_models import CameraRequest

BODY = {"base64_image": "AAAA"}
FULL = json.dumps(BODY).encode().ljust(1000)
JSON = {"Content-Type": "application/json"}


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


def limits_of(
    app: Busy, max_concurrent: int = 1, max_waiting_seconds: float = 60, max_uploads: int = 100
) -> RequestLimits:
    queue = WaitingRequests(max_concurrent, max_waiting_seconds)
    prediction = Prediction("/predict", CameraRequest, queue)
    return RequestLimits(app, [prediction], len(FULL), max_uploads, max_upload_seconds=0.2)


@asynccontextmanager
async def client_of(limits: RequestLimits) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(limits)
    async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
        yield client


def answers_at_once(limits: RequestLimits, requests: int) -> list[httpx.Response]:
    async def send_all() -> list[httpx.Response]:
        async with client_of(limits) as client:
            sent = [client.post("/predict", json=BODY) for _ in range(requests)]
            return list(await asyncio.gather(*sent))

    return asyncio.run(send_all())


def test_a_prediction_runs_at_most_max_concurrent_times_at_once() -> None:
    busy = Busy()

    responses = answers_at_once(limits_of(busy, max_concurrent=2), requests=6)

    assert [response.status_code for response in responses] == [200] * 6
    assert busy.max_working == 2


def test_a_request_that_would_wait_too_long_gets_503_and_its_own_time_to_retry() -> None:
    # Without measurements, a photo is expected to take 0.15 seconds. So four wait 0.6 seconds.
    responses = answers_at_once(limits_of(Busy(), max_waiting_seconds=0.5), requests=30)

    assert [response.status_code for response in responses] == [200] * 4 + [503] * 26
    assert "try again" in responses[-1].json()["error"]
    times = [int(response.headers["retry-after"]) for response in responses[4:]]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (1, 4)


async def parts(count: int, then_wait: float = 0) -> AsyncIterator[bytes]:
    """Send ``count`` tenths of a full body, then wait for some seconds and stop."""
    for start in range(0, 100 * count, 100):
        yield FULL[start : start + 100]
        await asyncio.sleep(0)
    await asyncio.sleep(then_wait)


def test_when_the_memory_is_full_the_slowest_upload_gives_way() -> None:
    limits = limits_of(Busy())

    async def send_all() -> tuple[list[int], int]:
        async with client_of(limits) as client:
            slow = [
                asyncio.create_task(client.post("/predict", content=parts(9, 5), headers=JSON))
                for _ in range(10)  # together, they fill the memory of nine full bodies
            ]
            await asyncio.sleep(0.05)
            fast = await client.post("/predict", content=parts(10), headers=JSON)
            return [(await upload).status_code for upload in slow], fast.status_code

    slow, fast = asyncio.run(send_all())

    assert fast == 200
    assert sorted(slow) == [408] * 8 + [503] * 2


def test_when_there_are_too_many_uploads_the_slowest_gives_way() -> None:
    limits = limits_of(Busy(), max_uploads=3)

    async def send_all() -> list[httpx.Response]:
        async with client_of(limits) as client:
            slow = [
                asyncio.create_task(client.post("/predict", content=parts(sent, 5), headers=JSON))
                for sent in (2, 0, 1)
            ]
            await asyncio.sleep(0.05)
            fast = await client.post("/predict", content=parts(10), headers=JSON)
            return [fast, *[await upload for upload in slow]]

    responses = asyncio.run(send_all())

    assert [response.status_code for response in responses] == [200, 408, 503, 408]
    assert "the slowest" in responses[2].json()["error"]
    assert int(responses[2].headers["retry-after"]) > 0


def test_a_body_that_announces_more_than_it_sends_takes_no_memory() -> None:
    limits = limits_of(Busy())
    announced = JSON | {"Content-Length": str(len(FULL))}

    async def send_all() -> int:
        async with client_of(limits) as client:
            silent = [
                asyncio.create_task(client.post("/predict", content=parts(0, 5), headers=announced))
                for _ in range(50)
            ]
            await asyncio.sleep(0.05)
            fast = await client.post("/predict", content=parts(10), headers=JSON)
            await asyncio.gather(*silent)
            return fast.status_code

    assert asyncio.run(send_all()) == 200


def test_answered_and_rejected_bodies_free_their_memory() -> None:
    limits = limits_of(Busy(), max_concurrent=8)

    async def send_all() -> list[int]:
        async with client_of(limits) as client:
            statuses = []
            for body in (FULL, b"not JSON".ljust(len(FULL)), FULL):
                sent = [client.post("/predict", content=body, headers=JSON) for _ in range(9)]
                statuses += [response.status_code for response in await asyncio.gather(*sent)]
            return statuses

    assert asyncio.run(send_all()) == [200] * 9 + [400] * 9 + [200] * 9


def test_an_upload_that_never_ends_is_rejected() -> None:
    async def send() -> httpx.Response:
        async with client_of(limits_of(Busy())) as client:
            return await client.post("/predict", content=parts(5, 5), headers=JSON)

    slow = asyncio.run(send())

    assert slow.status_code == 408
    assert slow.json()["error"].startswith("the body was not complete after 0.2 seconds; send")


def test_a_request_whose_client_has_left_does_not_run() -> None:
    busy = Busy()
    messages: list[Message] = [
        {"type": "http.request", "body": FULL, "more_body": False},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "headers": [(b"content-type", b"application/json")],
    }

    async def receive() -> Message:
        return messages.pop(0)

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(limits_of(busy)(scope, receive, send))

    assert busy.max_working == 0
    assert sent[0]["status"] == 400


def test_a_plain_text_error_keeps_its_message_and_headers_in_json() -> None:
    limits = RequestLimits(Broken(), [], 1000)

    async def get() -> httpx.Response:
        async with client_of(limits) as client:
            return await client.get("/readyz")

    response = asyncio.run(get())

    assert response.json() == {"error": "the shelf is\nempty"}
    assert response.headers["x-shelf"] == "3"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["retry-after"] == "5"
