"""Detectors that must never answer, each with the reason that the service gives."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.detector_card import DetectorCard
from tests.oott_serving.detectors import (
    FIRST,
    card_of,
    detector_model,
    onnx_that_sees,
    that_looks_at_colours,
)

_ANCHORS = 64


class BadDetector(NamedTuple):
    """A kind of bad detector, how its files are made, and a part of the reason."""

    kind: str
    write: Callable[[Path], tuple[bytes, dict[str, Any] | None]]
    reason: str


def put(root: Path | str, bad: BadDetector, folder: Path, minutes: int) -> str:
    """Put a bad detector into a model store as the latest, and return its version."""
    content, changes = bad.write(folder)
    file = folder / "bad.onnx"
    file.write_bytes(content)
    facts = card_of(file, FIRST + timedelta(minutes=minutes)).model_dump(mode="json")
    version = DetectorCard(**facts).version
    blobs, place = LocalBlobs(root), f"garment-detector/{version}"
    blobs.write(f"{place}/detector.onnx", content)
    if changes is not None:
        blobs.write(f"{place}/card.json", json.dumps(facts | changes).encode())
    blobs.write("garment-detector/latest.json", json.dumps({"version": version}).encode())
    return version


def _good(folder: Path) -> bytes:
    return onnx_that_sees(folder, "dress").read_bytes()


def _corrupt(folder: Path) -> tuple[bytes, dict[str, Any]]:
    return _good(folder), {"sha256": hashlib.sha256(b"another file").hexdigest()}


def _without_card(folder: Path) -> tuple[bytes, None]:
    return _good(folder), None


def _huge(folder: Path) -> tuple[bytes, dict[str, Any]]:
    return _good(folder), {"image_side": 200_000}


def _not_finite(_: Path) -> tuple[bytes, dict[str, Any]]:
    head = np.full((1, 4 + len(GARMENT_NAMES), _ANCHORS), np.nan, dtype=np.float32)
    nodes = [helper.make_node("Identity", ["head"], ["output0"])]
    return _content(detector_model(nodes, {"head": head}, _ANCHORS)), {}


def _slow(_: Path) -> tuple[bytes, dict[str, Any]]:
    """Multiply large matrices before the answer, which is right."""
    model = that_looks_at_colours("dress", 0.9)
    node = helper.make_node
    model.graph.node[-1].output[0] = "answer"
    products = [node("MatMul", [f"m{step}", "m0"], [f"m{step + 1}"]) for step in range(10)]
    model.graph.node.extend(
        [
            node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
            node("Mul", ["mean", "tiny"], ["entry"]),
            node("Expand", ["entry", "large"], ["m0"]),
            *products,
            node("ReduceMax", [f"m{len(products)}"], ["product"], keepdims=0),
            node("Mul", ["product", "zero"], ["nothing"]),
            node("Add", ["answer", "nothing"], ["output0"]),
        ]
    )
    constants = {"tiny": np.array([1e-3], dtype=np.float32), "large": np.array([1024, 1024])}
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(value, name) for name, value in constants.items()
    )
    return _content(model), {}


def _content(model: Any) -> bytes:
    return bytes(model.SerializeToString())


SLOW = BadDetector("slow", _slow, "ms of CPU time for a photo")
NOT_A_NUMBER = BadDetector("NaN", _not_finite, "has values that are not finite")
# One that is refused before its trial, and without its card, and by its card, and by its trial. The
# tests of the stores, of vision and of the trial have the other kinds.
ALL = (
    BadDetector("corrupt", _corrupt, "is damaged: its sha256 is"),
    BadDetector("missing card", _without_card, "card.json: No such file"),
    BadDetector("side 200,000", _huge, "image_side Input should be less than or equal to 1280"),
    NOT_A_NUMBER,
    SLOW,
)
