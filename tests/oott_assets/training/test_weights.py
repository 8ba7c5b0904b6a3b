"""Training that is stopped by a kill, a full disk or wrong settings, and how it resumes."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from oott_assets.training.labels.drawn_data_set import write_data_set
from oott_assets.training.yolov8.train_run import Epoch, TrainingFolder, train
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.model_store import ModelStore
from tests.oott_assets.training.starter_weights import starter_weights, untrained_weights
from tests.oott_assets.training.trained_until_killed import EPOCHS, PLAN
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_assets.trends_pipeline import failures
from tests.oott_serving.detectors import publish, publish_with_weights


def test_training_resumes_after_its_last_complete_epoch_after_a_kill_or_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path / "ultralytics"))
    program = [sys.executable, "-m", "tests.oott_assets.training.trained_until_killed"]
    with subprocess.Popen([*program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as trainer:
        assert trainer.stdout is not None
        next(line for line in trainer.stdout if line == "done: 2\n")
        time.sleep(0.2)  # the third epoch has started
        os.kill(trainer.pid, signal.SIGKILL)
    folder = TrainingFolder(tmp_path / "training")
    # Ultralytics writes in place, so a kill at that moment leaves a file like this.
    last = folder.run / "weights/last.pt"
    last.write_bytes(last.read_bytes()[:1000])
    pretend_another_machine_wrote(folder.folder / "kept/last.pt", tmp_path / "other-machine")

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


def pretend_another_machine_wrote(checkpoint: Path, folder: Path) -> None:
    """Make ``checkpoint`` look like one that a machine with eight GPUs wrote in ``folder``."""
    import torch

    kept = torch.load(checkpoint, weights_only=False)
    there = {"device": "7", "workers": 8, "cache": "disk", "save_dir": str(folder)}
    kept["train_args"].update(there)
    torch.save(kept, checkpoint)


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Limit the files of this process to ``size`` bytes, like a full disk."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_full_disk_at_the_last_step_raises_the_error_of_the_disk(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    best = folder.run / "weights/best.pt"
    best.parent.mkdir(parents=True)
    starter_weights(best)

    with files_limited_to(3_000_000), pytest.raises(OSError, match="File too large") as raised:
        folder.finish()

    assert raised.value.errno == errno.EFBIG
    assert best.is_file()


def test_a_finished_training_does_not_start_again(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    folder.weights.write_bytes(b"weights")

    train(PLAN, tmp_path / "no-data.yaml", folder, fail_at_an_epoch)

    assert folder.weights.read_bytes() == b"weights"


@pytest.fixture(scope="module")
def store_with_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training store of a pipeline that has read a small drawn data set."""
    folder = tmp_path_factory.mktemp("data")
    write_data_set(folder / "main-data", train=8, valid=2)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("OOTT_HOME", str(folder / "home"))
        monkeypatch.setenv("OOTT_MAIN_DATA", str(folder / "main-data"))
        pipeline = TrainingPipeline()
        assert pipeline.run("main_data").success
        return Path(pipeline.store.root)


@pytest.fixture
def pipeline_with_data(
    training_pipeline: TrainingPipeline, store_with_data: Path
) -> TrainingPipeline:
    shutil.copytree(store_with_data, training_pipeline.store.root)
    return training_pipeline


def test_the_error_of_a_full_disk_says_what_to_do(pipeline_with_data: TrainingPipeline) -> None:
    with files_limited_to(3_000_000):
        [message] = failures(pipeline_with_data.run("main_weights"))

    assert "training stopped: " in message
    assert "File too large" in message
    assert "free disk space for " in message
    assert message.endswith("to resume after epoch 0")


def test_another_disk_error_does_not_ask_to_free_disk_space(
    pipeline_with_data: TrainingPipeline,
) -> None:
    (Path(pipeline_with_data.store.root) / "trainings").touch()

    [message] = failures(pipeline_with_data.run("main_weights"))

    assert message.startswith("training stopped: ")
    assert "Not a directory" in message
    assert message.endswith("; fix that and materialise again to resume after epoch 0")


