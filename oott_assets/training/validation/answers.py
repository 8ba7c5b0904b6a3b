"""What a detector finds in each validation photo, next to the truth."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.labels.labelled_photos import LabelledPhoto, pixels_of
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.engines import Engine
from oott_fashion.vision.photos import Photo
from oott_fashion.vision.yolov8_output import RawDetections

# An average precision needs boxes of all confidences; Ultralytics has the same limit.
_MIN_CONFIDENCE = 0.001

FindBoxes = Callable[[Photo], RawDetections]
"""Finds the boxes in a photo, of all confidences, most confident first, in photo pixels."""


class Answer(NamedTuple):
    """The true boxes of a photo, of confidence 1, and the found ones; both in photo pixels."""

    truth: RawDetections
    found: RawDetections


def boxes_as_served(engine: Engine, image_side: int, iou: float) -> FindBoxes:
    """Find boxes as the service does, but of all confidences.

    Non-max suppression only drops a box because of a more confident one. So a later filter by
    confidence leaves the same boxes as a filter before it.
    """
    return Detector(engine, image_side, Thresholds(_MIN_CONFIDENCE, iou)).boxes


def answers_on(photos: Sequence[LabelledPhoto], find: FindBoxes) -> list[Answer]:
    """Run a detector on ``photos``.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
    """
    return [Answer(_truth_of(photo), find(pixels_of(photo))) for photo in photos]


def confident(found: RawDetections, confidence: float) -> RawDetections:
    """Select the boxes above ``confidence``, as ``decode`` does."""
    return chosen(found, found.confidences > confidence)


def chosen(boxes: RawDetections, which: NDArray[np.bool_]) -> RawDetections:
    """Select some of ``boxes``; ``which`` has shape (boxes,)."""
    return RawDetections(boxes.boxes[which], boxes.confidences[which], boxes.class_ids[which])


def _truth_of(photo: LabelledPhoto) -> RawDetections:
    boxes = np.array([label.box for label in photo.labels], dtype=np.float32).reshape(-1, 4)
    garments = [GARMENT_NAMES.index(label.garment) for label in photo.labels]
    return RawDetections(boxes, np.ones(len(boxes), np.float32), np.array(garments, dtype=np.intp))
