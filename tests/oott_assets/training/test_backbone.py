"""Backbones trained on cut-out garments, with real Ultralytics on a small scale."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from oott_assets.training import backbone
from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.yolov8.garment_cutouts import cut_out
from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_assets.training.yolov8.train_run import (
    Epoch,
    TrainingFolder,
    TrainingPlan,
    WrongModelSize,
)
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.settings import read_settings
from tests.oott_assets.training.training_pipeline import STARTER, TrainingPipeline


def run_backbone(file: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "oott_assets.training.backbone", str(file)]
    return subprocess.run(
        [*command, "--epochs", "1", "--image-side", "32"],
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_the_result_is_a_detector_that_training_can_start_from(
    training_pipeline: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(STARTER))
    photos = draw_photos(tmp_path / "train", 6, "train")
    training_pipeline.store.write_photos(
        "merged_data", [*photos, *draw_photos(tmp_path / "valid", 2, "valid")]
    )

    ended = run_backbone(tmp_path / "trained.pt")

    assert ended.returncode == 0, ended.stderr[-2000:]
    assert "epoch 1 in" in ended.stderr
    model = open_model(tmp_path / "trained.pt")
    [kept] = training_pipeline.store.folder("backbones").iterdir()
    before = open_model(kept / "published.pt")
    assert list(model.names.values()) == list(GARMENT_NAMES)
    new, old = model.model.state_dict(), before.model.state_dict()
    # Ultralytics saves weights in half precision.
    moved = [name for name in new if not new[name].allclose(old[name], atol=0.02)]
    assert any(name.startswith("model.4.") for name in moved)
    assert not any(name.startswith("model.22.cv3") for name in moved)


@pytest.mark.usefixtures("training_pipeline")
def test_without_data_the_error_names_the_asset_to_materialise(tmp_path: Path) -> None:
    ended = run_backbone(tmp_path / "trained.pt")

    assert ended.returncode == 1
    assert "backbone: merged_data was never materialised" in ended.stderr
    assert "Traceback" not in ended.stderr


class InstantTraining:
    """Replaces the training: copies the starting weights, and records the folders."""

    def __init__(self) -> None:
        self.folders: list[Path] = []

    def __call__(
        self,
        plan: TrainingPlan,
        _data: Path,
        folder: TrainingFolder,
        _report: Callable[[Epoch], None],
    ) -> None:
        assert plan.starting_weights is not None
        shutil.copy(plan.starting_weights, folder.weights)
        self.folders.append(folder.folder)


@pytest.fixture
def merged(
    training_pipeline: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> TrainingPipeline:
    """A pipeline with three photos in merged_data, and a starter detector."""
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(STARTER))
    training_pipeline.store.write_photos("merged_data", draw_photos(tmp_path / "train", 3, "train"))
    return training_pipeline


def test_a_backbone_is_used_again_only_for_the_same_photos_and_settings(
    merged: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = InstantTraining()
    monkeypatch.setattr(backbone, "train", training)
    settings = read_settings(TrainingSettings)

    for _ in range(2):
        backbone.train_backbone(settings, tmp_path / "trained.pt", image_side=32, epochs=1)
    assert len(training.folders) == 1

    backbone.train_backbone(settings, tmp_path / "trained.pt", image_side=32, epochs=2)
    backbone.train_backbone(settings, tmp_path / "trained.pt", image_side=64, epochs=2)
    merged.store.write_photos("merged_data", merged.photos("merged_data")[:2])
    backbone.train_backbone(settings, tmp_path / "trained.pt", image_side=64, epochs=2)
    assert len(set(training.folders)) == 4


def test_two_runs_for_the_same_backbone_wait_for_each_other(
    merged: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = threading.Event()

    class TrainingDuringWhichAnotherStarts(InstantTraining):
        """Starts another thread that takes the lock of the folder during the training."""

        def __call__(
            self,
            plan: TrainingPlan,
            data: Path,
            folder: TrainingFolder,
            report: Callable[[Epoch], None],
        ) -> None:
            def take_the_lock() -> None:
                with merged.store.blobs.exclusive_lock(f"backbones/{folder.folder.name}"):
                    locked.set()

            threading.Thread(target=take_the_lock, daemon=True).start()
            assert not locked.wait(0.3)
            super().__call__(plan, data, folder, report)

    monkeypatch.setattr(backbone, "train", TrainingDuringWhichAnotherStarts())

    settings = read_settings(TrainingSettings)
    backbone.train_backbone(settings, tmp_path / "trained.pt", image_side=32, epochs=1)

    assert locked.wait(60)


@pytest.mark.usefixtures("merged")
@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("OOTT_TRAIN_DEVICE", "cuda:7", "backbone: OOTT_TRAIN_DEVICE is cuda:7, but torch finds"),
        ("OOTT_MODEL_SIZE", "s", "backbone: detector.onnx has a different model.0.conv.weight"),
    ],
)
def test_settings_that_cannot_work_end_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(setting, value)

    assert exit_message(tmp_path / "trained.pt", monkeypatch).startswith(expected)


@pytest.mark.usefixtures("merged")
def test_weights_of_another_size_end_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reject(*_: object) -> None:
        raise WrongModelSize("published.pt is a YOLOv8 of size s; expected n")

    monkeypatch.setattr(backbone, "train", reject)

    assert exit_message(tmp_path / "trained.pt", monkeypatch) == (
        "backbone: published.pt is a YOLOv8 of size s; expected n"
    )


def test_a_missing_photo_ends_with_one_line(
    merged: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged.photos("merged_data")[0].file.unlink()

    assert "00000.jpg cannot be read (No such file or directory)" in exit_message(
        tmp_path / "trained.pt", monkeypatch
    )


def exit_message(file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the command in this process, and return its exit message."""
    monkeypatch.setattr(sys, "argv", ["backbone", str(file), "--epochs", "1"])
    with pytest.raises(SystemExit) as ended:
        backbone.main()
    return str(ended.value)


def test_garments_are_cut_out_into_the_folder_of_their_class(tmp_path: Path) -> None:
    photos = draw_photos(tmp_path / "photos", 2, "train")

    cut_out(photos, tmp_path / "cut")

    found = {file.parent.name for file in (tmp_path / "cut/train").glob("*/*.jpg")}
    expected = {
        f"{GARMENT_NAMES.index(label.garment):02}" for photo in photos for label in photo.labels
    }
    assert found == expected
    assert len(list((tmp_path / "cut/val").iterdir())) == len(GARMENT_NAMES)
