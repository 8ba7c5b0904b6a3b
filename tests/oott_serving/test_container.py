"""Tests what deploy/Dockerfile runs: its packages, its user, a killed worker, and its end."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from oott_fashion.stores.model_store import ModelStore
from tests.oott_serving.detectors import publish
from tests.oott_serving.image import Container, container, in_image, read_image
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import REPOSITORY
from tests.oott_serving.service_client import app_slice, batch, camera, photos_counted
from tests.oott_serving.steady_clients import steady_clients

PHOTO = base64_of(street_jpeg())
BATCH = [base64_of(street_jpeg(seed)) for seed in range(100, 130)]
COAT = '{"label":"coat","color":"'

CLIENTS = 8
MAX_SECONDS_TO_REPLACE = 30  # it takes 4 to 6 on an idle machine


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """The image with two workers and a fast detector; it sees only the packages of its lock."""
    folder = tmp_path_factory.mktemp("store")
    publish(ModelStore(folder / "models"), folder, "coat")
    settings = {"OOTT_WORKERS": "2", "OOTT_ENGINE": "onnxruntime", "OOTT_DRAIN_SECONDS": "2"}
    with container(settings, folder / "models") as running:
        wait_for_workers(running, 2)
        yield running


def wait_for_workers(running: Container, started: int) -> None:
    """Wait until ``started`` workers have started since the beginning."""
    deadline = time.monotonic() + MAX_SECONDS_TO_REPLACE
    while running.server.log.count("Service closet_service initialized") < started:
        assert time.monotonic() < deadline, running.server.log[-3000:]
        time.sleep(0.05)


def test_the_image_is_healthy_and_not_root(running: Container) -> None:
    main = psutil.Process(running.server.process.pid)

    assert running.is_healthy()
    assert running.image.user != 0
    users = {process.uids().real for process in (main, *main.children())}
    assert len(users) == 1
    assert 0 not in users or not running.changed_user


def test_the_service_writes_only_to_its_volume_and_to_tmp(running: Container) -> None:
    with running.server.client() as client:
        assert batch(client, [PHOTO], "jeju").text == '{"result":true}'

    assert {path.name for path in running.root.iterdir()} == {"app", "data", "tmp", "log", "locked"}
    assert {path.name for path in in_image(running.root, "/data").iterdir()} >= {"trends.sqlite"}
    app = in_image(running.root, "/app")
    assert {path.name for path in app.iterdir()} == {"oott_fashion", "oott_serving", "models"}


def test_images_get_only_what_the_dockerfiles_copy() -> None:
    everything, *allowed = [
        line
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]

    assert everything == "*"
    files = {*read_image().files, *read_image("pipeline.Dockerfile").files}
    sources = {*files, "requirements/service.txt", "requirements/base.txt"}
    assert {line.removeprefix("!") for line in allowed if line.startswith("!")} == sources


def test_a_killed_worker_loses_only_its_requests_and_is_replaced(running: Container) -> None:
    slice_ = app_slice("gapyeong", "seaside")
    server = running.server
    with steady_clients(server, PHOTO, CLIENTS) as outcomes, ThreadPoolExecutor(1) as app:
        with server.client() as client:
            whole_batch = app.submit(batch, client, BATCH, "gapyeong", "key")
            time.sleep(0.3)
            worker, _ = psutil.Process(server.process.pid).children()
            worker.kill()
            wait_for_workers(running, 3)
            if whole_batch.exception() is not None:
                assert isinstance(whole_batch.exception(), httpx.HTTPError)
        with server.client() as client:
            assert batch(client, BATCH, "gapyeong", "key").text == '{"result":true}'
            assert batch(client, BATCH, "gapyeong", "key").text == '{"result":true}'

    lost = [outcome for outcome in outcomes if outcome.startswith("lost")]
    assert sum(outcomes.pop(outcome) for outcome in lost) <= CLIENTS
    assert all(outcome.startswith("200 " + COAT) for outcome in outcomes)
    assert photos_counted(server.database_url, slice_) == len(BATCH)


def test_sigterm_ends_readiness_first_and_no_request_is_lost(running: Container) -> None:
    server = running.server
    with (
        steady_clients(server, PHOTO, CLIENTS) as outcomes,
        ThreadPoolExecutor(1) as app,
        server.client() as client,
        socket.create_connection(("127.0.0.1", server.port)),  # it never sends anything
    ):
        whole_batch = app.submit(batch, client, BATCH, "haeundae")
        server.process.send_signal(signal.SIGTERM)
        while httpx.get(f"{server.url}/readyz").status_code == 200:
            time.sleep(0.01)
        # The workers receive the signal a few milliseconds after each other.
        while (answer := camera(client, PHOTO)).headers.get("connection") != "close":
            assert answer.text.startswith(COAT)
        assert httpx.get(f"{server.url}/readyz").status_code == 503
        assert whole_batch.result().text == '{"result":true}'
        assert server.process.wait(20) == 0

    assert outcomes.pop("refused") == CLIENTS
    assert [outcome for outcome in outcomes if not outcome.startswith("200 " + COAT)] == []
    assert photos_counted(server.database_url, app_slice("haeundae", "seaside")) == len(BATCH)
