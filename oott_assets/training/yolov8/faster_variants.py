"""Detectors made faster at some cost: weights pruned, and convolutions in whole numbers."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from oott_fashion.vision.engines import Engine

# What a variant may lose, and must gain: less is within the noise of a busy machine.
MAX_LOST = 0.01
MIN_GAINED = 0.03


class Variant(NamedTuple):
    """A way to run a detector: median milliseconds a photo, and mAP50, 0..1."""

    name: str
    milliseconds: float
    map50: float


def fastest_within(dense: Variant, variants: Sequence[Variant]) -> Variant:
    """Choose the fastest that loses at most 0.01 mAP50 and is 3 % faster; else ``dense``."""
    worth_it = [
        it
        for it in variants
        if it.milliseconds <= (1 - MIN_GAINED) * dense.milliseconds
        and round(dense.map50 - it.map50, 6) <= MAX_LOST
    ]
    return min(worth_it, key=lambda it: it.milliseconds, default=dense)


def milliseconds_of(
    engines: Sequence[Engine], model_input: NDArray[np.float32], rounds: int = 30
) -> list[float]:
    """Time each detector, in turn so that a busy machine slows all alike; medians."""
    times: list[list[float]] = [[] for _ in engines]
    for _ in range(rounds):
        for engine, taken in zip(engines, times, strict=True):
            began = time.perf_counter()
            engine.head_of(model_input)
            taken.append(1000 * (time.perf_counter() - began))
    # The first rounds warm caches up.
    return [statistics.median(taken[rounds // 5 :]) for taken in times]


def pruned(dense: Path, share: float, out: Path) -> None:
    """Zero the smallest ``share`` of the weights of every convolution but the first.

    Source: one-shot magnitude pruning, Han et al., NeurIPS 2015, without training again.
    """
    model = onnx.load(str(dense))
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    weights = {node.input[1] for node in convolutions[1:]}
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            values = numpy_helper.to_array(tensor).copy()
            values[np.abs(values) <= np.quantile(np.abs(values), share)] = 0
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save(model, str(out))


def quantised_to_int8(dense: Path, inputs: Sequence[NDArray[np.float32]], out: Path) -> None:
    """Let convolutions multiply 8-bit activations by 7-bit weights, scaled per output channel.

    The last convolutions of the head stay as they are: their scores and edges need the precision.
    A weight has 7 bits, for processors without VNNI add two products of 8 bits in 16 and clip.

    Args:
        inputs: model inputs to learn the range of every activation from, (1, 3, side, side) each.
    """
    model = onnx.load(str(dense))
    convolutions = [node for node in model.graph.node if _may_be_whole(node)]
    ranges = _ranges(model, sorted({node.input[0] for node in convolutions}), inputs)
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    graph = _WholeNumberGraph(ranges, weights)
    nodes = [
        written
        for node in model.graph.node
        for written in (graph.quantised_to_int8(node) if node in convolutions else [node])
    ]
    kept = [it for it in model.graph.initializer if it.name not in graph.replaced]
    for field, content in (("node", nodes), ("initializer", kept + graph.constants)):
        model.graph.ClearField(field)
        getattr(model.graph, field).extend(content)
    model.graph.ClearField("value_info")
    onnx.checker.check_model(model)
    onnx.save(model, str(out))


_MAX_WEIGHT = 63
_MAX_ACTIVATION = 255


class _WholeNumberGraph:
    """Writes convolutions anew, and collects the constants that they need."""

    def __init__(
        self,
        ranges: dict[str, tuple[float, float]],
        weights: dict[str, NDArray[np.float32]],
    ) -> None:
        self.constants: list[onnx.TensorProto] = []
        self.replaced: set[str] = set()
        self._ranges = ranges
        self._weights = weights
        self._rounded: set[str] = set()

    def quantised_to_int8(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        source, weight, bias = node.input
        answer = node.output[0]
        scale, zero = self._step_of(source)
        rounded = self._rounding(source, scale, zero)
        kernels = self._weights[weight]
        steps = np.abs(kernels).reshape(len(kernels), -1).max(axis=1) / _MAX_WEIGHT
        steps = np.maximum(steps, 1e-10).astype(np.float32).reshape(-1, 1, 1, 1)
        self.replaced |= {weight, bias}
        inputs = [
            f"{source}_whole",
            self._constant(f"{weight}_whole", np.round(kernels / steps).astype(np.int8)),
            f"{source}_zero",
            self._constant(f"{weight}_zero", np.int8(0)),
        ]
        rescaled_by = self._constant(f"{weight}_step", (steps * scale).reshape(1, -1, 1, 1))
        offset = self._constant(f"{weight}_bias", self._weights[bias].reshape(1, -1, 1, 1))
        whole = onnx.helper.make_node("ConvInteger", inputs, [f"{answer}_whole_sum"])
        whole.attribute.extend(node.attribute)
        return [
            *rounded,
            whole,
            onnx.helper.make_node(
                "Cast", [f"{answer}_whole_sum"], [f"{answer}_sum"], to=onnx.TensorProto.FLOAT
            ),
            onnx.helper.make_node("Mul", [f"{answer}_sum", rescaled_by], [f"{answer}_scaled"]),
            onnx.helper.make_node("Add", [f"{answer}_scaled", offset], [answer]),
        ]

    def _rounding(self, name: str, scale: np.float32, zero: np.uint8) -> list[onnx.NodeProto]:
        if name in self._rounded:
            return []
        self._rounded.add(name)
        inputs = [
            name,
            self._constant(f"{name}_step", scale),
            self._constant(f"{name}_zero", zero),
        ]
        return [onnx.helper.make_node("QuantizeLinear", inputs, [f"{name}_whole"])]

    def _step_of(self, name: str) -> tuple[np.float32, np.uint8]:
        low, high = self._ranges[name]
        scale = max((high - low) / _MAX_ACTIVATION, 1e-8)
        return np.float32(scale), np.uint8(np.clip(round(-low / scale), 0, _MAX_ACTIVATION))

    def _constant(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def _may_be_whole(node: onnx.NodeProto) -> bool:
    last_of_head = node.name.startswith("/model.22/") and node.name.endswith(".2/Conv")
    return node.op_type == "Conv" and len(node.input) == 3 and not last_of_head


def _ranges(
    model: onnx.ModelProto, names: Sequence[str], inputs: Sequence[NDArray[np.float32]]
) -> dict[str, tuple[float, float]]:
    """Watch the lowest and highest value of each activation over ``inputs``; both hold zero."""
    from onnxruntime import InferenceSession

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    known = {it.name for it in (*watched.graph.output, *watched.graph.input)}
    for name in names:
        if name not in known:
            info = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
            watched.graph.output.append(info)
    session = InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    photo = watched.graph.input[0].name
    fetched = [name for name in names if name != photo]
    ranges = dict.fromkeys(names, (0.0, 0.0))
    for model_input in inputs:
        values = dict(zip(fetched, session.run(fetched, {photo: model_input}), strict=True))
        for name in names:
            value = values.get(name, model_input)
            low, high = ranges[name]
            ranges[name] = (min(low, float(value.min())), max(high, float(value.max())))
    return ranges
