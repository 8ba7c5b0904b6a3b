"""Weights exported to ONNX as DeepSparse runs them best, and how far the two are apart."""

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
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import Photo

# DeepSparse takes all operators of 11, 13 and 17 alike.
_OPSET = 13

# Boxes no user of a detector sees need not agree.
_SURE_ENOUGH_TO_COMPARE = 0.1


class WrongExport(ValueError):
    """An exported detector that is not what OOTT's engines read."""


class Parity(NamedTuple):
    """How far weights and ONNX lie apart at most, in which engine.

    Of sure boxes in photo pixels, of the scores of all boxes, 0..1; NaN where one answers with NaN.
    """

    pixels_apart: float
    confidences_apart: float
    engine: str


def export_onnx(weights: Path, image_side: int, out: Path) -> None:
    """Export ``weights`` to ``out``: static, one photo, float32.

    Raises:
        WrongExport: the file reads or answers other shapes than a detector of OOTT's.
    """
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        # Ultralytics exports beside the weights.
        copy = Path(shutil.copy(weights, Path(folder) / "weights.pt"))
        options = {"imgsz": image_side, "batch": 1, "opset": _OPSET}
        exported = Path(
            open_model(copy).export(format="onnx", dynamic=False, simplify=False, **options)
        )
        _check_shapes(exported, image_side)
        _forget_where_it_was_trained(exported)
        os.replace(exported, out)


def _forget_where_it_was_trained(exported: Path) -> None:
    """Describe a file without the folder of its data, which Ultralytics writes into it."""
    import onnx

    model = onnx.load(str(exported))
    for entry in model.metadata_props:
        if entry.key == "description":
            entry.value = "Garment detector of OOTT, a YOLOv8 by Ultralytics"
    onnx.save(model, str(exported))


def parity(weights: Path, onnx: Path, photos: Iterable[Photo], image_side: int) -> Parity:
    """Compare the boxes of ``weights`` and ``onnx`` on ``photos``, as they are served.

    Raises:
        EngineUnavailable: no engine runs ``onnx`` here.
    """
    trained, served = TorchEngine(weights), open_engine(onnx)
    pixels, scores = [0.0], [0.0]
    for photo in photos:
        model_input, placement = letterbox(photo, image_side)
        heads = [engine.head_of(model_input[None]) for engine in (trained, served)]
        pixels.append(boxes_apart(*heads) / placement.scale)
        scores.append(confidences_apart(*heads))
    # Of 0 and NaN, max() would tell 0.
    return Parity(float(np.max(pixels)), float(np.max(scores)), served.name)


def boxes_apart(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """How far the sure boxes of two heads, (1, 4 + garments, boxes), lie apart, in model pixels."""
    if np.isnan(expected).any() or np.isnan(found).any():
        return float("nan")  # of which no box is sure
    sure = expected[0, 4:].max(axis=0) > _SURE_ENOUGH_TO_COMPARE
    return float(np.abs(expected[0, :4, sure] - found[0, :4, sure]).max(initial=0.0))


def confidences_apart(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """How far the scores of two heads, (1, 4 + garments, boxes), lie apart, sure or not."""
    return float(np.abs(expected[0, 4:] - found[0, 4:]).max(initial=0.0))


def _check_shapes(onnx: Path, image_side: int) -> None:
    from onnxruntime import InferenceSession

    session = InferenceSession(str(onnx), providers=["CPUExecutionProvider"])
    photo, head = session.get_inputs()[0], session.get_outputs()[0]
    expected = [1, 3, image_side, image_side]
    if photo.type != "tensor(float)" or photo.shape != expected:
        raise WrongExport(f"the export reads {photo.type} {photo.shape}; expected {expected}")
    if head.shape[:2] != [1, 4 + len(GARMENT_NAMES)]:
        raise WrongExport(
            f"the export answers {head.shape}; expected [1, {4 + len(GARMENT_NAMES)}, boxes], of "
            "weights trained on OOTT's garments"
        )
