"""Each example of an error in the API documentation is what the service really answers."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from oott_serving.admission.request_limits import Prediction, RequestLimits
from oott_serving.admission.waiting_requests import WaitingRequests
from oott_serving.api.api_models import BatchRequest, CameraRequest, Request
from oott_serving.detection.garments_api import GarmentsRequest
from oott_serving.detection.published_detector import LatestDetector, NoDetectorYet
from oott_serving.documentation.error_examples import ERROR_EXAMPLES
from oott_serving.documentation.openapi import openapi_document
from oott_serving.errors import response_to
from oott_serving.recommendations.recommend_models import SentTrip
from oott_serving.recommendations.released_looks import SentReleasedTrip
from oott_serving.settings import ServiceSettings
from tests.oott_serving.photos import base64_of, png_bomb, street_jpeg
from tests.oott_serving.service_client import error_in

JPEG = street_jpeg()
PHOTO, TEXT = base64_of(JPEG), base64_of(b"a text")
LARGE = base64_of(png_bomb(10_000, 10_000))
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


class Example(NamedTuple):
    """An error that the documentation shows."""

    path: str
    status: str
    name: str

    @property
    def sentence(self) -> str:
        return ERROR_EXAMPLES[self.path][self.status][self.name]


EXAMPLES = [
    Example(path, status, name)
    for path, statuses in ERROR_EXAMPLES.items()
    for status, sentences in statuses.items()
    for name in sentences
]

# What causes the errors of any prediction.
BODIES: dict[str, dict[str, Any]] = {
    "no JSON": {"content": b"a text", "headers": JSON},
    "other content type": {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
    "compressed body": {"content": b"{}", "headers": {**JSON, "Content-Encoding": "gzip"}},
}
PHOTOS: dict[str, dict[str, Any]] = {
    **BODIES,
    "not base64": {"json": {"base64_image": "A"}},
    "no photo": {"json": {"base64_image": TEXT}},
    "large photo": {"json": {"base64_image": LARGE}},
    "missing field": {"json": {}},
}


def batch_of(photos: list[str], place: str = "jeju", key: str = "") -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    return {"json": {"base64_images": photos, "recommend_type": place}, "headers": headers}


REQUESTS: dict[str, dict[str, dict[str, Any]]] = {
    "/predict/camera": {
        **PHOTOS,
        "unknown colours": {"json": {"base64_image": PHOTO}, "headers": {"OOTT-Colours": "pastel"}},
    },
    "/predict/garments": {
        **PHOTOS,
        "incomplete form": {"content": b"--x\r\n", "headers": FORM},
        "no file": {"files": {"image": JPEG}},
    },
    "/predict/batch": {
        **BODIES,
        "no photo": batch_of([PHOTO, TEXT]),
        "large photo": batch_of([PHOTO, LARGE]),
        "many photos": batch_of(["AAAA"] * 251),
        "missing field": {"json": {"base64_images": [PHOTO]}},
        "unknown place": batch_of([PHOTO], "atlantis"),
        "used key": batch_of([PHOTO], key="4d1f"),
        "unusable key": batch_of([PHOTO], key="x" * 300),
    },
    "/recommend": {
        **BODIES,
        "missing field": {"json": {"destination": "jeju"}},
        "many days": {"json": {"destination": "jeju", "dates": ["2027-01-01"] * 31}},
        "unknown place": {"json": {"destination": "atlantis", "dates": ["2027-01-01"]}},
    },
    "/recommend/released": {
        **BODIES,
        "missing field": {"json": {"date": ["2027/01/01"]}},
        "no date": {"json": {"category": "바닷가", "date": ["soon"]}},
        "unknown place": {"json": {"category": "atlantis", "date": ["2027/01/01"]}},
    },
    "/trends": {
        "no estimates": {"params": {"destination": "jeju", "month": "2020-01"}},
        "unknown place": {"params": {"destination": "atlantis"}},
        "unusable month": {"params": {"month": "October"}},
        "no category": {"params": {"subject": "outfit", "category": "top"}},
    },
}

# These come before a prediction. They are caused in this process, with smaller limits.
OF_LIMITS = ("slow upload", "large body", "too many photos", "too many requests")

# test_outages_and_overload.py and test_trends.py compare these with the answers of services whose
# database is away or hangs.
OF_THE_DATABASE = ("no database", "slow database")


# test_api_keys.py compares these with the answers of a service that has keys.
OF_KEYS = ("no key", "unknown key")


def examples_of(names: tuple[str, ...]) -> list[Example]:
    return [example for example in EXAMPLES if example.name in names]


SENT = [
    example
    for example in EXAMPLES
    if example.name not in (*OF_LIMITS, *OF_THE_DATABASE, *OF_KEYS, "no detector")
]


def test_every_error_of_every_route_has_an_example() -> None:
    described = {
        (path, status)
        for path, operations in openapi_document()["paths"].items()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status >= "400" and response["content"]["application/json"]["examples"]
    }

    assert described == {(example.path, example.status) for example in EXAMPLES}
    assert len(described) == 42


@pytest.mark.parametrize("example", SENT, ids=" ".join)
def test_an_example_is_the_answer_of_the_service(client: httpx.Client, example: Example) -> None:
    method = "GET" if example.path == "/trends" else "POST"
    if example.name == "used key":
        client.post(example.path, **batch_of([PHOTO, PHOTO], key="4d1f"))

    response = client.request(method, example.path, **REQUESTS[example.path][example.name])

    assert str(response.status_code) == example.status
    assert error_in(response) == example.sentence


class NeverAnswering:
    """A service that needs a long time for a prediction."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.2)
        await JSONResponse(True)(scope, receive, send)


