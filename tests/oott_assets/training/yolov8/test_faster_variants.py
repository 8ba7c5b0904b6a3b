"""Variants of a detector: what they compute, and which is served."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_assets.training.yolov8.faster_variants import (
    Variant,
    fastest_within,
    milliseconds_of,
    pruned,
    quantised_to_int8,
)
from oott_assets.training.yolov8.onnx_export import export_onnx
from oott_assets.training.yolov8.starting_weights import weights_of_onnx
from oott_fashion.vision.engines import EngineChoice, open_engine
from oott_fashion.vision.letterbox import letterbox

SIDE = 160
DENSE = Variant("dense", 10.0, 0.4)


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dense")
    weights = weights_of_onnx(Path("models/starter-detector/detector.onnx"), folder / "it.pt")
    export_onnx(weights, SIDE, folder / "dense.onnx")
    return folder / "dense.onnx"


@pytest.fixture(scope="module")
def inputs() -> list[NDArray[np.float32]]:
    made = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        made.append(letterbox(draw_photo(random_outfit(rng), rng).pixels, SIDE)[0][None])
    return made


@pytest.mark.parametrize("engine", ["deepsparse", "onnxruntime"])
def test_in_whole_numbers_a_detector_scores_nearly_as_before(
    dense: Path, inputs: list[NDArray[np.float32]], tmp_path: Path, engine: EngineChoice
) -> None:
    quantised_to_int8(dense, inputs, tmp_path / "int8.onnx")

    before, after = (open_engine(file, engine) for file in (dense, tmp_path / "int8.onnx"))
    for model_input in inputs:
        expected, found = before.head_of(model_input), after.head_of(model_input)
        surest = int(expected[0, 4:].max(axis=0).argmax())
        assert expected[0, 4:, surest].argmax() == found[0, 4:, surest].argmax()
        assert np.abs(expected[0, 4:] - found[0, 4:]).mean() < 0.01
    assert (tmp_path / "int8.onnx").stat().st_size < dense.stat().st_size / 3


def test_pruning_zeroes_that_share_of_the_weights(dense: Path, tmp_path: Path) -> None:
    pruned(dense, 0.8, tmp_path / "pruned.onnx")

    zeros = {
        tensor.name: float((onnx.numpy_helper.to_array(tensor) == 0).mean())
        for tensor in onnx.load(str(tmp_path / "pruned.onnx")).graph.initializer
        if tensor.name.endswith(".conv.weight")
    }
    first = zeros.pop("model.0.conv.weight")
    assert first < 0.5
    assert zeros
    assert all(share > 0.75 for share in zeros.values())


def test_each_variant_is_timed(dense: Path, inputs: list[NDArray[np.float32]]) -> None:
    times = milliseconds_of([open_engine(dense)] * 2, inputs[0], rounds=5)

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
def test_the_fastest_that_loses_at_most_a_hundredth_is_served(
    variants: list[Variant], chosen: str
) -> None:
    assert fastest_within(DENSE, variants).name == chosen
