"""Tests the closet service without its database, and with too many requests."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from oott_fashion.stores.model_store import ModelStore
from tests.databases import MariaDB
from tests.oott_serving.detectors import publish
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import (
    REPOSITORY,
    SERVICE,
    STARTER,
    Server,
    environment,
    serving,
)
from tests.oott_serving.service_client import app_slice, batch, camera, error_in, photos_counted

PHOTO = base64_of(street_jpeg())
PASSWORD = "s3cret-of-the-closet"
AWAY = "the trend database cannot be used now; try again later"


@pytest.fixture(scope="module")
def late(mariadb: MariaDB) -> str:
    """Give the URL of a database that does not exist yet, and neither does its user."""
    return mariadb.url("late", "closet", PASSWORD)


@pytest.fixture(scope="module")
def overloaded(tmp_path_factory: pytest.TempPathFactory, late: str) -> Iterator[Server]:
    """A service that accepts one request at a time, and whose database does not exist yet."""
    folder = tmp_path_factory.mktemp("overloaded")
    publish(ModelStore(folder / "home" / "models"), folder, "coat")
    with serving(folder, database_url=late, max_waiting_requests=1) as server:
        yield server


@pytest.fixture
def client(overloaded: Server) -> Iterator[httpx.Client]:
    with overloaded.client() as client:
        yield client


@contextmanager
def slow_upload(server: Server) -> Iterator[socket.socket]:
    """Send a request up to its last byte, after the service has accepted it."""
    body = json.dumps({"base64_image": PHOTO}).encode()
    head = (
        "POST /predict/camera HTTP/1.1\r\nHost: closet\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nExpect: 100-continue\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as phone:
        phone.sendall(head.encode())
        assert phone.recv(100).startswith(b"HTTP/1.1 100 ")
        phone.sendall(body[:-1])
        yield phone


def test_without_a_database_camera_photos_are_answered_and_batches_get_503(
    overloaded: Server, client: httpx.Client, mariadb: MariaDB, late: str
) -> None:
    rejected = batch(client, [PHOTO], "jeju")

    assert camera(client, PHOTO).json()["label"] == "coat"
    assert client.get("/readyz").status_code == 200
    assert rejected.status_code == 503
    assert int(rejected.headers["retry-after"]) > 0
    assert error_in(rejected) == AWAY
    assert "refuses the user or the password" in overloaded.log
    assert PASSWORD not in overloaded.log
    assert "batches are answered 503" in overloaded.log

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


@pytest.mark.parametrize("deleted", ["home", "home/trends.sqlite"])
def test_a_deleted_sqlite_file_is_created_again_before_anything_is_counted(
    tmp_path: Path, deleted: str
) -> None:
    publish(ModelStore(tmp_path / "home" / "models"), tmp_path, "coat")
    with serving(tmp_path) as server, server.client() as client:
        assert batch(client, [PHOTO], "jeju").status_code == 200
        subprocess.run(["rm", "-rf", tmp_path / deleted], check=True)

        statuses = [batch(client, [PHOTO], "jeju").status_code for _ in range(3)]

        assert statuses in ([503, 200, 200], [200, 200, 200])
        counted = photos_counted(server.database_url, app_slice("jeju", "seaside"))
        assert counted == statuses.count(200)


@pytest.mark.parametrize(
    ("address", "logged"),
    [
        (f"mysql://ann:{PASSWORD}@127.0.0.1:1/prod?foo=1", "rejects an option in the address"),
        (f"mysql://ann:p@{PASSWORD}@127.0.0.1:1/prod", "write every other @"),
    ],
    ids=["option", "at sign"],
)
def test_an_unusable_database_url_is_explained_only_in_the_log(
    tmp_path: Path, address: str, logged: str
) -> None:
    publish(ModelStore(tmp_path / "home" / "models"), tmp_path, "coat")
    with serving(tmp_path, database_url=address) as server, server.client() as client:
        rejected = batch(client, [PHOTO], "jeju")

        assert (rejected.status_code, error_in(rejected)) == (503, AWAY)
        assert logged in server.log
        assert PASSWORD not in server.log
        assert "Traceback" not in server.log


def test_a_ninth_full_upload_at_the_same_time_gets_503(tmp_path: Path) -> None:
    max_body_bytes = len(json.dumps({"base64_image": PHOTO}))
    publish(ModelStore(tmp_path / "home" / "models"), tmp_path, "coat")
    with serving(tmp_path, max_body_bytes=max_body_bytes) as server, server.client() as client:
        with ExitStack() as uploads:
            phones = [uploads.enter_context(slow_upload(server)) for _ in range(8)]
            rejected = camera(client, PHOTO)

            assert rejected.status_code == 503
            assert int(rejected.headers["retry-after"]) > 0
            assert "try again" in error_in(rejected)
            for phone in phones:
                phone.sendall(b"}")
            assert all(b'{"label":"coat"' in read_all(phone) for phone in phones)

        assert_answered_soon(client)


def test_a_request_over_the_queue_limit_gets_503_and_health_checks_still_answer(
    overloaded: Server, client: httpx.Client
) -> None:
    with slow_upload(overloaded) as phone:
        rejected = camera(client, PHOTO)

        assert rejected.status_code == 503
        assert int(rejected.headers["retry-after"]) > 0
        assert "try again" in error_in(rejected)
        for path in ("/ping", "/status", "/livez", "/readyz", "/metrics", "/docs.json"):
            assert client.get(path).status_code == 200

        phone.sendall(b"}")
        assert b'{"label":"coat"' in read_all(phone)
    assert camera(client, PHOTO).status_code == 200


def test_a_closed_connection_frees_its_place_in_the_queue(
    overloaded: Server, client: httpx.Client
) -> None:
    with slow_upload(overloaded):
        assert camera(client, PHOTO).status_code == 503

    assert_answered_soon(client)


def test_a_rejected_request_frees_its_place_in_the_queue(client: httpx.Client) -> None:
    for photo in ("", "not base64", PHOTO[:400]):
        assert camera(client, photo).status_code == 400

    assert camera(client, PHOTO).status_code == 200


def read_all(phone: socket.socket) -> bytes:
    return b"".join(iter(lambda: phone.recv(4096), b""))


def assert_answered_soon(client: httpx.Client) -> None:
    for _ in range(50):
        if camera(client, PHOTO).status_code == 200:
            return
    pytest.fail("the place is still taken")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("engine", "tensorrt"), ("destinations_file", "nowhere.yaml"), ("workrs", "2")],
)
def test_an_invalid_setting_stops_the_start_with_one_sentence(
    tmp_path: Path, setting: str, value: str
) -> None:
    started = subprocess.run(
        [sys.executable, "-m", "bentoml", "serve", SERVICE],
        env=environment(tmp_path, **{setting: value}) | {"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert started.returncode == 1
    assert started.stderr.startswith("the service cannot start: ")
    assert started.stderr.count("\n") == 1


def test_the_service_starts_with_settings_of_the_pipeline_that_cannot_be_used(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, starter_detector=STARTER, photo_source="graph_api") as server:
        assert server.client().get("/readyz").status_code == 200
