"""The command that publishes a candidate by hand."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.model_store import ModelStore, read_card
from tests.oott_assets.training.starter_weights import STARTER
from tests.oott_assets.training.training_pipeline import TrainingPipeline


def publish(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "oott_assets.training.publish", *words]
    return subprocess.run(command, env=os.environ.copy(), capture_output=True, text=True)


@pytest.fixture
def candidate(training_pipeline: TrainingPipeline) -> Path:
    """A candidate that is not published."""
    folder = training_pipeline.store.folder("candidates/kept")
    for name in ("detector.onnx", "card.json"):
        shutil.copy(STARTER / name, folder / name)
    return folder


def test_candidates_are_listed_with_their_map50(candidate: Path) -> None:
    listed = publish()

    card = read_card(candidate / "card.json")
    assert card.version in listed.stderr
    assert f"mAP50 {card.metrics['main_data']['mAP50']:.3f}" in listed.stderr
    assert str(candidate) in listed.stderr


def test_a_candidate_is_published_by_its_version(candidate: Path) -> None:
    version = read_card(candidate / "card.json").version

    assert publish(version).returncode == 0

    assert ModelStore(read_settings(SharedSettings).model_store_root).latest().version == version


def test_an_earlier_detector_is_published_again_by_its_folder(candidate: Path) -> None:
    store = ModelStore(read_settings(SharedSettings).model_store_root)
    card = read_card(candidate / "card.json")
    later = card.model_copy(update={"created": card.created + timedelta(days=1)})
    for published in (card, later):
        store.publish(candidate / "detector.onnx", published, by="a test")

    assert publish(f"{store.root}/garment-detector/{card.version}").returncode == 0

    assert store.latest().version == card.version


def test_a_candidate_can_be_copied_as_a_starter_detector(candidate: Path, tmp_path: Path) -> None:
    assert publish(str(candidate), "--to", str(tmp_path / "starter")).returncode == 0

    for name in ("detector.onnx", "card.json"):
        assert (tmp_path / "starter" / name).read_bytes() == (candidate / name).read_bytes()


def test_a_damaged_candidate_is_not_published(candidate: Path) -> None:
    (candidate / "detector.onnx").write_bytes(b"half")

    ended = publish(str(candidate))

    assert ended.returncode == 1
    assert "is damaged: its sha256 is" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("training_pipeline")
def test_an_unknown_candidate_is_an_error() -> None:
    ended = publish("20200101T000000Z-00000000")

    assert ended.returncode == 1
    assert "cannot read 20200101T000000Z-00000000/card.json" in ended.stderr
