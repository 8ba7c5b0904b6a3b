"""What the closet service answers when its database is away or too much is asked of it."""

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
from tests.oott_serving.asking import app_slice, batch, camera, photos_counted, sentence_in
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

PHOTO = base64_of(street_jpeg())
PASSWORD = "s3cret-of-the-closet"
AWAY = "the trend database cannot be used now; try again later"


@pytest.fixture(scope="module")
def late(mariadb: MariaDB) -> str:
    """Give the address of a database that was not made yet, nor was its user."""
    return mariadb.url("late", "closet", PASSWORD)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory, late: str) -> Iterator[Server]:
    """A service that takes one request at a time, and whose database is still to come."""
    folder = tmp_path_factory.mktemp("troubled")
    publish(ModelStore(folder / "home" / "models"), folder, "coat")
    with serving(folder, database_url=late, max_waiting_requests=1) as server:
        yield server


@pytest.fixture
def client(troubled: Server) -> Iterator[httpx.Client]:
    with troubled.client() as client:
        yield client


@contextmanager
def slow_upload(server: Server) -> Iterator[socket.socket]:
    """Send a request, once it has its place, but for the last byte."""
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


def test_without_its_database_photos_are_named_and_batches_wait(
    troubled: Server, client: httpx.Client, mariadb: MariaDB, late: str
) -> None:
    refused = batch(client, [PHOTO], "jeju")

    assert camera(client, PHOTO).json()["label"] == "coat"
    assert client.get("/readyz").status_code == 200
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert sentence_in(refused) == AWAY
    assert "refuses the user or the password" in troubled.log
    assert PASSWORD not in troubled.log
    assert "batches are answered 503" in troubled.log

    mariadb.execute(
        "CREATE DATABASE late",
        f"CREATE USER closet@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        "GRANT ALL ON late.* TO closet@'127.0.0.1'",
    )
    assert batch(client, [PHOTO], "jeju").text == '{"result":true}'
    assert photos_counted(late, app_slice("jeju", "seaside")) == 1


def test_a_database_that_comes_back_empty_is_made_anew(
    client: httpx.Client, mariadb: MariaDB, late: str
) -> None:
    batch(client, [PHOTO], "jeju")
    mariadb.execute("DROP DATABASE late", "CREATE DATABASE late")

    assert batch(client, [PHOTO], "jeju").status_code == 503
    assert batch(client, [PHOTO], "jeju").text == '{"result":true}'
    assert photos_counted(late, app_slice("jeju", "seaside")) == 1


@pytest.mark.parametrize("deleted", ["home", "home/trends.sqlite"])
def test_a_sqlite_file_that_was_deleted_is_made_anew_before_anything_is_counted(
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
        (f"mysql://ann:{PASSWORD}@127.0.0.1:1/prod?foo=1", "refuses an option of its address"),
        (f"mysql://ann:p@{PASSWORD}@127.0.0.1:1/prod", "write any other"),
    ],
    ids=["option", "at sign"],
)
def test_an_address_that_cannot_be_used_is_explained_in_the_log_alone(
    tmp_path: Path, address: str, logged: str
) -> None:
    publish(ModelStore(tmp_path / "home" / "models"), tmp_path, "coat")
    with serving(tmp_path, database_url=address) as server, server.client() as client:
        refused = batch(client, [PHOTO], "jeju")

        assert (refused.status_code, sentence_in(refused)) == (503, AWAY)
        assert logged in server.log
        assert PASSWORD not in server.log
        assert "Traceback" not in server.log


def test_full_uploads_are_bounded_by_their_bytes(tmp_path: Path) -> None:
    most = len(json.dumps({"base64_image": PHOTO}))
    publish(ModelStore(tmp_path / "home" / "models"), tmp_path, "coat")
    with serving(tmp_path, max_body_bytes=most) as server, server.client() as client:
        with ExitStack() as uploads:
            phones = [uploads.enter_context(slow_upload(server)) for _ in range(8)]
            refused = camera(client, PHOTO)

            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert "try again" in sentence_in(refused)
            for phone in phones:
                phone.sendall(b"}")
            assert all(b'{"label":"coat"' in read_all(phone) for phone in phones)

        assert_soon_answered(client)


def test_more_than_may_wait_are_told_to_come_again(troubled: Server, client: httpx.Client) -> None:
    with slow_upload(troubled) as phone:
        refused = camera(client, PHOTO)

        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert "try again" in sentence_in(refused)
        for path in ("/ping", "/status", "/livez", "/readyz", "/metrics", "/docs.json"):
            assert client.get(path).status_code == 200

        phone.sendall(b"}")
        assert b'{"label":"coat"' in read_all(phone)
    assert camera(client, PHOTO).status_code == 200


def test_whoever_hangs_up_leaves_the_place_to_others(
    troubled: Server, client: httpx.Client
) -> None:
    with slow_upload(troubled):
        assert camera(client, PHOTO).status_code == 503

    assert_soon_answered(client)


def test_a_refused_request_leaves_the_place_to_others(client: httpx.Client) -> None:
    for photo in ("", "no base64", PHOTO[:400]):
        assert camera(client, photo).status_code == 400

    assert camera(client, PHOTO).status_code == 200


def read_all(phone: socket.socket) -> bytes:
    return b"".join(iter(lambda: phone.recv(4096), b""))


def assert_soon_answered(client: httpx.Client) -> None:
    for _ in range(50):
        if camera(client, PHOTO).status_code == 200:
            return
    pytest.fail("the place is still taken")


@pytest.mark.parametrize(
    ("setting", "value"), [("engine", "tensorrt"), ("destinations_file", "nowhere.yaml")]
)
def test_a_setting_that_cannot_be_used_ends_the_start_with_one_sentence(
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
