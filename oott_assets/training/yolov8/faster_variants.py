"""Quantises detectors to int8, and chooses the fastest variant that loses little."""

import json
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
from oott_fashion.vision.int8_convolutions import OUTPUT_RANGES, scale_and_zero_point

# A variant may lose at most this mAP50, and must be faster by at least this share. A smaller gain
# may be noise of a busy machine.
MAX_MAP50_LOSS = 0.01
MIN_SPEED_GAIN = 0.03


class Variant(NamedTuple):
    """A variant of a detector: its median milliseconds per photo, and its mAP50, 0..1."""

    name: str
    milliseconds: float
    map50: float


def fastest_variant(dense: Variant, variants: Sequence[Variant]) -> Variant:
    """Choose the fastest variant that loses at most 0.01 mAP50 and is at least 3 % faster.

    If there is no such variant, choose ``dense``.
    """
    eligible = [
        variant
        for variant in variants
        if variant.milliseconds <= (1 - MIN_SPEED_GAIN) * dense.milliseconds
        and round(dense.map50 - variant.map50, 6) <= MAX_MAP50_LOSS
    ]
    return min(eligible, key=lambda variant: variant.milliseconds, default=dense)


def median_milliseconds(
    engines: Sequence[Engine], model_input: NDArray[np.float32], rounds: int = 30
) -> list[float]:
    """Time the detectors in turns, so that a busy machine slows all of them equally."""
    times: list[list[float]] = [[] for _ in engines]
    for _ in range(rounds):
        for engine, taken in zip(engines, times, strict=True):
            started = time.perf_counter()
            engine.head_of(model_input)
            taken.append(1000 * (time.perf_counter() - started))
    # The first rounds only warm up the caches.
    return [statistics.median(taken[rounds // 5 :]) for taken in times]


def quantise_to_int8(dense: Path, inputs: Sequence[NDArray[np.float32]], out: Path) -> None:
    """Quantise convolutions to 8-bit activations and 7-bit weights, scaled per output channel.

    The last convolutions of the head stay in float32: confidences and box edges need the precision.
    Weights have 7 bits because processors without VNNI add two 8-bit products in 16 bits, which
    would overflow. The metadata has the ranges of the outputs, which ONNX Runtime needs.

    Args:
        inputs: model inputs for calibrating the activations, each of shape (1, 3, side, side).
    """
    model = onnx.load(str(dense))
    convolutions = [node for node in model.graph.node if _can_be_int8(node)]
    outputs = {node.output[0] for node in convolutions}
    ranges = _ranges(model, sorted(outputs | {node.input[0] for node in convolutions}), inputs)
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    graph = _Int8Graph(ranges, weights)
    nodes = [
        written
        for node in model.graph.node
        for written in (graph.quantised(node) if node in convolutions else [node])
    ]
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in graph.replaced]
    for field, content in (("node", nodes), ("initializer", kept + graph.constants)):
        model.graph.ClearField(field)
        getattr(model.graph, field).extend(content)
    model.graph.ClearField("value_info")
    written = json.dumps({name: ranges[name] for name in sorted(outputs)})
    model.metadata_props.add(key=OUTPUT_RANGES, value=written)
    onnx.checker.check_model(model)
    onnx.save(model, str(out))


_MAX_WEIGHT = 63


class _Int8Graph:
    """Rewrites convolutions in int8, and collects the constants that they need."""

    def __init__(
        self,
        ranges: dict[str, tuple[float, float]],
        weights: dict[str, NDArray[np.float32]],
    ) -> None:
        self.constants: list[onnx.TensorProto] = []
        self.replaced: set[str] = set()
        self._ranges = ranges
        self._weights = weights
        self._quantised_inputs: set[str] = set()

    def quantised(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        source, weight, bias = node.input
        output = node.output[0]
        scale, zero = scale_and_zero_point(*self._ranges[source])
        quantise_input = self._quantise_input(source, scale, zero)
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
        convolution = onnx.helper.make_node("ConvInteger", inputs, [f"{output}_whole_sum"])
        convolution.attribute.extend(node.attribute)
        return [
            *quantise_input,
            convolution,
            onnx.helper.make_node(
                "Cast", [f"{output}_whole_sum"], [f"{output}_sum"], to=onnx.TensorProto.FLOAT
            ),
            onnx.helper.make_node("Mul", [f"{output}_sum", rescaled_by], [f"{output}_scaled"]),
            onnx.helper.make_node("Add", [f"{output}_scaled", offset], [output]),
        ]

    def _quantise_input(self, name: str, scale: np.float32, zero: np.uint8) -> list[onnx.NodeProto]:
        if name in self._quantised_inputs:
            return []
        self._quantised_inputs.add(name)
        inputs = [
            name,
            self._constant(f"{name}_step", scale),
            self._constant(f"{name}_zero", zero),
        ]
        return [onnx.helper.make_node("QuantizeLinear", inputs, [f"{name}_whole"])]

    def _constant(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def _can_be_int8(node: onnx.NodeProto) -> bool:
    last_of_head = node.name.startswith("/model.22/") and node.name.endswith(".2/Conv")
    return node.op_type == "Conv" and len(node.input) == 3 and not last_of_head


def _ranges(
    model: onnx.ModelProto, names: Sequence[str], inputs: Sequence[NDArray[np.float32]]
) -> dict[str, tuple[float, float]]:
    """Compute the mean over ``inputs`` of the minimum and maximum of each activation, and of 0.

    A few photos have activations far beyond those of all others. With the extremes of all photos,
    int8 lost 0.007 mAP50 of 0.397; with the means it lost nothing.
    """
    from onnxruntime import InferenceSession

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    known = {value.name for value in (*watched.graph.output, *watched.graph.input)}
    for name in names:
        if name not in known:
            info = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
            watched.graph.output.append(info)
    session = InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    photo = watched.graph.input[0].name
    fetched = [name for name in names if name != photo]
    ends: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for model_input in inputs:
        values = dict(zip(fetched, session.run(fetched, {photo: model_input}), strict=True))
        for name in names:
            value = values.get(name, model_input)
            ends[name].append((min(0.0, float(value.min())), max(0.0, float(value.max()))))
    return {name: _means(lows_and_highs) for name, lows_and_highs in ends.items()}


def _means(lows_and_highs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    lows, highs = zip(*lows_and_highs, strict=True)
    return statistics.fmean(lows), statistics.fmean(highs)
