"""Training that is stopped: by a kill, a full disk, weights of another size; and what it keeps."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from oott_assets.training.labels.drawn_data_set import draw_photos, write_data_set
from oott_assets.training.labels.labelled_photos import LabelledPhoto
from oott_assets.training.weights import as_often_as_worth
from oott_assets.training.yolov8.starting_weights import weights_of_onnx
from oott_assets.training.yolov8.train_run import Epoch, TrainingFolder, train
from tests.oott_assets.street import failures
from tests.oott_assets.training.trained_until_killed import EPOCHS, PLAN
from tests.oott_assets.training.training_pipeline import STARTER, TrainingPipeline


def test_a_killed_training_goes_on_after_its_last_whole_epoch_and_so_does_one_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path / "ultralytics"))
    program = [sys.executable, "-m", "tests.oott_assets.training.trained_until_killed"]
    with subprocess.Popen([*program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as trainer:
        assert trainer.stdout is not None
        next(line for line in trainer.stdout if line == "done: 2\n")
        time.sleep(0.2)  # into the third
        os.kill(trainer.pid, signal.SIGKILL)
    folder = TrainingFolder(tmp_path / "training")
    # Ultralytics writes in place: this is what a kill at that moment leaves.
    last = folder.run / "weights/last.pt"
    last.write_bytes(last.read_bytes()[:1000])
    come_from_another_machine(folder.folder / "kept/last.pt", tmp_path / "other-machine")

    epochs: list[int] = []
    with ExitStack() as full_disk:

        def fill_the_disk_at_the_end(epoch: Epoch) -> None:
            epochs.append(epoch.number)
            if epoch.number == EPOCHS:
                full_disk.enter_context(files_limited_to(3_000_000))

        with pytest.raises(OSError, match="File too large"):
            train(PLAN, tmp_path / "data/data.yaml", folder, fill_the_disk_at_the_end)
    assert epochs == list(range(3, EPOCHS + 1))

    train(PLAN, tmp_path / "data/data.yaml", folder, fail_at_an_epoch)
    assert folder.weights.is_file()
    assert not (tmp_path / "other-machine").exists()


def fail_at_an_epoch(epoch: Epoch) -> None:
    pytest.fail(f"epoch {epoch.number} was trained again")


def come_from_another_machine(checkpoint: Path, folder: Path) -> None:
    """Make ``checkpoint`` one of a machine with eight GPUs, on which it lay in ``folder``."""
    import torch

    kept = torch.load(checkpoint, weights_only=False)
    there = {"device": "7", "workers": 8, "cache": "disk", "save_dir": str(folder)}
    kept["train_args"].update(there)
    torch.save(kept, checkpoint)


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let this process write no file beyond ``size`` bytes, as if the disk were full."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_disk_that_is_full_at_the_last_step_is_an_error_of_the_disk(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    best = folder.run / "weights/best.pt"
    best.parent.mkdir(parents=True)
    weights_of_onnx(STARTER / "detector.onnx", best)

    with files_limited_to(3_000_000), pytest.raises(OSError, match="File too large") as raised:
        folder.finish()

    assert raised.value.errno == errno.EFBIG
    assert best.is_file()


def test_a_finished_training_is_not_begun_again(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    folder.weights.write_bytes(b"weights")

    train(PLAN, tmp_path / "no-data.yaml", folder, fail_at_an_epoch)

    assert folder.weights.read_bytes() == b"weights"


@pytest.fixture
def pipeline_with_data(
    training_pipeline: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> TrainingPipeline:
    """Give a pipeline that has read a small drawn data set."""
    write_data_set(tmp_path / "main-data", train=8, valid=2)
    monkeypatch.setenv("OOTT_MAIN_DATA", str(tmp_path / "main-data"))
    assert training_pipeline.run("main_data").success
    return training_pipeline


@pytest.mark.usefixtures("pipeline_with_data")
def test_a_full_disk_is_said_in_a_sentence_that_tells_what_to_do() -> None:
    program = [sys.executable, "-m", "tests.oott_assets.training.on_a_full_disk"]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=200)

    [said] = [line for line in ended.stdout.split("\n") if line.startswith("failed: ")]
    assert "training stopped: " in said
    assert "File too large" in said
    assert "free the disk of " in said
    assert said.endswith("which goes on after epoch 0")


def test_what_is_no_matter_of_room_does_not_ask_to_free_the_disk(
    pipeline_with_data: TrainingPipeline,
) -> None:
    (Path(pipeline_with_data.store.root) / "trainings").touch()

    [said] = failures(pipeline_with_data.run("main_weights"))

    assert said.startswith("training stopped: ")
    assert "Not a directory" in said
    assert said.endswith("; mend that and materialise again, which goes on after epoch 0")


def test_a_photo_changed_since_it_was_labelled_stops_training(
    pipeline_with_data: TrainingPipeline,
) -> None:
    [first, *_] = pipeline_with_data.photos("main_data")
    first.file.write_bytes(first.file.read_bytes() + b" ")

    [said] = failures(pipeline_with_data.run("main_weights"))

    assert "has changed since it was labelled; materialise main_data" in said


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("OOTT_TRAIN_DEVICE", "cuda:7", "OOTT_TRAIN_DEVICE is cuda:7, and torch finds"),
        ("OOTT_STARTING_WEIGHTS", "/no/such.pt", "OOTT_STARTING_WEIGHTS is /no/such.pt, which"),
        ("OOTT_STARTING_WEIGHTS", "README.md", "is README.md, which is no whole .pt file"),
        ("OOTT_STARTING_WEIGHTS", "published", "nor is there a starter detector"),
    ],
)
def test_training_that_cannot_begin_names_the_setting(
    pipeline_with_data: TrainingPipeline,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(setting, value)

    [sentence] = failures(pipeline_with_data.run("main_weights"))

    assert said in sentence


def test_starting_weights_of_another_size_are_refused(
    pipeline_with_data: TrainingPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_STARTING_WEIGHTS", "published")
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(STARTER))
    monkeypatch.setenv("OOTT_MODEL_SIZE", "s")

    [said] = failures(pipeline_with_data.run("main_weights"))

    assert "set OOTT_STARTING_WEIGHTS to scratch or to a .pt file" in said


def test_ultralytics_weights_that_cannot_be_fetched_name_the_setting(
    pipeline_with_data: TrainingPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_STARTING_WEIGHTS", "pretrained")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    [said] = failures(pipeline_with_data.run("main_weights"))

    assert "cannot download yolov8n.pt" in said
    assert "OOTT_STARTING_WEIGHTS" in said


def test_photos_that_people_labelled_are_seen_twice_where_they_are_few(tmp_path: Path) -> None:
    drawn = draw_photos(tmp_path, 3, "train")
    of_people = as_if_by_people(drawn[0])

    assert as_often_as_worth([of_people, *drawn[1:]]).count(of_people) == 2
    assert as_often_as_worth([of_people, drawn[1]]).count(of_people) == 1
    assert as_often_as_worth([]) == []


def as_if_by_people(photo: LabelledPhoto) -> LabelledPhoto:
    labels = tuple(label._replace(origin="main_data") for label in photo.labels)
    return photo._replace(labels=labels)