async def first_byte() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.sleep(5)


async def limited(example: Example) -> httpx.Response:
    kinds: dict[str, type[Request]] = {
        "/predict/camera": CameraRequest,
        "/predict/garments": GarmentsRequest,
        "/predict/batch": BatchRequest,
        "/recommend": SentTrip,
        "/recommend/released": SentReleasedTrip,
    }
    trip = {"destination": "jeju", "dates": ["2027-01-01"], "category": "산", "date": ["2027/1/1"]}
    body = json.dumps({"base64_image": "AAAA", **batch_of(["AAAA"] * 2)["json"], **trip}).encode()
    what = "requests" if example.path.startswith("/recommend") else "photos"
    prediction = Prediction(example.path, kinds[example.path], WaitingRequests(1, 0.1, what=what))
    limits = RequestLimits(
        NeverAnswering(), [prediction], ServiceSettings().max_body_bytes, max_upload_seconds=0.1
    )
    transport = httpx.ASGITransport(limits)
    async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
        if example.name == "slow upload":
            return await client.post(example.path, content=first_byte(), headers=JSON)
        if example.name == "large body":
            headers = {**JSON, "Content-Length": "60000000"}
            return await client.post(example.path, content=body, headers=headers)
        sent = [client.post(example.path, content=body, headers=JSON) for _ in range(2)]
        return (await asyncio.gather(*sent))[1]


@pytest.mark.parametrize("example", examples_of(OF_LIMITS), ids=" ".join)
def test_an_example_is_the_answer_before_a_prediction(example: Example) -> None:
    response = asyncio.run(limited(example))

    assert str(response.status_code) == example.status
    # The limits of this test are smaller than those of the service.
    numbers = r"[\d.,]*\d" if example.name != "large body" else "never"
    assert re.sub(numbers, "N", error_in(response)) == re.sub(numbers, "N", example.sentence)


def test_the_examples_without_a_detector_are_the_answer_of_an_empty_store(tmp_path: Path) -> None:
    settings = ServiceSettings(home=tmp_path, starter_detector=tmp_path / "starter")
    detectors = LatestDetector(settings)
    detectors.refresh()

    with pytest.raises(NoDetectorYet) as raised:
        detectors.in_service()

    response = response_to(raised.value)
    assert response.status_code == 503
    answer = json.loads(bytes(response.body))["error"].replace(str(tmp_path), "/data")
    assert {example.sentence for example in examples_of(("no detector",))} == {answer}
