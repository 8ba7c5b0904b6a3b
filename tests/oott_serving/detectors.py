"""Detectors that find the same garment in every photo, so that an answer shows which one ran."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import DetectorCard, PublishedDetector
from oott_fashion.stores.model_store import ModelStore

SIDE = 64
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
    """Write an ONNX file with the output shape of YOLOv8 and the same output for every photo."""
    head = np.zeros((1, 4 + len(GARMENT_NAMES), 2), dtype=np.float32)
    head[0, :4, 0] = SIDE / 2
    if garment is not None:
        head[0, 4 + GARMENT_NAMES.index(garment), 0] = 0.9
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "head"], ["output0"]),
    ]
    photo = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    output = helper.make_tensor_value_info("output0", TensorProto.FLOAT, head.shape)
    constants = [
        numpy_helper.from_array(head, "head"),
        numpy_helper.from_array(np.zeros(1, dtype=np.float32), "zero"),
    ]
    graph = helper.make_graph(nodes, "the-same-for-all", [photo], [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"names": str(dict(enumerate(GARMENT_NAMES)))})
    file = folder / f"{garment}.onnx"
    onnx.save(model, str(file))
    return file
