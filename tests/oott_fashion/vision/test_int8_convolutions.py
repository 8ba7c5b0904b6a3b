"""Tests that the int8 convolutions of each engine compute what the published ones do."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from oott_assets.training.yolov8.faster_variants import quantise_to_int8
from oott_fashion.vision.engines import EngineUnavailable, open_engine
from oott_fashion.vision.int8_convolutions import (
    OUTPUT_RANGES,
    output_ranges,
    scale_and_zero_point,
    with_dequantised_inputs,
)

Photo = NDArray[np.float32]


def photos() -> list[Photo]:
    rng = np.random.default_rng(0)
    return [rng.uniform(0, 1, (1, 3, 8, 8)).astype(np.float32) for _ in range(3)]


@pytest.fixture(params=["dense", "pruned"])
def published(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """Quantise a network of two convolutions; pruned, a kernel of each has only zeros."""
    rng = np.random.default_rng(1)
    tensors = [
        numpy_helper.from_array(rng.normal(0, 1, shape).astype(np.float32), name)
        for name, shape in {
            "first": (4, 3, 3, 3),
            "first_bias": (4,),
            "second": (2, 4, 1, 1),
            "second_bias": (2,),
        }.items()
    ]
    if request.param == "pruned":
        for number in (0, 2):
            kernels = numpy_helper.to_array(tensors[number]).copy()
            kernels[0] = 0
            tensors[number].CopyFrom(numpy_helper.from_array(kernels, tensors[number].name))
    nodes = [
        helper.make_node("Conv", ["images", "first", "first_bias"], ["middle"], strides=[2, 2]),
        helper.make_node("Conv", ["middle", "second", "second_bias"], ["head"]),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("head", TensorProto.FLOAT, [1, 2, 3, 3])],
        tensors,
    )
    dense = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(dense, str(tmp_path / "dense.onnx"))
    quantise_to_int8(tmp_path / "dense.onnx", photos(), tmp_path / "detector.onnx")
    return onnx.load(str(tmp_path / "detector.onnx"))


def answers(model: Any) -> Photo:
    options = onnxruntime.SessionOptions()
    # Optimisations round differently.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return np.concatenate([session.run(None, {"images": photo})[0] for photo in photos()])


def operators(model: Any) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_a_dequantised_convolution_computes_the_same(published: Any) -> None:
    rewritten = with_dequantised_inputs(published)

    onnx.checker.check_model(rewritten)
    assert operators(published).count("ConvInteger") == operators(rewritten).count("Conv") == 2
    assert answers(rewritten) == pytest.approx(answers(published), abs=1e-5)


def test_the_output_of_a_convolution_with_a_range_is_rounded_to_8_bits(published: Any) -> None:
    ranges = {"head": output_ranges(published)["head"]}
    step, _ = scale_and_zero_point(*ranges["head"])

    rewritten = with_dequantised_inputs(published, ranges)

    onnx.checker.check_model(rewritten)
    exact, low_and_high = answers(published), ranges["head"]
    in_steps = answers(rewritten) / step
    assert in_steps == pytest.approx(np.round(in_steps), abs=1e-3)
    assert answers(rewritten) == pytest.approx(
        np.clip(exact, *low_and_high), abs=0.51 * float(step)
    )


def test_the_file_has_the_range_of_each_output(published: Any) -> None:
    ranges = output_ranges(published)

    assert ranges.keys() == {"middle", "head"}
    for low, high in ranges.values():
        assert low <= 0 < high


def test_the_rewritten_model_is_a_new_one(published: Any) -> None:
    before = published.SerializeToString()

    with_dequantised_inputs(published, output_ranges(published))

    assert published.SerializeToString() == before


def test_a_convolution_of_another_program_stays_as_it_is(published: Any) -> None:
    [cast, _] = [node for node in published.graph.node if node.op_type == "Cast"]
    cast.op_type = "Identity"

    rewritten = with_dequantised_inputs(published)

    assert operators(rewritten).count("ConvInteger") == 1
    assert operators(rewritten).count("Conv") == 1


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_file_without_ranges_runs_too(published: Any, engine: Any, tmp_path: Path) -> None:
    expected = answers(published)[:1]
    del published.metadata_props[:]
    onnx.save(published, str(tmp_path / "old.onnx"))

    head = open_engine(tmp_path / "old.onnx", engine).head_of(photos()[0])

    # OpenVINO may round a value in the middle between two steps to the other one.
    assert head == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("ranges", ["{", "[]", '{"head": 1}', '{"head": ["low", "high"]}'])
def test_unreadable_ranges_are_reported(published: Any, ranges: str, tmp_path: Path) -> None:
    del published.metadata_props[:]
    published.metadata_props.add(key=OUTPUT_RANGES, value=ranges)
    onnx.save(published, str(tmp_path / "odd.onnx"))

    with pytest.raises(EngineUnavailable, match="expected JSON with a lowest and a highest value"):
        open_engine(tmp_path / "odd.onnx", "onnxruntime")
