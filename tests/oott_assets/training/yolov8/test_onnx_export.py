"""Tests ONNX exports by Ultralytics in real engines."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_assets.training.yolov8.onnx_export import (
    boxes_apart,
    confidences_apart,
    export_onnx,
    parity,
)
from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.onnx_file import WrongExport
from oott_fashion.vision.photos import Photo
from tests.oott_assets.training.starter_weights import STARTER, STARTER_SIDE, starter_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return starter_weights(tmp_path_factory.mktemp("weights") / "starter.pt")


@pytest.fixture(scope="module")
def photos() -> list[Photo]:
    drawn = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        drawn.append(draw_photo(random_outfit(rng), rng).pixels)
    return drawn


def test_an_export_gives_the_boxes_of_its_weights(
    weights: Path, photos: list[Photo], tmp_path: Path
) -> None:
    export_onnx(weights, 160, tmp_path / "detector.onnx")

    served = open_engine(tmp_path / "detector.onnx", "deepsparse")
    found = parity(weights, served, photos, 160)

    assert found.engine == "deepsparse"
    assert found.pixels_apart < 0.1
    assert found.confidences_apart < 0.001
    assert [file.name for file in tmp_path.iterdir()] == ["detector.onnx"]


def test_an_export_does_not_contain_the_path_of_its_training_data(
    weights: Path, tmp_path: Path
) -> None:
    import torch

    trained = torch.load(weights, weights_only=False)
    trained["train_args"]["data"] = "/home/someone/private/data.yaml"
    trained["model"].args = trained["train_args"]
    torch.save(trained, tmp_path / "trained.pt")

    export_onnx(tmp_path / "trained.pt", 64, tmp_path / "detector.onnx")

    assert b"someone" not in (tmp_path / "detector.onnx").read_bytes()


def test_the_parity_shows_that_an_export_has_other_weights(
    weights: Path, photos: list[Photo], tmp_path: Path
) -> None:
    import torch

    other = torch.load(weights, weights_only=False)
    with torch.no_grad():
        for branch in other["model"].model[-1].cv2:
            branch[-1].bias[::16] += 5
    torch.save(other, tmp_path / "other.pt")
    export_onnx(tmp_path / "other.pt", 320, tmp_path / "detector.onnx")

    served = open_engine(tmp_path / "detector.onnx", "onnxruntime")
    assert parity(weights, served, photos, 320).pixels_apart > 0.5


def head(confidences: list[float]) -> NDArray[np.float32]:
    """Make a detector output with one box per confidence, all at the same place."""
    boxes = np.full((4, len(confidences)), 32.0)
    return np.concatenate([boxes, [confidences]])[None].astype(np.float32)


def test_a_box_that_is_confident_only_in_the_export_counts_as_a_difference() -> None:
    assert confidences_apart(head([0.9, 0.0]), head([0.9, 0.8])) == pytest.approx(0.8)
    assert confidences_apart(head([0.9]), head([0.9])) == 0


def test_only_confident_boxes_are_compared() -> None:
    moved = head([0.9, 0.05])
    moved[0, 0, 1] += 10

    assert boxes_apart(head([0.9, 0.05]), moved) == 0
    assert boxes_apart(head([0.9, 0.5]), moved) == 10
    assert boxes_apart(head([]), head([])) == confidences_apart(head([]), head([])) == 0


@pytest.mark.parametrize("row", [0, 4], ids=["box", "confidence"])
@pytest.mark.parametrize("which", ["weights", "export"])
def test_a_nan_does_not_count_as_no_difference(row: int, which: str) -> None:
    whole, broken = head([0.9, 0.5]), head([0.9, 0.5])
    broken[0, row, 0] = np.nan

    pair = (broken, whole) if which == "weights" else (whole, broken)

    assert np.isnan(boxes_apart(*pair))
    assert bool(np.isnan(confidences_apart(*pair))) is (row == 4)


def test_a_nan_on_one_photo_makes_the_parity_nan(
    weights: Path, photos: list[Photo], monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = iter([0.5, float("nan"), 0.1])
    monkeypatch.setattr(
        "oott_assets.training.yolov8.onnx_export.boxes_apart", lambda *_: next(apart)
    )

    served = open_engine(STARTER / "detector.onnx", "onnxruntime")
    assert np.isnan(parity(weights, served, photos, STARTER_SIDE).pixels_apart)


def test_weights_of_other_garments_are_not_exported(tmp_path: Path) -> None:
    model = open_model("yolov8n.yaml")
    model.save(tmp_path / "coco.pt")

    with pytest.raises(WrongExport, match=r"expected float32 \[1, 28, boxes\]"):
        export_onnx(tmp_path / "coco.pt", 64, tmp_path / "detector.onnx")

    assert not (tmp_path / "detector.onnx").exists()
