"""Tests that a built bento contains everything it needs and shuts down cleanly."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detector import Detector
from tests.oott_serving.photos import base64_of, file_of, street_image, street_jpeg
from tests.oott_serving.servers import REPOSITORY, STARTER, end, environment, serving
from tests.oott_serving.service_client import (
    app_slice,
    batch,
    camera,
    expected_answer,
    photos_counted,
)

JPEG = street_jpeg()
PHOTO = base64_of(JPEG)


def test_a_bento_serves_by_itself_and_finishes_its_batches_before_it_stops(
    tmp_path: Path, detector: Detector
) -> None:
    _build(tmp_path)

    # With empty settings, the service takes the fastest engine and the bento's starter detector.
    with serving(tmp_path, "closet_service:latest", engine="", starter_detector="") as server:
        with server.client() as client, ThreadPoolExecutor(1) as app:
            assert camera(client, PHOTO).json() == expected_answer(detector, JPEG)

            whole_batch = app.submit(batch, client, _photos(80), "jeju")
            time.sleep(0.3)
            assert not whole_batch.done()
            left = end(server.process)

            assert whole_batch.result().text == '{"result":true}'
        assert left == []
        assert server.process.returncode == 0
        assert photos_counted(server.database_url, app_slice("jeju", "seaside")) == 80
        assert read_card(STARTER / "card.json").version in server.log
        assert "is in service in deepsparse" in server.log
        assert "Tracking Payload" not in server.log


def _photos(count: int) -> list[str]:
    """Crop ``count`` different photos from one, because a photo that is sent again counts once."""
    photo = street_image()
    return [
        base64_of(file_of(photo.crop((0, 0, photo.width - number, photo.height)), "JPEG"))
        for number in range(count)
    ]


def _build(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "bentoml", "build"],
        env=environment(folder) | {"BENTOML_DO_NOT_TRACK": "True"},
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        timeout=120,
    )
