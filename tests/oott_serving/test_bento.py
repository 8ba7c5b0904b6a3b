"""Tests that a built bento contains everything it needs, and that its lock does too."""

import subprocess
import sys
from pathlib import Path

import pytest

from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine
from tests.locked_packages import without_other_packages
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import REPOSITORY, STARTER, end, environment, serving
from tests.oott_serving.service_client import (
    batch,
    camera,
    expected_answer,
)

JPEG = street_jpeg()
PHOTO = base64_of(JPEG)


def test_a_bento_serves_by_itself_with_the_packages_of_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    side = read_card(STARTER / "card.json").image_side
    detector = Detector(open_engine(STARTER / "detector.onnx", "onnxruntime"), side)
    _build(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(without_other_packages("service", tmp_path / "locked")))

    # With empty settings, the service takes the fastest engine and the bento's starter detector.
    with serving(tmp_path, "closet_service:latest", engine="", starter_detector="") as server:
        with server.client() as client:
            assert camera(client, PHOTO).json() == expected_answer(detector, JPEG)
            assert batch(client, [PHOTO], "jeju").text == '{"result":true}'
        assert end(server.process) == []
        assert server.process.returncode == 0
        assert read_card(STARTER / "card.json").version in server.log
        assert "is in service in deepsparse" in server.log
        assert "Tracking Payload" not in server.log


def _build(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "bentoml", "build"],
        env=environment(folder) | {"BENTOML_DO_NOT_TRACK": "True"},
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        timeout=120,
    )