def test_a_photo_changed_since_it_was_labelled_stops_training(
    pipeline_with_data: TrainingPipeline, tmp_path: Path
) -> None:
    first, *others = pipeline_with_data.photos("main_data")
    changed = tmp_path / first.file.name
    changed.write_bytes(first.file.read_bytes() + b" ")
    pipeline_with_data.store.write_photos("main_data", [first._replace(file=changed), *others])

    [message] = failures(pipeline_with_data.run("main_weights"))

    assert "has changed since it was labelled; materialise main_data" in message


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("OOTT_TRAIN_DEVICE", "cuda:7", "OOTT_TRAIN_DEVICE is cuda:7, but torch finds"),
        ("OOTT_STARTING_WEIGHTS", "/no/such.pt", "OOTT_STARTING_WEIGHTS is /no/such.pt, which"),
        (
            "OOTT_STARTING_WEIGHTS",
            "README.md",
            "is README.md, which is not a complete PyTorch .pt file",
        ),
        ("OOTT_STARTING_WEIGHTS", "published", "the starter detector has no"),
    ],
)
def test_training_that_cannot_start_names_the_setting(
    pipeline_with_data: TrainingPipeline,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    expected: str,
) -> None:
    monkeypatch.setenv(setting, value)

    [message] = failures(pipeline_with_data.run("main_weights"))

    assert expected in message


def test_a_detector_published_without_weights_is_no_start_of_a_training(
    pipeline_with_data: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_STARTING_WEIGHTS", "published")
    store = ModelStore(read_settings(SharedSettings).model_store_root)
    version = publish(store, tmp_path, "coat").version

    [message] = failures(pipeline_with_data.run("main_weights"))

    assert message == (
        f"detector {version} was published without weights.pt, so training cannot start from it; "
        "set OOTT_STARTING_WEIGHTS to its .pt file, to pretrained, or to scratch"
    )


def test_damaged_published_weights_are_no_start_of_a_training(
    pipeline_with_data: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_STARTING_WEIGHTS", "published")
    store = ModelStore(read_settings(SharedSettings).model_store_root)
    published = publish_with_weights(store, tmp_path, untrained_weights(tmp_path / "n.pt"))
    weights = published.onnx.with_name("weights.pt")
    weights.write_bytes(b"half")

    [message] = failures(pipeline_with_data.run("main_weights"))

    assert message.startswith(f"{weights} is damaged: its sha256 is ")


def test_starting_weights_of_another_size_are_rejected(
    pipeline_with_data: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_STARTING_WEIGHTS", "published")
    monkeypatch.setenv("OOTT_MODEL_SIZE", "s")
    store = ModelStore(read_settings(SharedSettings).model_store_root)
    publish_with_weights(store, tmp_path, untrained_weights(tmp_path / "n.pt"))

    [message] = failures(pipeline_with_data.run("main_weights"))

    assert "is a YOLOv8 of size n for the task detect; expected size s for detect" in message
    assert message.endswith("change OOTT_MODEL_SIZE or OOTT_STARTING_WEIGHTS")


def test_starting_weights_that_ultralytics_did_not_write_are_rejected(
    pipeline_with_data: TrainingPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    torch.save({"model": "mine"}, tmp_path / "mine.pt")
    monkeypatch.setenv("OOTT_STARTING_WEIGHTS", str(tmp_path / "mine.pt"))

    [message] = failures(pipeline_with_data.run("main_weights"))

    assert message == (
        f"{tmp_path}/mine.pt is not a .pt file that Ultralytics wrote; expected a YOLOv8 "
        "detector; change OOTT_STARTING_WEIGHTS"
    )


def test_a_failed_download_of_ultralytics_weights_names_the_setting(
    pipeline_with_data: TrainingPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_STARTING_WEIGHTS", "pretrained")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    [message] = failures(pipeline_with_data.run("main_weights"))

    assert "cannot download yolov8n.pt" in message
    assert "OOTT_STARTING_WEIGHTS" in message
