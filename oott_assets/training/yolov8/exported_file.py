"""Checks that an ONNX file is a detector that OOTT can serve: its input, output and garments."""

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.engines import Engine
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import Photo

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

# A detector that was never trained has a confidence of 0.0005 in every photo. The starter detector
# has 0.18 or more in these photos, even at a side of 64 pixels.
_MIN_CONFIDENCE_IN_KNOWN_PHOTOS = 0.05
_KNOWN_PHOTOS = 4
_MAX_IMAGE_SIDE = 1280


class WrongExport(ValueError):
    """The ONNX file is no detector that OOTT's engines can run."""


def known_photos() -> list[Photo]:
    """Draw the people in whom every detector of clothes must find some garment."""
    drawn = []
    for seed in range(_KNOWN_PHOTOS):
        rng = np.random.default_rng(seed)
        drawn.append(draw_photo(random_outfit(rng), rng).pixels)
    return drawn


def image_side_of(onnx: Path) -> int:
    """Check the graph of an ONNX file, and give the side of its input in pixels.

    Raises:
        WrongExport: the file is no ONNX file, needs other files, or has the wrong input, output
            or class names.
    """
    model = _opened(onnx)
    if any(tensor.data_location for tensor in model.graph.initializer):
        raise WrongExport(
            f"{onnx} keeps its weights in another file; save it as one file "
            "(onnx.save with save_as_external_data=False)"
        )
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    shape = _shape(inputs[0]) if len(inputs) == 1 else None
    side = shape[2] if shape and len(shape) == 4 else 0
    if shape != [1, 3, side, side] or not 32 <= side <= _MAX_IMAGE_SIDE or side % 32:
        raise WrongExport(
            f"the input of {onnx} is {_shown(inputs)}; expected one photo of float32 "
            f"[1, 3, side, side] with a fixed side, a multiple of 32 up to {_MAX_IMAGE_SIDE}"
        )
    _check_output(model, onnx)
    _check_garments(model, onnx)
    return side


def check_answers(engine: Engine, image_side: int, onnx: Path) -> None:
    """Run the detector on drawn people, and check that its output is plausible.

    Raises:
        WrongExport: the output has values that are not finite, or boxes or confidences that
            cannot be right; or the detector finds nothing at all.
    """
    inputs = [letterbox(photo, image_side)[0][None] for photo in known_photos()]
    heads = np.concatenate([engine.head_of(photo) for photo in inputs])
    boxes, confidences = heads[:, :4], heads[:, 4:]
    if not np.isfinite(heads).all():
        raise WrongExport(f"the output of {onnx} has values that are not finite; export it again")
    if confidences.min() < 0 or confidences.max() > 1:
        raise WrongExport(
            f"the confidences of {onnx} are {confidences.min():.2f} to {confidences.max():.2f}; "
            "expected 0..1; export it with the sigmoid of the class scores"
        )
    if np.abs(boxes).max() <= 2 or np.abs(boxes).max() > 10 * image_side:
        raise WrongExport(
            f"the boxes of {onnx} go up to {np.abs(boxes).max():g}; expected centre, width and "
            f"height in pixels of its input, which has a side of {image_side}"
        )
    if confidences.max() < _MIN_CONFIDENCE_IN_KNOWN_PHOTOS:
        raise WrongExport(
            f"{onnx} finds no garment in {_KNOWN_PHOTOS} drawn people: its highest confidence is "
            f"{confidences.max():.4f}; expected {_MIN_CONFIDENCE_IN_KNOWN_PHOTOS} or more; train it"
        )


def _opened(onnx: Path) -> "ModelProto":
    import onnx as onnx_files
    from google.protobuf.message import DecodeError

    try:
        return onnx_files.load(str(onnx), load_external_data=False)
    except DecodeError as error:
        raise WrongExport(f"{onnx} is not an ONNX file; expected one") from error
    except OSError as error:
        raise WrongExport(f"cannot read {onnx}: {error.strerror}") from error


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
