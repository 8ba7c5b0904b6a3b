"""Tests int8 quantisation, and the choice of the variant."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_assets.training.yolov8.faster_variants import (
    Variant,
    fastest_variant,
    median_milliseconds,
    quantise_to_int8,
)
from oott_assets.training.yolov8.onnx_export import export_onnx
from oott_fashion.vision.detector import Thresholds
from oott_fashion.vision.engines import Engine, EngineChoice, open_engine
from oott_fashion.vision.letterbox import letterbox
from tests.oott_assets.training.starter_weights import starter_weights

SIDE = 160
ENGINES: tuple[EngineChoice, ...] = ("deepsparse", "openvino", "onnxruntime")
MIN_CONFIDENCE = Thresholds().confidence
DENSE = Variant("dense", 10.0, 0.4)


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dense")
    export_onnx(starter_weights(folder / "starter.pt"), SIDE, folder / "dense.onnx")
    return folder / "dense.onnx"


@pytest.fixture(scope="module")
def inputs() -> list[NDArray[np.float32]]:
    letterboxed = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        letterboxed.append(letterbox(draw_photo(random_outfit(rng), rng).pixels, SIDE)[0][None])
    return letterboxed


@pytest.fixture(scope="module")
def int8(dense: Path, inputs: list[NDArray[np.float32]]) -> dict[EngineChoice, Engine]:
    """Quantise the starter detector, and open it in each engine."""
    file = dense.with_name("int8.onnx")
    quantise_to_int8(dense, inputs, file)
    return {name: open_engine(file, name) for name in ENGINES}


@pytest.mark.parametrize("name", ENGINES)
def test_an_int8_detector_has_nearly_the_same_confidences(
    dense: Path,
    inputs: list[NDArray[np.float32]],
    int8: dict[EngineChoice, Engine],
    name: EngineChoice,
) -> None:
    before, after = open_engine(dense, "onnxruntime"), int8[name]

    for model_input in inputs:
        expected, found = before.head_of(model_input), after.head_of(model_input)
        most_confident = int(expected[0, 4:].max(axis=0).argmax())
        assert expected[0, 4:, most_confident].argmax() == found[0, 4:, most_confident].argmax()
        assert np.abs(expected[0, 4:] - found[0, 4:]).mean() < 0.01


@pytest.mark.usefixtures("int8")
def test_an_int8_detector_is_smaller(dense: Path) -> None:
    assert dense.with_name("int8.onnx").stat().st_size < dense.stat().st_size / 3


def test_an_int8_detector_finds_the_same_garments_in_each_engine(
    inputs: list[NDArray[np.float32]], int8: dict[EngineChoice, Engine]
) -> None:
    deepsparse, *others = int8.values()

    for model_input in inputs:
        expected = deepsparse.head_of(model_input)[0]
        for engine in others:
            found = engine.head_of(model_input)[0]
            # The most confident box of each garment that the service would show.
            for garment in np.flatnonzero(expected[4:].max(axis=1) > MIN_CONFIDENCE):
                box = int(expected[4 + garment].argmax())
                assert abs(found[4 + garment, box] - expected[4 + garment, box]) < 0.15
                assert np.abs(found[:4, box] - expected[:4, box]).max() < 0.05 * SIDE


def test_each_variant_is_timed(dense: Path, inputs: list[NDArray[np.float32]]) -> None:
    times = median_milliseconds([open_engine(dense)] * 2, inputs[0], rounds=5)

    assert len(times) == 2
    assert min(times) > 0


@pytest.mark.parametrize(
    ("variants", "chosen"),
    [
        ([], "dense"),
        ([Variant("int8", 5.0, 0.395)], "int8"),
        ([Variant("exactly", 5.0, 0.39)], "exactly"),
        ([Variant("loses more", 5.0, 0.389)], "dense"),
        ([Variant("no faster", 9.8, 0.4)], "dense"),
        ([Variant("just faster", 9.7, 0.4)], "just faster"),
        ([Variant("fast", 6.0, 0.4), Variant("faster", 5.0, 0.395)], "faster"),
    ],
)
def test_the_fastest_variant_that_loses_at_most_a_hundredth_is_chosen(
    variants: list[Variant], chosen: str
) -> None:
    assert fastest_variant(DENSE, variants).name == chosen
