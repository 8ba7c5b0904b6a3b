"""Tests which detector answers while new ones are published, over HTTP."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from oott_fashion.stores.model_store import ModelStore
from tests.oott_serving.detectors import publish
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import Server, serving
from tests.oott_serving.service_client import batch, camera, error_in

PHOTO = base64_of(street_jpeg())


def test_the_service_switches_to_each_usable_detector_without_losing_a_request(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server, server.client() as client:
        store = ModelStore(server.home / "models")
        _is_alive_but_not_ready(client, store)

        publish(store, tmp_path, None)
        _becomes_ready_and_sees_nothing(client)

        _publish_damaged(store, tmp_path)
        _keeps_the_last_good_one(client, server)

        labels = _labels_while(server, lambda: publish(store, tmp_path, "coat", minutes=2))
        assert set(labels) == {"None", "coat"}
        assert labels.total() > 20


def _is_alive_but_not_ready(client: httpx.Client, store: ModelStore) -> None:
    assert client.get("/ping").text == "true"
    assert client.get("/livez").status_code == 200
    for response in (client.get("/readyz"), camera(client, PHOTO), batch(client, [PHOTO], "jeju")):
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert f"{store.root}/garment-detector/latest.json" in error_in(response)
        assert "no-starter/card.json" in error_in(response)


def _becomes_ready_and_sees_nothing(client: httpx.Client) -> None:
    _wait_until(lambda: client.get("/readyz").status_code == 200)
    assert camera(client, PHOTO).text == '{"label":"None","color":"None"}'
    assert batch(client, [PHOTO], "jeju").text == '{"result":true}'


def _publish_damaged(store: ModelStore, folder: Path) -> None:
    """Copy a detector with a damaged file into ``store``. Then copy its latest.json."""
    elsewhere = ModelStore(folder / "elsewhere")
    damaged = publish(elsewhere, folder, "jeans", minutes=1)
    damaged.onnx.write_bytes(damaged.onnx.read_bytes()[:-1])
    source = Path(elsewhere.root) / "garment-detector"
    target = Path(store.root) / "garment-detector"
    shutil.copytree(damaged.onnx.parent, target / damaged.version)
    shutil.copy(source / "latest.json", target / "latest.json")


def _keeps_the_last_good_one(client: httpx.Client, server: Server) -> None:
    _wait_until(lambda: "is damaged" in server.log)
    time.sleep(0.5)  # long enough for two more polls
    assert camera(client, PHOTO).json()["label"] == "None"
    assert client.get("/readyz").status_code == 200
    assert server.log.count("stays in service") == 1


def _labels_while(server: Server, act: Callable[[], object]) -> Counter[str]:
    """Request labels from four threads while ``act`` runs, until enough are answered."""
    labels: Counter[str] = Counter()
    enough = threading.Event()

    def send_photos() -> None:
        with server.client() as client:
            while not enough.is_set():
                response = camera(client, PHOTO)
                labels[response.json()["label"] if response.is_success else response.text] += 1

    phones = [threading.Thread(target=send_photos) for _ in range(4)]
    for phone in phones:
        phone.start()
    time.sleep(0.2)
    act()
    _wait_until(lambda: labels["coat"] > 4 and labels.total() > 20, then=enough.set)
    for phone in phones:
        phone.join()
    return labels


def _wait_until(condition: Callable[[], bool], then: Callable[[], None] = lambda: None) -> None:
    """Wait until ``condition`` is true, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    then()
    assert condition()
