"""Backbones taught by cut-out garments, with real Ultralytics, small."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oott_assets.labels.drawn_data_set import draw_photos
from oott_assets.yolov8.garment_cutouts import cut_out
from oott_assets.yolov8.ultralytics_model import open_model
from oott_fashion.garments import GARMENT_NAMES
from tests.oott_assets.training.training_street import STARTER, TrainingStreet


def teach(file: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "oott_assets.training.backbone", str(file)]
    return subprocess.run(
        [*command, "--epochs", "1", "--image-side", "32"],
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_a_taught_backbone_is_a_detector_to_start_from(
    training_street: TrainingStreet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(STARTER))
    photos = draw_photos(tmp_path / "train", 6, "train")
    training_street.store.write_photos(
        "merged_data", [*photos, *draw_photos(tmp_path / "valid", 2, "valid")]
    )

    taught = teach(tmp_path / "taught.pt")

    assert taught.returncode == 0, taught.stderr[-2000:]
    assert "epoch 1 in" in taught.stderr
    model = open_model(tmp_path / "taught.pt")
    before = open_model(training_street.store.folder("backbone") / "published.pt")
    assert list(model.names.values()) == list(GARMENT_NAMES)
    numbers, old = model.model.state_dict(), before.model.state_dict()
    # Ultralytics saves half as many digits.
    moved = [name for name in numbers if not numbers[name].allclose(old[name], atol=0.02)]
    assert any(name.startswith("model.4.") for name in moved)
    assert not any(name.startswith("model.22.cv3") for name in moved)


@pytest.mark.usefixtures("training_street")
def test_without_data_it_says_what_to_materialise(tmp_path: Path) -> None:
    refused = teach(tmp_path / "taught.pt")

    assert refused.returncode == 1
    assert "backbone: merged_data was never materialised" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_garments_are_cut_out_into_folders_of_their_class(tmp_path: Path) -> None:
    photos = draw_photos(tmp_path / "photos", 2, "train")

    cut_out(photos, tmp_path / "cut")

    found = {file.parent.name for file in (tmp_path / "cut/train").glob("*/*.jpg")}
    expected = {
        f"{GARMENT_NAMES.index(label.garment):02}" for photo in photos for label in photo.labels
    }
    assert found == expected
    assert len(list((tmp_path / "cut/val").iterdir())) == len(GARMENT_NAMES)
