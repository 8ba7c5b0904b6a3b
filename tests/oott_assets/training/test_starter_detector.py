"""The starter detector's training, small: real Ultralytics, real export, no claim of quality."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from oott_assets.sources.drawn_photos import draw_photo, dress_up, jpeg_of
from oott_assets.training.starter_detector import yolo_lines
from oott_fashion.stores.model_store import PublishedDetector, read_card
from oott_fashion.vision.engines import open_engine


def train(tmp_path: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run the command for some seconds."""
    command = [sys.executable, "-m", "oott_assets.training.starter_detector"]
    return subprocess.run(
        [*command, "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), *options],
        env=os.environ | {"YOLO_CONFIG_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def main_data(tmp_path: Path) -> Path:
    """Give a YOLO data set of a few drawn photos."""
    rng = np.random.default_rng(0)
    for split in ("train", "valid"):
        for part in ("images", "labels"):
            (tmp_path / "main_data" / split / part).mkdir(parents=True)
        for index in range(4):
            photo = draw_photo(dress_up(rng), rng)
            folder = tmp_path / "main_data" / split
            (folder / "images" / f"{index}.jpg").write_bytes(jpeg_of(photo))
            (folder / "labels" / f"{index}.txt").write_text("\n".join(yolo_lines(photo)))
    return tmp_path / "main_data"


def test_training_leaves_a_detector_that_both_engines_run_and_a_card_that_fits_it(
    main_data: Path, tmp_path: Path
) -> None:
    options = ("--drawn", "8", "--hours", "0.001", "--image-side", "64")
    trained = train(tmp_path, "--main-data", str(main_data), *options)

    assert trained.returncode == 0, trained.stderr[-3000:]
    card = read_card(tmp_path / "out/card.json")
    published = PublishedDetector.verified(tmp_path / "out/detector.onnx", card)
    assert card.trained_on == (
        "main_data/train and 8 drawn photos, YOLOv8n from scratch at 64 px, 0.001 hours on cpu"
    )
    assert set(card.metrics) == {"main_data", "drawn"}
    assert card.parity < 0.1
    model_input = np.full((1, 3, 64, 64), 0.5, dtype=np.float32)
    deepsparse, onnxruntime = (
        open_engine(published.onnx, engine).head_of(model_input)
        for engine in ("deepsparse", "onnxruntime")
    )
    np.testing.assert_allclose(deepsparse, onnxruntime, atol=1e-2)


def test_a_data_set_without_labels_is_refused_in_one_sentence(
    main_data: Path, tmp_path: Path
) -> None:
    (main_data / "valid/labels").rename(main_data / "valid/gone")

    refused = train(tmp_path, "--main-data", str(main_data))

    assert refused.returncode == 1
    assert refused.stderr.strip().endswith(
        f"{main_data}/valid/labels is missing or empty; expected a YOLO data set with images and "
        "labels in train and valid"
    )
    assert "Traceback" not in refused.stderr
