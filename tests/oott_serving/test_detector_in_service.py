"""Tests which detector answers while good and bad ones are published, over HTTP."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx

from oott_fashion.stores.model_store import ModelStore
from tests.oott_serving import bad_detectors
from tests.oott_serving.detectors import publish
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import Server, serving
from tests.oott_serving.service_client import batch, camera, error_in

PHOTO = base64_of(street_jpeg())


def test_only_good_detectors_answer_whatever_is_published_and_after_a_restart(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server, server.client() as client:
        store = ModelStore(server.home / "models")
        _is_alive_but_not_ready(client, store)
        first = publish(store, tmp_path, "coat")
        _wait_until(lambda: first.version in client.get("/readyz").text)
        assert batch(client, [PHOTO], "jeju").text == '{"result":true}'

        with _phones(server) as labels:
            for minutes, bad in enumerate(bad_detectors.ALL, start=1):
                version = bad_detectors.put(store.root, bad, tmp_path, minutes)
                says = partial(_says, client, first.version, version, bad.reason)
                _wait_until(says, bad.kind)
            assert set(labels) == {"coat"}
            last = publish(store, tmp_path, "jeans", minutes=60)
            _wait_until(lambda: labels["jeans"] > 4)

        assert set(labels) == {"coat", "jeans"}
        assert client.get("/readyz").text == f"detector {last.version} is in service"
        kept = [line for line in server.log.splitlines() if "stays in service" in line]
        assert len(kept) == len(bad_detectors.ALL), kept
        metrics = client.get("/metrics").text
        assert "oott_detector_swaps_total 2.0" in metrics
        # The empty store was the first problem.
        assert f"oott_detector_failures_total {len(bad_detectors.ALL) + 1}.0" in metrics
        in_service = 'oott_detector_workers{detector_version="%s",engine="onnxruntime"} %s'
        assert in_service % (first.version, "0.0") in metrics
        assert in_service % (last.version, "1.0") in metrics

    slow = bad_detectors.put(store.root, bad_detectors.SLOW, tmp_path, minutes=120)
    with serving(tmp_path) as server, server.client() as client:
        assert camera(client, PHOTO).json()["label"] == "jeans"
        assert _says(client, last.version, slow, bad_detectors.SLOW.reason)
        assert f"detector {last.version} stays in service: " in server.log


def _is_alive_but_not_ready(client: httpx.Client, store: ModelStore) -> None:
    assert client.get("/ping").text == "true"
    assert client.get("/livez").status_code == 200
    responses = [client.get("/readyz"), client.get("/model")]
    responses += [camera(client, PHOTO), batch(client, [PHOTO], "jeju")]
    for response in responses:
        assert response.status_code == 503
        assert "oott-detector-version" not in response.headers
        assert int(response.headers["retry-after"]) > 0
        assert f"{store.root}/garment-detector/latest.json" in error_in(response)
        assert "no-starter/card.json" in error_in(response)


def _says(client: httpx.Client, in_service: str, refused: str, reason: str) -> bool:
    """Tell whether /readyz names the detector in service, and why the refused one is not."""
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.text.startswith(f"detector {in_service} is in service")
    model = client.get("/model").json()
    assert model["version"] == in_service
    why_not_latest = str(model["why_not_latest"])
    return all(refused in text and reason in text for text in (response.text, why_not_latest))


@contextmanager
def _phones(server: Server) -> Iterator[Counter[str]]:
    """Request labels from two threads, and count them; an error counts with its text."""
    labels: Counter[str] = Counter()
    stopped = threading.Event()

    def send_photos() -> None:
        with server.client() as client:
            while not stopped.is_set():
                response = camera(client, PHOTO)
                labels[response.json()["label"] if response.is_success else response.text] += 1
                stopped.wait(0.1)

    phones = [threading.Thread(target=send_photos) for _ in range(2)]
    for phone in phones:
        phone.start()
    try:
        yield labels
    finally:
        stopped.set()
        for phone in phones:
            phone.join()


def _wait_until(condition: Callable[[], bool], what: str = "") -> None:
    """Wait until ``condition`` is true, for a minute at most."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition(), what
