"""Publishing a version, and going back to an earlier one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from oott_assets.training.labels.drawn_data_set import draw_photos
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.model_store import ModelStore
from tests.oott_assets.training.starter_weights import STARTER, starter_weights, untrained_weights
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_assets.training.versions.command_line import failing_versions, versions
from tests.oott_serving import bad_detectors
from tests.oott_serving.detectors import onnx_that_sees, publish, publish_with_weights


@pytest.fixture
def candidate(training_pipeline: TrainingPipeline, tmp_path: Path) -> PublishedDetector:
    """A candidate with weights, which is not published."""
    weights = tmp_path / "given.pt"
    weights.write_bytes(b"weights")
    made = publish_with_weights(ModelStore(tmp_path / "elsewhere"), tmp_path, weights)
    folder = training_pipeline.store.folder("candidates/kept")
    shutil.copytree(made.onnx.parent, folder, dirs_exist_ok=True)
    return PublishedDetector.in_folder(folder)


def test_a_candidate_is_published_with_its_weights(
    store: ModelStore, candidate: PublishedDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")

    printed = versions("publish", candidate.version)

    assert f"{candidate.version} is published, but not measured: there is no main_data" in printed
    assert store.latest().version == candidate.version
    weights = store.latest().verified_weights()
    assert weights is not None
    assert weights.read_bytes() == b"weights"
    assert [entry.by for entry in store.history()] == ["user ada"]


def test_a_user_without_a_name_is_recorded_by_number(
    store: ModelStore, candidate: PublishedDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # raises KeyError, as pwd does
    monkeypatch.setattr("os.getuid", lambda: 1000)

    versions("publish", candidate.version)

    assert store.history()[-1].by == "user 1000"


def test_a_version_can_be_copied_as_a_starter_detector(
    store: ModelStore, candidate: PublishedDetector, tmp_path: Path
) -> None:
    versions("publish", candidate.version, "--to", tmp_path / "starter")

    copied = PublishedDetector.in_folder(tmp_path / "starter")
    assert copied.verified_weights() == tmp_path / "starter/weights.pt"
    assert store.versions() == []


def test_a_damaged_candidate_is_not_published(
    store: ModelStore, candidate: PublishedDetector
) -> None:
    candidate.onnx.write_bytes(b"half")

    assert "is damaged: its sha256 is" in failing_versions("publish", "kept")
    assert store.versions() == []


def test_an_implausible_detector_is_neither_published_nor_made_current(
    store: ModelStore, training_pipeline: TrainingPipeline, tmp_path: Path
) -> None:
    candidates = training_pipeline.store.folder("candidates")
    elsewhere = tmp_path / "elsewhere"
    bad = bad_detectors.put(elsewhere, bad_detectors.NOT_A_NUMBER, tmp_path, minutes=1)
    made = elsewhere / "garment-detector" / bad
    shutil.copytree(made, candidates / bad)
    assert "its output has values that are not finite" in failing_versions("publish", bad)
    assert store.versions() == []

    shutil.copytree(made, Path(store.root) / "garment-detector" / bad)
    coat = publish(store, tmp_path, "coat")
    assert "its output has values that are not finite" in failing_versions("use", bad)
    assert store.latest() == coat


def test_a_detector_that_is_much_slower_is_not_published_for_any_reason(
    store: ModelStore,
    training_pipeline: TrainingPipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training_pipeline.store.write_photos("main_data", draw_photos(tmp_path / "drawn", 3, "valid"))
    coat = publish(store, tmp_path, "coat")
    limits: list[float] = []

    def no_time(in_place: float) -> float:
        limits.append(in_place)
        return -1

    monkeypatch.setattr("oott_assets.training.publication_gate.max_milliseconds", no_time)

    jeans = onnx_that_sees(tmp_path, "jeans")
    refused = failing_versions("publish", jeans, *OWN, "--anyway", "it is prettier")

    assert "ms of CPU time for a photo; compared with the published detector" in refused
    assert len(limits) == 1
    assert store.latest() == coat


def test_an_earlier_version_is_made_current_again(store: ModelStore, tmp_path: Path) -> None:
    coat = publish(store, tmp_path, "coat")
    publish(store, tmp_path, "jeans", minutes=1)

    printed = versions("use", coat.version[-8:], "--reason", "it missed coats")

    assert printed.startswith(f"{coat.version} is the current version now")
    assert store.latest().version == coat.version
    assert store.history()[-1].reason == "it missed coats"


def test_the_current_version_is_not_made_current_again(store: ModelStore, tmp_path: Path) -> None:
    version = publish(store, tmp_path, "coat").version

    assert versions("use", "current") == f"{version} is the current version already\n"
    assert len(store.history()) == 1


def test_a_published_version_is_made_current_by_another_command(
    store: ModelStore, tmp_path: Path
) -> None:
    version = publish(store, tmp_path, "coat").version

    assert "was published before; the command use makes" in failing_versions("publish", version)
    assert len(store.history()) == 1


def test_a_damaged_version_is_not_made_current(store: ModelStore, tmp_path: Path) -> None:
    coat = publish(store, tmp_path, "coat")
    jeans = publish(store, tmp_path, "jeans", minutes=1)
    coat.onnx.write_bytes(b"half")

    assert "detector.onnx is damaged" in failing_versions("use", coat.version)
    assert store.latest().version == jeans.version


def test_a_candidate_cannot_be_made_current_without_being_published(
    candidate: PublishedDetector,
) -> None:
    message = failing_versions("use", candidate.version)

    assert f"{candidate.version} was never published; publish it instead" in message


OWN = ("--trained-on", "my photos", "--licence", "MIT")


def test_an_onnx_file_of_a_person_becomes_the_current_version(
    store: ModelStore, tmp_path: Path
) -> None:
    mine = onnx_that_sees(tmp_path, "coat")

    printed = versions("publish", mine, *OWN)

    assert "is published, but not measured: there is no main_data" in printed
    published = store.latest()
    assert published.onnx.read_bytes() == mine.read_bytes()
    card = published.card
    assert (card.trained_on, card.licence, card.image_side) == ("my photos", "MIT", 64)
    assert (card.metrics, card.parity, card.weights_sha256) == ({}, None, None)
    assert "trained on my photos; licence MIT" in versions()


def test_a_detector_that_the_rules_are_against_is_published_only_for_a_stated_reason(
    store: ModelStore, training_pipeline: TrainingPipeline, tmp_path: Path
) -> None:
    photos = draw_photos(tmp_path / "drawn", 3, "valid")
    training_pipeline.store.write_photos("main_data", photos)

    refused = failing_versions("publish", STARTER / "detector.onnx", *OWN)

    assert "is kept as a candidate: 3 validation photos are too few to judge it" in refused
    assert refused.endswith("; to publish it anyway, say why: --anyway REASON\n")
    assert store.versions() == []
    [candidate] = Path(training_pipeline.store.root, "candidates").iterdir()
    assert "kept as a candidate: 3 validation photos are too few" in " ".join(versions().split())

    printed = versions("publish", candidate.name, "--anyway", "they are my only photos")

    assert "because they are my only photos" in printed
    assert store.history()[-1].reason == "they are my only photos"
    metrics = store.latest().card.metrics["main_data"]
    assert metrics["photos"] == 3
    assert metrics["mAP50"] > 0.3


def test_weights_of_a_person_are_exported_and_published_with_the_export(
    store: ModelStore, training_pipeline: TrainingPipeline, tmp_path: Path
) -> None:
    train, valid = (draw_photos(tmp_path / split, 3, split) for split in ("train", "valid"))
    training_pipeline.store.write_photos("main_data", [*train, *valid])
    mine = starter_weights(tmp_path / "mine.pt")

    versions("publish", mine, *OWN, "--image-side", 224, "--anyway", "a test")

    published = store.latest()
    assert published.card.image_side == 224
    assert published.card.metrics["main_data"]["photos"] == 3
    assert published.card.parity is not None
    assert published.card.parity < 0.1
    assert published.verified_weights() is not None


@pytest.mark.parametrize("options", [(), OWN[:2], OWN[2:]])
def test_a_file_needs_its_data_and_its_licence(options: tuple[str, ...], tmp_path: Path) -> None:
    message = failing_versions("publish", onnx_that_sees(tmp_path, "coat"), *options)

    assert "a file needs --trained-on TEXT and --licence TEXT" in message


def junk(folder: Path, suffix: str) -> Path:
    file = folder / f"junk{suffix}"
    file.write_bytes(b"junk")
    return file


def of_other_classes(file: Path) -> Path:
    from oott_assets.training.yolov8.quiet_ultralytics import open_model

    open_model("yolov8n.yaml").save(file)
    return file


def test_a_file_that_is_no_detector_is_not_published(store: ModelStore, tmp_path: Path) -> None:
    files = {
        tmp_path / "none.onnx": "No such file or directory",
        tmp_path / "none.pt": "is not a complete PyTorch .pt file",
        junk(tmp_path, ".onnx"): "is not an ONNX file",
        junk(tmp_path, ".pt"): "is not a complete PyTorch .pt file",
        of_other_classes(tmp_path / "coco.pt"): "expected a detector of OOTT's 24 garments",
        untrained_weights(tmp_path / "new.pt"): "finds no garment in 8 drawn people",
    }

    for file, message in files.items():
        assert message in failing_versions("publish", file, *OWN, "--image-side", 64), file
    assert store.versions() == []


def test_weights_that_would_run_a_program_are_not_opened(store: ModelStore, tmp_path: Path) -> None:
    import torch

    ran = tmp_path / "ran"
    torch.save({"model": RunsAProgram(ran)}, tmp_path / "evil.pt")

    # Ultralytics reads its settings when it is imported, and other tests import it without ours.
    command = [sys.executable, "-m", "oott_assets.training.versions", "publish"]
    ended = subprocess.run(
        [*command, str(tmp_path / "evil.pt"), *OWN], capture_output=True, text=True
    )

    assert ended.returncode == 1
    assert "is not a .pt file that Ultralytics wrote" in ended.stderr
    assert not ran.exists()
    assert store.versions() == []


class RunsAProgram:
    """An object whose pickle makes a file when it is opened."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self._file,)
