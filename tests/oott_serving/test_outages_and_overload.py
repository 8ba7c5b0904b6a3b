"""Tests the closet service without its database, and with too many requests."""

import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

from oott_fashion.stores.model_store import ModelStore
from oott_serving.documentation.error_examples import ERROR_EXAMPLES
from tests.databases import MariaDB
from tests.oott_serving.detectors import publish
from tests.oott_serving.photos import base64_of, file_of, street_jpeg
from tests.oott_serving.servers import (
    REPOSITORY,
    SERVICE,
    Server,
    environment,
    serving,
)
from tests.oott_serving.service_client import app_slice, batch, camera, error_in, photos_counted

JPEG = street_jpeg()
PHOTO = base64_of(JPEG)
BODY = json.dumps({"base64_image": PHOTO}).encode()
HEADERS = (
    "POST /predict/camera HTTP/1.1\r\nHost: closet\r\nConnection: close\r\n"
    f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode()
PASSWORD = "s3cret-of-the-closet"
AWAY = ERROR_EXAMPLES["/predict/batch"]["503"]["no database"]


@pytest.fixture(scope="module")
def late(mariadb: MariaDB) -> str:
    """Give the URL of a database that does not exist yet, and neither does its user."""
    return mariadb.url("late", "closet", PASSWORD)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, late: str) -> Iterator[Server]:
    """A service with a fast detector, whose database does not exist yet."""
    folder = tmp_path_factory.mktemp("service")
    publish(ModelStore(folder / "home" / "models"), folder, "coat")
    with serving(folder, database_url=late) as server:
        yield server


@pytest.fixture
def client(service: Server) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def test_without_a_database_camera_photos_are_answered_and_batches_get_503(
    service: Server, client: httpx.Client, mariadb: MariaDB, late: str
) -> None:
    rejected = batch(client, [PHOTO], "jeju")
    no_advice = client.post("/recommend", json={"destination": "jeju", "dates": ["2027-01-09"]})

    assert (no_advice.status_code, error_in(no_advice)) == (503, AWAY)
    assert camera(client, PHOTO).json()["label"] == "coat"
    assert client.get("/readyz").status_code == 200
    assert rejected.status_code == 503
    assert int(rejected.headers["retry-after"]) > 0
    assert error_in(rejected) == AWAY
    assert "refuses the user or the password" in service.log
    assert PASSWORD not in service.log
    assert "batches are answered 503" in service.log

    mariadb.execute(
        "CREATE DATABASE late",
        f"CREATE USER closet@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        "GRANT ALL ON late.* TO closet@'127.0.0.1'",
    )
    assert batch(client, [PHOTO], "jeju").text == '{"result":true}'
    assert photos_counted(late, app_slice("jeju", "seaside")) == 1


def test_a_database_that_comes_back_empty_is_migrated_again(
    client: httpx.Client, mariadb: MariaDB, late: str
) -> None:
    batch(client, [PHOTO], "jeju")
    mariadb.execute("DROP DATABASE late", "CREATE DATABASE late")

    assert batch(client, [PHOTO], "jeju").status_code == 503
    assert batch(client, [PHOTO], "jeju").text == '{"result":true}'
    assert photos_counted(late, app_slice("jeju", "seaside")) == 1


def test_a_database_that_hangs_delays_no_photo(client: httpx.Client, mariadb: MariaDB) -> None:
    with mariadb.silent(), ThreadPoolExecutor(13) as clients:
        app_photos = clients.submit(batch, client, [PHOTO], "jeju")
        asked = [clients.submit(client.get, "/trends") for _ in range(12)]
        start = time.monotonic()
        assert camera(client, PHOTO).json()["label"] == "coat"
        assert time.monotonic() - start < 4

        for response in (question.result() for question in asked):
            assert response.status_code == 503
            assert response.elapsed.total_seconds() < 9
            assert int(response.headers["retry-after"]) > 0
            assert error_in(response) == ERROR_EXAMPLES["/trends"]["503"]["slow database"]
        assert error_in(app_photos.result()) == AWAY
        assert app_photos.result().elapsed.total_seconds() < 12
    assert batch(client, [PHOTO], "jeju").status_code == 200


