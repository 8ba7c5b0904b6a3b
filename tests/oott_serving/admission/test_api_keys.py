"""Tests who gets in with and without an API key, and from which web pages."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from oott_serving.admission.middlewares import middlewares
from oott_serving.documentation.error_examples import ERROR_EXAMPLES
from oott_serving.settings import ServiceSettings
from tests.oott_serving.service_client import error_in

pytestmark = pytest.mark.usefixtures("nothing_is_set")

OLD, NEW = "the-old-key-of-the-closet", "the-new-key-of-the-closet"
PAGE = "https://closet.example.com"


def respond(
    path: str = "/model",
    method: str = "GET",
    headers: dict[str, str] | None = None,
    **settings: Any,
) -> httpx.Response:
    """Send a request through the middlewares to an app that answers true."""
    app: ASGIApp = JSONResponse(True)
    chosen = ServiceSettings(**settings)
    for middleware, options in reversed(middlewares(chosen, [], lambda: "v1")):
        app = middleware(app, **options)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://closet") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(send())


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {OLD}"},
        {"Authorization": f"bearer {NEW}"},
        {"X-API-Key": OLD},
        {"X-API-Key": NEW, "Authorization": "Basic b290dDpvb3R0"},
    ],
)
def test_each_of_the_keys_opens_the_service(headers: dict[str, str]) -> None:
    assert respond(headers=headers, api_keys=f"{OLD}, {NEW}").status_code == 200


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "the request has no API key; send one in the header"),
        ({"Authorization": "Basic b290dDpvb3R0"}, "has no API key"),
        ({"Authorization": "Bearer"}, "the API key is unknown"),
        ({"Authorization": f"Bearer {OLD}x"}, "the API key is unknown"),
        ({"X-API-Key": OLD[:-1]}, "the API key is unknown"),
        ({"X-API-Key": f"{OLD},{NEW}"}, "the API key is unknown"),
        ({"Authorization": "Bearer x", "X-API-Key": OLD}, "the API key is unknown"),
    ],
)
def test_without_a_known_key_the_status_is_401(headers: dict[str, str], words: str) -> None:
    response = respond(headers=headers, api_keys=f"{OLD}, {NEW}")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="OOTT"'
    assert words in error_in(response)
    assert error_in(response) in ERROR_EXAMPLES["/model"]["401"].values()
    assert OLD not in response.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/predict/camera", 401),
        ("/predict/garments", 401),
        ("/predict/batch", 401),
        ("/model", 401),
        ("/trends", 401),
        ("/a/path/that/is/added/later", 401),
        ("/ping", 200),
        ("/livez", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/", 200),
        ("/docs.json", 200),
        ("/static_content/swagger-ui.css", 200),
        ("/try", 200),
        ("/try/page.js", 200),
    ],
)
def test_predictions_and_data_need_a_key_but_probes_and_pages_do_not(
    path: str, status: int
) -> None:
    assert respond(path, api_keys=OLD).status_code == status


def test_without_keys_everybody_gets_in() -> None:
    assert respond("/predict/camera").status_code == 200


def preflight(origin: str, **settings: Any) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,oott-colours",
    }
    return respond("/predict/camera", "OPTIONS", headers, **settings)


def test_an_allowed_web_page_may_ask_without_a_key_whether_it_may_send_one() -> None:
    response = preflight(PAGE, api_keys=OLD, cors_origins=f"http://localhost:8080,{PAGE}")

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == PAGE


def test_an_allowed_web_page_can_read_why_it_is_rejected_and_by_which_detector() -> None:
    response = respond("/predict/camera", "POST", {"Origin": PAGE}, api_keys=OLD, cors_origins=PAGE)

    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == PAGE
    assert "OOTT-Detector-Version" in response.headers["access-control-expose-headers"]


def test_other_web_pages_may_not_call_the_service() -> None:
    by_default = respond(headers={"Origin": PAGE})
    other = preflight("https://other.example.com", cors_origins=PAGE)

    assert "access-control-allow-origin" not in by_default.headers
    assert other.status_code == 400
    assert "access-control-allow-origin" not in other.headers


def test_a_star_allows_all_web_pages() -> None:
    response = respond(headers={"Origin": PAGE}, cors_origins="*")

    assert response.headers["access-control-allow-origin"] == "*"
