"""The errors that stop champion and garment_onnx: outdated comparisons, and missing parts."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from oott_assets.training.champion import CHAMPION
from oott_assets.training.weights import weights_blob
from oott_assets.training.yolov8.onnx_export import Parity
from tests.oott_assets.training.compared_pipeline import ComparedPipeline
from tests.oott_assets.training.starter_weights import STARTER
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_assets.trends_pipeline import failures
from tests.starters import SMALL_STARTER


@pytest.fixture
def compared(training_pipeline: TrainingPipeline, tmp_path: Path) -> ComparedPipeline:
    assert training_pipeline
    return ComparedPipeline(tmp_path)


@pytest.fixture
def published_starter(training_pipeline: TrainingPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the starter detector, which counts as published where nothing else is."""
    assert training_pipeline
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(SMALL_STARTER))


@pytest.fixture
def no_deepsparse(training_pipeline: TrainingPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose the engine DeepSparse, which is not installed."""
    assert training_pipeline
    monkeypatch.setenv("OOTT_ENGINE", "deepsparse")
    monkeypatch.setitem(sys.modules, "deepsparse", None)


def with_other_valid_photos(pipeline: ComparedPipeline) -> None:
    pipeline.store.write_photos("main_data", pipeline.main_data[:-1])


def with_other_boxes(pipeline: ComparedPipeline) -> None:
    photo = pipeline.main_data[-1]
    changed = [*pipeline.main_data[:-1], photo._replace(labels=photo.labels[1:])]
    pipeline.store.write_photos("main_data", changed)


def without_closet_photos(pipeline: ComparedPipeline) -> None:
    pipeline.store.write_closet([])


def with_a_closet_folder_renamed(pipeline: ComparedPipeline) -> None:
    photo = pipeline.closet_photo
    pipeline.store.write_closet([photo._replace(file=photo.file.parents[1] / "coat/0.jpg")])


@pytest.mark.parametrize(
    "change",
    [
        with_other_valid_photos,
        with_other_boxes,
        without_closet_photos,
        with_a_closet_folder_renamed,
    ],
)
def test_a_champion_measured_on_other_photos_is_not_published(
    compared: ComparedPipeline, change: Callable[[ComparedPipeline], None]
) -> None:
    change(compared)

    [message] = failures(compared.run("garment_onnx"))

    assert message.startswith("main_data or the held-out closet photos have changed")
    assert message.endswith("materialise champion again")


@pytest.mark.parametrize("candidate", ["main", "merged"])
def test_candidates_trained_on_other_photos_are_not_compared(
    compared: ComparedPipeline, candidate: str
) -> None:
    compared.write_record(weights_blob(candidate), compared.trained(compared.main_data[1:]))

    [message] = failures(compared.run("champion"))

    assert message.startswith(f"{candidate}_weights were trained on another {candidate}_data than")
    assert message.endswith(f"materialise {candidate}_weights again")


def test_merged_data_with_an_older_main_data_is_not_compared(compared: ComparedPipeline) -> None:
    with_other_valid_photos(compared)
    compared.write_record(weights_blob("main"), compared.trained(compared.main_data[:-1]))

    [message] = failures(compared.run("champion"))

    assert message.startswith("merged_data was made from another main_data than there is now")


@pytest.mark.parametrize("asset", ["champion", "garment_onnx"])
@pytest.mark.parametrize("content", [None, b"other weights"], ids=["missing", "changed"])
def test_missing_or_changed_weights_are_rejected(
    compared: ComparedPipeline, asset: str, content: bytes | None
) -> None:
    compared.weights.unlink()
    if content is not None:
        compared.weights.write_bytes(content)

    [message] = failures(compared.run(asset))

    assert message.startswith(f"{compared.weights} no longer holds the weights that were trained")


def test_a_record_of_an_older_oott_asks_for_its_asset_again(compared: ComparedPipeline) -> None:
    compared.store.blobs.write(CHAMPION, b'{"winner": "main"}')

    [message] = failures(compared.run("garment_onnx"))

    assert "champion.json is not the JSON that champion writes now" in message
    assert message.endswith("materialise champion again")


@pytest.mark.usefixtures("published_starter", "no_deepsparse")
def test_champion_says_that_the_chosen_engine_is_missing(compared: ComparedPipeline) -> None:
    [message] = failures(compared.run("champion"))

    assert message.startswith("DeepSparse is not installed here")


@pytest.mark.usefixtures("no_deepsparse")
def test_garment_onnx_says_that_the_chosen_engine_is_missing(compared: ComparedPipeline) -> None:
    [message] = failures(compared.run("garment_onnx"))

    assert message.startswith("DeepSparse is not installed here")


@pytest.mark.usefixtures("published_starter")
@pytest.mark.parametrize("which", ["main_data", "closet"])
def test_a_photo_missing_since_it_was_labelled_is_named(
    compared: ComparedPipeline, which: str
) -> None:
    missing = compared.closet_photo.file if which == "closet" else compared.main_data[-1].file
    missing.unlink()

    [message] = failures(compared.run("champion"))

    assert message.startswith(f"{missing} cannot be read (No such file or directory)")


@pytest.mark.parametrize(
    "agreement",
    [
        Parity(1.01, 0.0, "deepsparse"),
        Parity(0.0, 0.0051, "deepsparse"),
        Parity(float("nan"), 0.0, "deepsparse"),
        Parity(0.0, float("nan"), "deepsparse"),
    ],
    ids=["boxes", "confidences", "boxes with NaN", "confidences with NaN"],
)
def test_an_export_that_disagrees_with_its_weights_is_not_published(
    compared: ComparedPipeline, agreement: Parity, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "oott_assets.training.served_variant"
    starter = STARTER / "detector.onnx"
    monkeypatch.setattr(f"{module}.export_onnx", lambda *to: shutil.copy(starter, to[2]))
    monkeypatch.setattr(f"{module}.parity", lambda *_: agreement)

    [message] = failures(compared.run("garment_onnx"))

    assert message.startswith("the boxes of the export differ from those of its weights by up to ")
    assert message.endswith("so the export is wrong")
