"""Tests metrics, log and traces of a service with two workers, JSON log and an API key."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.model_store import ModelStore
from oott_serving.records.service_metrics import BoundedValues, forget_dead_workers
from tests.oott_serving.detectors import publish
from tests.oott_serving.photos import base64_of, file_of, image_of, street_jpeg
from tests.oott_serving.servers import Server, serving
from tests.oott_serving.service_client import batch, camera, error_in
from tests.oott_serving.trace_collector import Collector, collector_of_new_processes

KEY = "the-hidden-key-of-the-closet"
JPEG = street_jpeg()
PHOTO = base64_of(JPEG)
GREY = base64_of(file_of(image_of(JPEG).convert("L").point(lambda _: 128), "JPEG"))
WORKERS = 2

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PublishedDetector]:
    folder = tmp_path_factory.mktemp("service")
    return folder, publish(ModelStore(folder / "home" / "models"), folder, "coat")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collector_of_new_processes() as collector:
        yield collector


@pytest.fixture(scope="module")
def service(
    published: tuple[Path, PublishedDetector],
    collector: Collector,  # noqa: ARG001 - the service finds it in the environment
) -> Iterator[Server]:
    folder, detector = published
    with serving(folder, workers=WORKERS, api_keys=KEY, log_format="json") as server:
        deadline = time.monotonic() + 30
        while samples_of(server).get(workers_of(detector), 0) < WORKERS:
            assert time.monotonic() < deadline, server.log
            time.sleep(0.05)
        yield server


@pytest.fixture(scope="module")
def client(service: Server) -> Iterator[httpx.Client]:
    with service.client() as client:
        client.headers["Authorization"] = f"Bearer {KEY}"
        yield client


def samples_of(server: Server) -> Samples:
    text = httpx.get(f"{server.url}/metrics", timeout=10).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("oott_")
    }


def sample(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return name, tuple(sorted(labels.items()))


def workers_of(detector: PublishedDetector) -> tuple[str, tuple[tuple[str, str], ...]]:
    labels = {"detector_version": detector.version, "engine": "onnxruntime"}
    return sample("oott_detector_workers", **labels)


def growth(before: Samples, after: Samples) -> Samples:
    return {
        key: value - before.get(key, 0)
        for key, value in after.items()
        if value != before.get(key, 0) and not key[0].endswith(("_sum", "_bucket", "_created"))
    }


def test_the_metrics_of_all_workers_are_added_up(
    service: Server, client: httpx.Client, published: tuple[Path, PublishedDetector]
) -> None:
    before = samples_of(service)

    def photo(number: int) -> int:
        # Each has its own connection, so that both workers get some.
        with httpx.Client(base_url=service.url, headers=client.headers, timeout=60) as phone:
            return camera(phone, GREY if number == 0 else PHOTO).status_code

    with ThreadPoolExecutor(8) as phones:
        assert set(phones.map(photo, range(24))) == {200}
    assert batch(client, [PHOTO, GREY], "jeju").status_code == 200
    assert camera(client, "no photo").status_code == 400
    assert camera(client, PHOTO, "pastel").status_code == 422
    assert httpx.post(f"{service.url}/predict/camera").status_code == 401
    assert client.get("/invented/1").status_code == 404

    camera_, batch_ = "/predict/camera", "/predict/batch"
    grown = growth(before, samples_of(service))
    [garments] = [value for (name, _), value in grown.items() if name == "oott_garments_total"]
    [labels] = [dict(labels) for name, labels in grown if name == "oott_garments_total"]
    assert garments == 23 + 1
    assert labels["garment"] == "coat"
    assert labels["detector_version"] == published[1].version
    expected = {
        sample("oott_requests_total", route=camera_, status="200"): 24,
        sample("oott_requests_total", route=camera_, status="400"): 1,
        sample("oott_requests_total", route=camera_, status="401"): 1,
        sample("oott_requests_total", route=camera_, status="422"): 1,
        sample("oott_requests_total", route=batch_, status="200"): 1,
        sample("oott_requests_total", route="other", status="404"): 1,
        sample("oott_rejected_requests_total", route=camera_, reason="unreadable"): 1,
        sample("oott_rejected_requests_total", route=camera_, reason="invalid"): 1,
        sample("oott_rejected_requests_total", route=camera_, reason="api_key"): 1,
        sample("oott_photos_total", route=camera_): 24,
        sample("oott_photos_total", route=batch_): 2,
        sample("oott_photos_without_garments_total", route=camera_): 1,
        sample("oott_photos_without_garments_total", route=batch_): 1,
        sample("oott_stage_seconds_count", route=camera_, stage="detection"): 24,
        sample("oott_stage_seconds_count", route=batch_, stage="colours"): 1,
    }
    assert {key: grown.get(key) for key in expected} == expected


def test_nothing_is_queued_when_all_is_answered(service: Server, client: httpx.Client) -> None:
    camera(client, PHOTO)
    camera(client, "no photo")

    samples = samples_of(service)
    assert samples[sample("oott_queued_requests", route="/predict/camera")] == 0
    assert samples[sample("oott_queued_bytes")] == 0


def test_paths_that_clients_invent_make_no_metrics(client: httpx.Client) -> None:
    for path in ("/invented/path", "/predict/invented", "/try/invented"):
        client.get(path)

    assert "invented" not in client.get("/metrics").text


def lines_of(server: Server, request_id: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in server.log.splitlines() if request_id in line]
    return [line for line in lines if line.get("request_id") == request_id]


def test_each_request_is_one_line_of_json_with_its_stages_and_garments(
    service: Server, client: httpx.Client, published: tuple[Path, PublishedDetector]
) -> None:
    headers = {"X-Request-ID": "phone-1:42", "Content-Type": "image/jpeg"}
    response = client.post("/predict/garments?a=b", content=JPEG, headers=headers)

    assert response.headers["x-request-id"] == "phone-1:42"
    [line] = lines_of(service, "phone-1:42")
    assert line["path"] == "/predict/garments"
    assert (line["method"], line["status"], line["bytes"]) == ("POST", 200, len(JPEG))
    assert (line["photos"], line["garments"]) == (1, len(response.json()["garments"]))
    assert line["detector_version"] == published[1].version
    stages = ["total", "waiting", "decoding", "detection", "colours"]
    assert list(line["milliseconds"]) == stages
    assert line["milliseconds"]["total"] >= line["milliseconds"]["detection"]


def test_each_request_is_a_span_in_the_trace_of_its_client(
    client: httpx.Client, collector: Collector, published: tuple[Path, PublishedDetector]
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"X-Request-ID": "traced", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    client.get("/readyz", headers=headers | {"X-Request-ID": "probe"})

    client.post("/predict/camera", json={"base64_image": PHOTO}, headers=headers)

    name, its_trace, attributes = collector.span_of("traced")
    assert (name, its_trace) == ("POST /predict/camera", trace)
    assert attributes["oott.detector_version"] == published[1].version
    assert attributes["oott.photos"] == attributes["oott.garments"] == 1
    stages = [attributes[f"oott.milliseconds.{stage}"] for stage in ("decoding", "detection")]
    assert 0 < sum(stages) < attributes["oott.milliseconds.total"]
    assert not any("readyz" in name for name, _, _ in collector.spans)


def test_a_rejected_request_is_logged_with_the_reason(
    service: Server, client: httpx.Client
) -> None:
    response = client.post("/predict/camera", headers={"X-Request-ID": "rejected"})

    assert error_in(response).startswith("the content type is missing")
    [line] = lines_of(service, "rejected")
    assert (line["status"], line["rejected_because"]) == (415, "content_type")


@pytest.mark.parametrize("sent", [None, "", "two words", "x" * 129, 'quote"', "line\tbreak"])
def test_a_request_without_a_usable_id_gets_one(client: httpx.Client, sent: str | None) -> None:
    headers = {} if sent is None else {"X-Request-ID": sent}

    given = client.get("/ping", headers=headers).headers["x-request-id"]

    assert len(given) == 32
    assert given.isalnum()


def test_the_whole_log_is_json_and_has_no_photo_no_key_and_no_forged_line(
    service: Server, client: httpx.Client
) -> None:
    client.get("/a%0A%7B%7D/b")
    camera(client, PHOTO)
    client.post("/predict/camera", headers={"X-API-Key": KEY, "Authorization": "Bearer wrong-key"})

    lines = [json.loads(line) for line in service.log.splitlines()]
    assert all({"time", "level", "logger"} <= line.keys() for line in lines)
    assert any(line.get("path") == "/a%0A%7B%7D/b" for line in lines)
    assert any("is in service" in line.get("message", "") for line in lines)
    assert not any(line.get("path") == "/metrics" for line in lines)
    for hidden in (KEY, "wrong-key", PHOTO[1000:1050]):
        assert hidden not in service.log


def test_a_new_worker_forgets_what_a_killed_one_had_in_its_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = next(pid for pid in range(2**22, 0, -1) if not Path(f"/proc/{pid}").exists())
    for pid in (dead, os.getpid()):
        (tmp_path / f"gauge_livesum_{pid}.db").touch()
        (tmp_path / f"counter_{pid}.db").touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    forget_dead_workers()

    kept = {file.name for file in tmp_path.iterdir()}
    own = f"gauge_livesum_{os.getpid()}.db"
    assert kept == {own, f"counter_{os.getpid()}.db", f"counter_{dead}.db"}


def test_only_the_first_versions_have_their_own_metrics() -> None:
    bounded = BoundedValues(3, "later")

    assert [bounded.of(version) for version in "abcda"] == ["a", "b", "c", "later", "a"]