SILENT = {
    "nothing": b"",
    "half of the headers": HEADERS[: len(HEADERS) // 2],
    "headers and no body": HEADERS,
    "half of the body": HEADERS + BODY[: len(BODY) // 2],
}


@pytest.mark.parametrize("sent", SILENT.values(), ids=SILENT)
def test_beside_a_thousand_clients_that_stop_sending_a_photo_is_answered_in_a_second(
    service: Server, client: httpx.Client, sent: bytes
) -> None:
    with ExitStack() as phones:
        for _ in range(1000):
            phones.enter_context(connected(service)).sendall(sent)
        assert client.get("/livez").status_code == 200  # now the service has read what was sent

        assert seconds_of_a_photo(client) < 1


def test_beside_clients_that_send_a_byte_now_and_then_a_photo_is_answered_in_a_second(
    service: Server, client: httpx.Client
) -> None:
    with ExitStack() as phones:
        slow = [phones.enter_context(connected(service)) for _ in range(64)]
        # They are at different places of their headers or bodies.
        for number, phone in enumerate(slow):
            phone.sendall((HEADERS + BODY)[: number * 9])
        for sent in range(20):
            for number, phone in enumerate(slow):
                phone.sendall((HEADERS + BODY)[number * 9 + sent :][:1])

        assert seconds_of_a_photo(client) < 1


def seconds_of_a_photo(client: httpx.Client) -> float:
    """Measure the fastest of three answers, because other tests run at the same time."""

    def seconds() -> float:
        began = time.monotonic()
        assert camera(client, PHOTO).json()["label"] == "coat"
        assert client.get("/readyz").status_code == 200
        return time.monotonic() - began

    return min(seconds() for _ in range(3))


def test_three_hundred_photos_at_once_are_all_answered(service: Server) -> None:
    with ExitStack() as phones:
        app = [phones.enter_context(connected(service)) for _ in range(300)]
        for phone in app:
            phone.sendall(HEADERS + BODY)
        for path in ("/ping", "/status", "/livez", "/readyz", "/metrics", "/docs.json"):
            assert httpx.get(service.url + path, timeout=2).status_code == 200

        answers = Counter(read_all(phone).split(b"\r\n")[0] for phone in app)
        assert answers == {b"HTTP/1.1 200 OK": 300}


def test_the_released_backend_keeps_every_photo_of_150_uploads_at_once(
    service: Server, tmp_path: Path
) -> None:
    photos = [f"{number}.jpg" for number in range(150)]
    for photo in photos:
        (tmp_path / photo).write_bytes(JPEG)

    done = subprocess.run(
        ["node", Path(__file__).with_name("released_backend.js"), service.url, tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.stderr == ""
    rows = json.loads(done.stdout)
    assert sorted(row["photo"] for row in rows) == sorted(photos)
    assert {row["label"] for row in rows} == {"coat"}


def test_a_photo_whose_client_has_left_is_not_looked_at(
    service: Server, client: httpx.Client
) -> None:
    for _ in range(50):
        with connected(service) as phone:
            phone.sendall(HEADERS + BODY)

    assert camera(client, PHOTO).json()["label"] == "coat"
    assert "Traceback" not in service.log


def test_eight_photos_of_fifty_megapixels_at_once_need_less_than_a_gigabyte(
    service: Server,
) -> None:
    image = Image.new("P", (8000, 6250))  # it is unpacked fast, and takes as much memory then
    image.putpalette((255, 0, 0))
    photo = base64_of(file_of(image, "PNG", bits=1))

    def send(_number: int) -> str:
        with service.client() as client:
            return camera(client, photo).text

    with ThreadPoolExecutor(8) as phones:
        answers = list(phones.map(send, range(8)))

    assert all("coat" in answer for answer in answers)
    assert peak_memory_of_worker(service) < 2**30


def peak_memory_of_worker(service: Server) -> int:
    """Give the largest memory that the worker has ever used, in bytes."""
    [worker] = psutil.Process(service.process.pid).children()
    status = Path(f"/proc/{worker.pid}/status").read_text()
    [peak] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(peak.split()[1])


@contextmanager
def connected(service: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as phone:
        yield phone


def read_all(phone: socket.socket) -> bytes:
    return b"".join(iter(lambda: phone.recv(4096), b""))


def test_an_invalid_setting_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    started = subprocess.run(
        [sys.executable, "-m", "bentoml", "serve", SERVICE],
        env=environment(tmp_path, engine="tensorrt") | {"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert started.returncode == 1
    assert started.stderr.startswith("the service cannot start: ")
    assert started.stderr.count("\n") == 1
