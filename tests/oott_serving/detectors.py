"""Small detectors that find always the same garment, so that an answer shows which one ran."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import DetectorCard, PublishedDetector
from oott_fashion.stores.model_store import ModelStore

SIDE = 64
_CELLS = 8

# A photo in which these detectors find one garment.
RED_SPOT = np.full((SIDE, SIDE, 3), 128, dtype=np.uint8)
RED_SPOT[:8, :8] = (200, 30, 30)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)


def publish(
    store: ModelStore, folder: Path, garment: str | None, minutes: int = 0
) -> PublishedDetector:
    """Publish a detector that finds only ``garment``, created ``minutes`` after the first one."""
    file = onnx_that_sees(folder, garment)
    return store.publish(file, card_of(file, FIRST + timedelta(minutes=minutes)), by="a test")


def publish_with_weights(store: ModelStore, folder: Path, weights: Path) -> PublishedDetector:
    """Publish a detector that finds only coats, with ``weights`` to start training from."""
    file = onnx_that_sees(folder, "coat")
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    card = card_of(file).model_copy(update={"weights_sha256": sha256})
    return store.publish(file, card, by="a test", weights=weights)


def card_of(file: Path, created: datetime = FIRST, image_side: int = SIDE) -> DetectorCard:
    """Write the card of an ONNX file."""
    return DetectorCard(
        garments=GARMENT_NAMES,
        image_side=image_side,
        trained_on="nothing",
        metrics={},
        parity=0,
        engine="onnxruntime",
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        created=created,
    )


def onnx_that_sees(folder: Path, garment: str | None) -> Path:
    """Write an ONNX file that finds ``garment`` where a photo has the brightest colours.

    With None, its confidence is too low for a garment. In a photo without colours, it finds none.
    """
    file = folder / f"{garment}.onnx"
    onnx.save(that_looks_at_colours(*((garment, 0.9) if garment else ("coat", 0.1))), str(file))
    return file


def that_looks_at_colours(garment: str, confidence: float) -> Any:
    """Make a network with one box for each of 8 x 8 cells; the most colourful cell is confident."""
    confidences = np.zeros((1, len(GARMENT_NAMES), 1), dtype=np.float32)
    confidences[0, GARMENT_NAMES.index(garment)] = confidence
    middles = (np.arange(_CELLS) + 0.5) * SIDE / _CELLS
    boxes = np.full((1, 4, _CELLS**2), SIDE / 3, dtype=np.float32)
    boxes[0, 0], boxes[0, 1] = np.tile(middles, _CELLS), np.repeat(middles, _CELLS)
    cell, node = SIDE // _CELLS, helper.make_node
    nodes = [
        node("ReduceMax", ["images"], ["lightest"], axes=[1]),
        node("ReduceMin", ["images"], ["darkest"], axes=[1]),
        node("Sub", ["lightest", "darkest"], ["pixels"]),
        node("AveragePool", ["pixels"], ["cells"], kernel_shape=[cell] * 2, strides=[cell] * 2),
        node("Reshape", ["cells", "row"], ["colours"]),
        node("ReduceMax", ["colours"], ["best"], axes=[2]),
        node("Less", ["colours", "best"], ["is_not_best"]),
        node("Not", ["is_not_best"], ["is_best"]),
        node("Cast", ["is_best"], ["chosen"], to=TensorProto.FLOAT),
        node("Mul", ["best", "many"], ["scaled"]),
        node("Clip", ["scaled", "zero", "one"], ["has_colours"]),
        node("Mul", ["chosen", "has_colours"], ["cell_confidences"]),
        node("Mul", ["confidences", "cell_confidences"], ["classes"]),
        node("Concat", ["boxes", "classes"], ["output0"], axis=1),
    ]
    constants = {
        "row": np.array([1, 1, _CELLS**2]),
        "many": np.array(1000, dtype=np.float32),
        "zero": np.array(0, dtype=np.float32),
        "one": np.array(1, dtype=np.float32),
        "confidences": confidences,
        "boxes": boxes,
    }
    return detector_model(nodes, constants, anchors=_CELLS**2)


def detector_model(
    nodes: Sequence[Any], constants: Mapping[str, NDArray[Any]], anchors: int
) -> Any:
    """Make an ONNX model with the input and the output of a detector from its nodes."""
    shape = [1, 4 + len(GARMENT_NAMES), anchors]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"names": str(dict(enumerate(GARMENT_NAMES)))})
    return model
