"""Exports weights to ONNX for DeepSparse, and measures how far the export differs from them."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_assets.training.yolov8.torch_engine import TorchEngine
from oott_fashion.vision.engines import Engine
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.onnx_file import WrongExport, image_side_of
from oott_fashion.vision.photos import Photo

# DeepSparse supports all operators of opsets 11, 13 and 17.
_OPSET = 13

# Boxes with a lower confidence are never shown to a user, so they are not compared.
_MIN_CONFIDENCE_TO_COMPARE = 0.1


class Parity(NamedTuple):
    """The largest differences between weights and ONNX file, and the engine that ran the file.

    ``pixels_apart`` compares confident boxes, in photo pixels. ``confidences_apart`` compares the
    confidences of all boxes, 0..1. Both are NaN if an output has a NaN.
    """

    pixels_apart: float
    confidences_apart: float
    engine: str


def export_onnx(weights: Path, image_side: int, out: Path) -> None:
    """Export ``weights`` to ``out`` with static shapes, batch size 1, float32.

    Raises:
        WrongExport: the input, output or garments differ from those of an OOTT detector.
    """
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        # Ultralytics writes the export next to the weights.
        copy = Path(shutil.copy(weights, Path(folder) / "weights.pt"))
        options = {"imgsz": image_side, "batch": 1, "opset": _OPSET}
        exported = Path(
            open_model(copy).export(format="onnx", dynamic=False, simplify=False, **options)
        )
        if (side := image_side_of(exported)) != image_side:
            raise WrongExport(f"the export of {weights} has side {side}; expected {image_side}")
        _remove_data_path(exported)
        os.replace(exported, out)


def _remove_data_path(exported: Path) -> None:
    """Replace the description by Ultralytics, which has the path of the training data."""
    import onnx

    model = onnx.load(str(exported))
    for entry in model.metadata_props:
        if entry.key == "description":
            entry.value = "Garment detector of OOTT, a YOLOv8 by Ultralytics"
    onnx.save(model, str(exported))


def parity(weights: Path, served: Engine, photos: Iterable[Photo], image_side: int) -> Parity:
    """Compare the outputs of ``weights`` and of their export in ``served`` on ``photos``."""
    trained = TorchEngine(weights)
    pixels, confidences = [0.0], [0.0]
    for photo in photos:
        model_input, placement = letterbox(photo, image_side)
        heads = [engine.head_of(model_input[None]) for engine in (trained, served)]
        pixels.append(boxes_apart(*heads) / placement.scale)
        confidences.append(confidences_apart(*heads))
    # np.max is used because max() of 0 and NaN gives 0.
    return Parity(float(np.max(pixels)), float(np.max(confidences)), served.name)


def boxes_apart(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """Measure the largest difference between confident boxes of two outputs, in model pixels.

    Args:
        expected: output of the weights, shape (1, 4 + garments, boxes).
        found: output of the ONNX file, of the same shape.
    """
    if np.isnan(expected).any() or np.isnan(found).any():
        return float("nan")  # the next line would skip a confidence of NaN
    confident = expected[0, 4:].max(axis=0) > _MIN_CONFIDENCE_TO_COMPARE
    return float(np.abs(expected[0, :4, confident] - found[0, :4, confident]).max(initial=0.0))


def confidences_apart(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """Measure the largest difference between the confidences of all boxes of two outputs."""
    return float(np.abs(expected[0, 4:] - found[0, 4:]).max(initial=0.0))
