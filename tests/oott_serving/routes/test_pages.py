"""Tests the health checks, the API documentation and the metrics, over HTTP."""

import re

import httpx
import psutil
import pytest

from oott_fashion.stores.detector_card import DetectorCard, read_card
from tests.oott_serving.servers import Server
from tests.starters import SMALL_STARTER


@pytest.mark.parametrize("path", ["/ping", "/health", "/healthcheck", "/status"])
def test_every_health_check_answers_true(client: httpx.Client, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.text) == (200, "true")
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_service_with_a_detector_is_alive_and_ready(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_only_this_machine_reaches_the_service_by_default(server: Server) -> None:
    processes = psutil.Process(server.process.pid).children(recursive=True)

    sockets = [socket for process in processes for socket in process.net_connections()]
    listening = {socket.laddr for socket in sockets if socket.status == psutil.CONN_LISTEN}
    assert listening == {("127.0.0.1", server.port)}


def test_the_detector_in_service_is_described_with_its_card(client: httpx.Client) -> None:
    answer = client.get("/model").json()

    card = read_card(SMALL_STARTER / "card.json")
    assert (answer["version"], answer["engine"]) == (card.version, "onnxruntime")
    assert answer["why_not_latest"] is None
    assert DetectorCard.model_validate(answer["card"]) == card


def test_the_api_page_loads_nothing_from_other_hosts(client: httpx.Client) -> None:
    page = client.get("/")

    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "//" not in page.text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 6
    for address in addresses:
        assert client.get(f"/{address}").status_code == 200


def test_the_api_page_and_the_openapi_document_fit_together(client: httpx.Client) -> None:
    assert '"docs.json"' in client.get("/docs.js").text
    assert client.get("/docs.json").json()["info"]["title"] == "OOTT closet service"


@pytest.mark.parametrize("path", ["/predict/camera", "/predict/garments"])
def test_the_example_of_a_request_in_the_document_can_be_sent(
    client: httpx.Client, path: str
) -> None:
    schema = client.get("/docs.json").json()["components"]["schemas"]["CameraRequest"]
    [photo] = schema["properties"]["base64_image"]["examples"]

    assert client.post(path, json={"base64_image": photo}).status_code == 200


def test_requests_are_counted_for_prometheus(client: httpx.Client) -> None:
    client.post("/predict/camera", json={})

    metrics = client.get("/metrics").text
    assert re.search(r'request_total{.*endpoint="/predict/camera".*code="422".*} [1-9]', metrics)
