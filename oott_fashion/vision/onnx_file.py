"""Checks that an ONNX file is a detector that OOTT can serve, without running it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oott_fashion.garments import GARMENT_NAMES

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from onnx import ModelProto, ValueInfoProto

# The memory for one photo grows with the square of the side.
MAX_IMAGE_SIDE = 1280


class WrongExport(ValueError):
    """The ONNX file is no detector that OOTT's engines can run."""


def image_side_of(onnx: Path) -> int:
    """Check the graph of an ONNX file, and give the side of its input in pixels.

    Raises:
        WrongExport: the file is no ONNX file, needs other files, or has the wrong input, output
            or class names.
    """
    model = self_contained(onnx)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    shape = _shape(inputs[0]) if len(inputs) == 1 else None
    side = shape[2] if shape and len(shape) == 4 else 0
    if shape != [1, 3, side, side] or not 32 <= side <= MAX_IMAGE_SIDE or side % 32:
        raise WrongExport(
            f"the input of {onnx} is {_shown(inputs)}; expected one photo of float32 "
            f"[1, 3, side, side] with a fixed side, a multiple of 32 up to {MAX_IMAGE_SIDE}"
        )
    _check_output(model, onnx)
    _check_garments(model, onnx)
    return side


def self_contained(onnx: Path) -> "ModelProto":
    """Parse an ONNX file that needs no other file.

    A tensor of an ONNX file can name another file as its data. An engine would read any file of the
    user for it.

    Raises:
        WrongExport: the file is no ONNX file, or needs other files.
    """
    model = _opened(onnx)
    if any(tensor.data_location or tensor.external_data for tensor in _tensors_in(model)):
        raise WrongExport(
            f"{onnx} keeps its weights in another file; save it as one file "
            "(onnx.save with save_as_external_data=False)"
        )
    return model


def _opened(onnx: Path) -> "ModelProto":
    import onnx as onnx_files
    from google.protobuf.message import DecodeError

    try:
        return onnx_files.load(str(onnx), load_external_data=False)
    except DecodeError as error:
        raise WrongExport(f"{onnx} is not an ONNX file; expected one") from error
    except OSError as error:
        raise WrongExport(f"cannot read {onnx}: {error.strerror}") from error


def _tensors_in(message: "Message") -> "Iterator[Any]":
    """Find the tensors anywhere in an ONNX file: weights, attributes, subgraphs and functions."""
    if message.DESCRIPTOR.full_name == "onnx.TensorProto":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in (value,) if hasattr(value, "ListFields") else value:
                yield from _tensors_in(part)


def _check_output(model: "ModelProto", onnx: Path) -> None:
    rows = 4 + len(GARMENT_NAMES)
    outputs = list(model.graph.output)
    shape = _shape(outputs[0]) if outputs else None
    if shape is None or len(shape) != 3 or shape[:2] != [1, rows] or not shape[2]:
        raise WrongExport(
            f"the output of {onnx} is {_shown(outputs)}; expected float32 [1, {rows}, boxes]: "
            f"4 rows for the box and one for each of OOTT's {len(GARMENT_NAMES)} garments"
        )


def _check_garments(model: "ModelProto", onnx: Path) -> None:
    """Compare the class names that Ultralytics writes into an export with OOTT's garments."""
    written = {entry.key: entry.value for entry in model.metadata_props}.get("names")
    if written is None:
        raise WrongExport(
            f"{onnx} does not say which garments its classes are; add its class names to the "
            'metadata "names", as Ultralytics does'
        )
    try:
        names = ast.literal_eval(written)
    except (SyntaxError, ValueError) as error:
        raise WrongExport(f'the metadata "names" of {onnx} is not a dictionary') from error
    if names != dict(enumerate(GARMENT_NAMES)):
        raise WrongExport(
            f"the classes of {onnx} are {written[:200]}; expected OOTT's {len(GARMENT_NAMES)} "
            "garments in class-id order; train it on these garments"
        )


def _shape(value: "ValueInfoProto") -> list[int] | None:
    """Give a static float32 shape; a dimension that is not fixed is 0."""
    from onnx import TensorProto

    tensor = value.type.tensor_type
    if tensor.elem_type != TensorProto.FLOAT:
        return None
    return [dimension.dim_value for dimension in tensor.shape.dim]


def _shown(values: "list[ValueInfoProto]") -> str:
    from onnx import TensorProto

    shown = []
    for value in values:
        tensor = value.type.tensor_type
        dimensions = [each.dim_value or each.dim_param or "?" for each in tensor.shape.dim]
        kind = TensorProto.DataType.Name(tensor.elem_type).lower()
        shown.append(f"{value.name} {kind} {dimensions}".replace("'", ""))
    return ", ".join(shown) or "missing"
