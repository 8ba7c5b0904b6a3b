"""Tests that a photo has the same boxes in Ultralytics, DeepSparse, OpenVINO and ONNX Runtime.

Ultralytics predicts with the weights of the starter detector, with its own letterbox and non-max
suppression. The engines run the ONNX export of the same weights.
"""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_assets.training.yolov8.onnx_export import export_onnx
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.engines import EngineChoice, open_engine
from oott_fashion.vision.yolov8_output import RawDetections
from tests.oott_assets.training.starter_weights import STARTER, starter_weights

IMAGE_SIDE = read_card(STARTER / "card.json").image_side

Photo = NDArray[np.uint8]

SHAPES: dict[str, Callable[[Photo], Photo]] = {
    "as drawn": lambda photo: photo,
    "landscape": lambda photo: photo[: photo.shape[1] * 2 // 3],
    "narrow": lambda photo: photo[:, photo.shape[1] // 4 : photo.shape[1] * 3 // 4],
    "small": lambda photo: cv2.resize(photo, (171, 228)).astype(np.uint8),
    "large": lambda photo: cv2.resize(photo, (1501, 2003)).astype(np.uint8),
    "the model's own": lambda photo: cv2.resize(photo, (IMAGE_SIDE,) * 2).astype(np.uint8),
}
SEEDS = (1, 2, 3, 4)

# In photo pixels, and in confidence 0..1. On one AVX-512 machine the differences were 0.0003 and
# 0.000002.
MAX_BOX_DIFFERENCE = 0.1
MAX_CONFIDENCE_DIFFERENCE = 0.001


@pytest.fixture(scope="module")
def weights(ultralytics: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - the fixture imports it safely
    return starter_weights(tmp_path_factory.mktemp("weights") / "starter.pt")


@pytest.fixture(scope="module")
def yolo(ultralytics: ModuleType, weights: Path) -> Any:
    """Open the weights of the starter detector in Ultralytics."""
    return ultralytics.YOLO(weights)


@pytest.fixture(scope="module")
def onnx(weights: Path) -> Path:
    """Export the weights, as the pipeline does with every champion."""
    export_onnx(weights, IMAGE_SIDE, weights.with_suffix(".onnx"))
    return weights.with_suffix(".onnx")


@pytest.fixture(scope="module")
def photos() -> list[tuple[str, Photo]]:
    """Draw photos of several people in several shapes, each with a description."""
    drawn = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        drawn.append(draw_photo(random_outfit(rng), rng).pixels)
    return [
        (f"seed {seed}, {shape}", np.ascontiguousarray(cut(photo)))
        for seed, photo in zip(SEEDS, drawn, strict=True)
        for shape, cut in SHAPES.items()
    ]


@pytest.fixture(scope="module")
def expected(yolo: Any, photos: list[tuple[str, Photo]]) -> list[tuple[Thresholds, RawDetections]]:
    """Find the boxes of every photo with Ultralytics.

    The confidence threshold of each photo lies in a gap between the confidences, so that a small
    numeric difference does not add or remove a box.
    """
    found = []
    for _, photo in photos:
        confidences = _predicted(yolo, photo, Thresholds(confidence=0.05)).confidences
        thresholds = Thresholds(confidence=_widest_gap(confidences))
        found.append((thresholds, _predicted(yolo, photo, thresholds)))
    return found


def test_ultralytics_finds_garments_to_compare(
    expected: list[tuple[Thresholds, RawDetections]],
) -> None:
    boxes = [len(found.confidences) for _, found in expected]
    garments = {int(class_id) for _, found in expected for class_id in found.class_ids}

    assert sum(boxes) >= 2 * len(boxes)
    assert len(garments) >= 5


@pytest.mark.parametrize("choice", ["deepsparse", "openvino", "onnxruntime"])
def test_a_photo_has_the_same_boxes_in_ultralytics_and_in_the_engine(
    choice: EngineChoice,
    onnx: Path,
    photos: list[tuple[str, Photo]],
    expected: list[tuple[Thresholds, RawDetections]],
) -> None:
    engine = open_engine(onnx, choice)

    for (description, photo), (thresholds, theirs) in zip(photos, expected, strict=True):
        ours = Detector(engine, IMAGE_SIDE, thresholds).boxes(photo)

        assert len(ours.confidences) == len(theirs.confidences), description
        partners = [_nearest(ours, theirs, index) for index in range(len(theirs.confidences))]
        assert sorted(partners) == list(range(len(partners))), f"{description}: unmatched boxes"
        assert np.abs(ours.boxes[partners] - theirs.boxes).max(initial=0) < MAX_BOX_DIFFERENCE, (
            description
        )
        assert (
            np.abs(ours.confidences[partners] - theirs.confidences).max(initial=0)
            < MAX_CONFIDENCE_DIFFERENCE
        ), description


def _predicted(yolo: Any, photo: Photo, thresholds: Thresholds) -> RawDetections:
    """Find boxes with Ultralytics, of every confident class, as its validation does."""
    from ultralytics.models.yolo.detect import DetectionPredictor
    from ultralytics.utils import nms

    class SeveralClasses(DetectionPredictor):  # type: ignore[misc]
        def postprocess(self, heads: Any, img: Any, orig_imgs: Any, **_: Any) -> Any:
            boxes = nms.non_max_suppression(
                heads, thresholds.confidence, thresholds.iou, multi_label=True
            )
            return self.construct_results(boxes, img, orig_imgs)

    [result] = yolo.predict(
        photo[..., ::-1],  # Ultralytics expects arrays in BGR, as OpenCV reads them
        predictor=SeveralClasses,
        imgsz=IMAGE_SIDE,
        rect=False,
        device="cpu",
        verbose=False,
    )
    boxes = result.boxes.numpy()
    return RawDetections(boxes.xyxy, boxes.conf, boxes.cls.astype(np.intp))


def _widest_gap(confidences: NDArray[np.float32]) -> float:
    """Find the middle of the widest gap between confidences, from 0.1 to 0.3."""
    between = np.sort(np.clip(confidences, 0.1, 0.3))
    steps = np.concatenate([[0.1], between, [0.3]])
    widest = int(np.diff(steps).argmax())
    return float(steps[widest : widest + 2].mean())


def _nearest(ours: RawDetections, theirs: RawDetections, index: int) -> int:
    """Find our box of the same class that is nearest to one of their boxes."""
    distances = np.abs(ours.boxes - theirs.boxes[index]).max(axis=1)
    distances[ours.class_ids != theirs.class_ids[index]] = np.inf
    return int(distances.argmin())
