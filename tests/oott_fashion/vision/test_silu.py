"""Tests that a fused SiLU computes the same."""

from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from oott_fashion.vision.silu import with_fused_silu

VALUES = np.linspace(-12, 12, 49, dtype=np.float32)[None]


def network(factors: list[str], outputs: list[str]) -> Any:
    """Make a network that multiplies two of: the input x, another input y, and the sigmoid of x."""
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["sigmoid"]),
        helper.make_node("Mul", factors, ["product"]),
    ]
    inputs, outs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, VALUES.shape) for name in names]
        for names in (["x", "y"], outputs)
    )
    graph = helper.make_graph(nodes, "network", inputs, outs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def answers(model: Any) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return [np.asarray(head) for head in session.run(None, {"x": VALUES, "y": VALUES + 1})]


def operators(model: Any) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize("factors", [["x", "sigmoid"], ["sigmoid", "x"]])
def test_a_silu_becomes_one_node_with_the_same_output(factors: list[str]) -> None:
    model = network(factors, ["product"])

    fused = with_fused_silu(model)

    assert operators(fused) == ["QuickGelu"]
    assert operators(model) == ["Sigmoid", "Mul"]
    assert answers(fused)[0] == pytest.approx(answers(model)[0], abs=1e-5)
    assert answers(fused)[0] == pytest.approx(VALUES / (1 + np.exp(-VALUES)), abs=1e-5)


def test_the_sigmoid_of_another_value_stays() -> None:
    model = network(["y", "sigmoid"], ["product"])

    assert operators(with_fused_silu(model)) == ["Sigmoid", "Mul"]


def test_a_sigmoid_that_is_used_elsewhere_stays() -> None:
    model = network(["x", "sigmoid"], ["product", "sigmoid"])

    fused = with_fused_silu(model)

    assert operators(fused) == ["Sigmoid", "QuickGelu"]
    assert answers(fused)[1] == pytest.approx(answers(model)[1], abs=1e-5)
