"""Writes the int8 convolutions of a detector in the form that OpenVINO and ONNX Runtime run fast.

A published detector has ConvInteger, as DeepSparse needs it. The other engines run that slowly.
They want a Conv between DequantizeLinear nodes, which has the same integers and scales.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.onnx_file import WrongExport

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

# The key under which an ONNX file has the range of the output of each int8 convolution, as JSON:
# {"name of the output": [low, high]}.
OUTPUT_RANGES = "oott_output_ranges"

_MAX_ACTIVATION = 255
_MAX_BIAS = 2**30

Ranges = Mapping[str, tuple[float, float]]


def scale_and_zero_point(low: float, high: float) -> tuple[np.float32, np.uint8]:
    """Give the step and the zero point of an 8-bit activation from ``low`` to ``high``."""
    scale = max((high - low) / _MAX_ACTIVATION, 1e-8)
    return np.float32(scale), np.uint8(np.clip(round(-low / scale), 0, _MAX_ACTIVATION))


def output_ranges(model: "ModelProto") -> Ranges:
    """Read the ranges of the outputs of the int8 convolutions; empty if the file has none.

    Raises:
        WrongExport: they are not a pair of numbers for each output.
    """
    written = {entry.key: entry.value for entry in model.metadata_props}.get(OUTPUT_RANGES, "{}")
    try:
        return {
            name: (float(low), float(high)) for name, (low, high) in json.loads(written).items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise WrongExport(
            f'the metadata "{OUTPUT_RANGES}" is {written[:80]!r}; expected JSON with '
            "a lowest and a highest value for each output; export the detector again"
        ) from error


def with_dequantised_inputs(model: "ModelProto", ranges: Ranges | None = None) -> "ModelProto":
    """Write each ConvInteger of ``model`` as a Conv of dequantised inputs and weights.

    Args:
        ranges: of the outputs. Those that have a range are quantised too. ONNX Runtime needs this:
            without it, it computes the convolution in float32.

    Returns:
        A new model. A ConvInteger that OOTT did not write stays as it is.
    """
    import onnx

    rewritten = onnx.ModelProto()
    rewritten.CopyFrom(model)
    graph = _Rewritten(rewritten, ranges or {})
    nodes = list(graph.nodes())
    del rewritten.graph.node[:], rewritten.graph.value_info[:]
    rewritten.graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    tensors = [each for each in rewritten.graph.initializer if each.name in used]
    del rewritten.graph.initializer[:]
    rewritten.graph.initializer.extend([*tensors, *graph.constants])
    return rewritten


class _Convolution(NamedTuple):
    """A ConvInteger with the three nodes that scale its sum and add the bias."""

    integers: "NodeProto"
    after: tuple["NodeProto", "NodeProto", "NodeProto"]
    quantised_input: "NodeProto"

    @property
    def output(self) -> str:
        return str(self.after[2].output[0])


class _Rewritten:
    """The nodes and constants of a model whose convolutions are rewritten."""

    def __init__(self, model: "ModelProto", ranges: Ranges) -> None:
        from onnx import numpy_helper

        self.constants: list[Any] = []
        self._graph = model.graph
        self._ranges = ranges
        self._values = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
        self._maker = {name: node for node in model.graph.node for name in node.output}
        self._users: dict[str, list[NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)
        self._dequantised: set[str] = set()

    def nodes(self) -> "Iterator[NodeProto]":
        found = [self._convolution(node) for node in self._graph.node]
        left_out = {node.output[0] for each in found if each for node in each.after}
        for node, convolution in zip(self._graph.node, found, strict=True):
            if convolution:
                yield from self._written(convolution)
            elif node.output[0] not in left_out:
                yield node

    def _convolution(self, node: "NodeProto") -> _Convolution | None:
        """Find the nodes around a ConvInteger as ``quantise_to_int8`` writes them."""
        if node.op_type != "ConvInteger" or len(node.input) != 4:
            return None
        after, name = [], node.output[0]
        for operator in ("Cast", "Mul", "Add"):
            users = self._users.get(name, [])
            if [user.op_type for user in users] != [operator]:
                return None
            after.append(users[0])
            name = users[0].output[0]
        quantise = self._maker.get(node.input[0])
        if quantise is None or quantise.op_type != "QuantizeLinear" or len(quantise.input) != 3:
            return None
        constants = (node.input[1], after[1].input[1], after[2].input[1], *quantise.input[1:])
        if not all(constant in self._values for constant in constants):
            return None
        return _Convolution(node, (after[0], after[1], after[2]), quantise)

    def _written(self, convolution: _Convolution) -> "Iterator[NodeProto]":
        integers, (_, scaled, biased), quantise = convolution
        source, weight = integers.input[:2]
        _, scale, zero = quantise.input
        if source not in self._dequantised:
            self._dequantised.add(source)
            yield _dequantise(source, scale, zero)
        steps = self._values[scaled.input[1]].reshape(-1) / self._values[scale]
        # Weights that are all zero have any step. With the tiny one that they have, their bias
        # would not fit into 32 bits.
        steps[~self._values[weight].reshape(len(steps), -1).any(axis=1)] = 1
        step = self._constant(f"{weight}_steps", steps.astype(np.float32))
        zeros = self._constant(f"{weight}_zeros", np.zeros(len(steps), np.int8))
        yield _dequantise(weight, step, zeros, axis=0)
        bias = self._values[biased.input[1]].reshape(-1)
        offset = f"{weight}_offset"
        output = convolution.output
        inputs = [f"{source}_dequantised", f"{weight}_dequantised", offset]
        bias_in_steps = np.round(bias / (steps * self._values[scale]))
        if output not in self._ranges or np.abs(bias_in_steps).max() > _MAX_BIAS:
            self._constant(offset, bias)
            yield _convolution_like(integers, inputs, output)
            return
        inputs[2] = f"{offset}_dequantised"
        yield self._quantised_bias(offset, bias_in_steps, steps * self._values[scale])
        yield _convolution_like(integers, inputs, f"{output}_exact")
        yield from self._quantised_output(output)

    def _quantised_bias(
        self, name: str, bias_in_steps: NDArray[np.float32], steps: NDArray[np.float32]
    ) -> "NodeProto":
        step = self._constant(f"{name}_steps", steps)
        zeros = self._constant(f"{name}_zeros", np.zeros(len(steps), np.int32))
        self._constant(name, bias_in_steps.astype(np.int32))
        return _dequantise(name, step, zeros, axis=0)

    def _quantised_output(self, output: str) -> "Iterator[NodeProto]":
        from onnx import helper

        scale, zero = scale_and_zero_point(*self._ranges[output])
        names = [
            self._constant(f"{output}_output_step", np.asarray(scale)),
            self._constant(f"{output}_output_zero", np.asarray(zero)),
        ]
        integers = f"{output}_integers"
        yield helper.make_node("QuantizeLinear", [f"{output}_exact", *names], [integers])
        yield helper.make_node("DequantizeLinear", [integers, *names], [output])

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(value, name))
        return name


def _dequantise(name: str, scale: str, zero: str, **attributes: int) -> "NodeProto":
    from onnx import helper

    node: NodeProto = helper.make_node(
        "DequantizeLinear", [name, scale, zero], [f"{name}_dequantised"], **attributes
    )
    return node


def _convolution_like(node: "NodeProto", inputs: list[str], output: str) -> "NodeProto":
    from onnx import helper

    made: NodeProto = helper.make_node("Conv", inputs, [output])
    made.attribute.extend(node.attribute)
    return made
