"""Decides which found boxes are right: which true box of their garment they match."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.validation.answers import Answer
from oott_fashion.vision.yolov8_output import RawDetections, ious_of

# The IoUs of mAP50-95; the first one is that of mAP50.
IOUS = np.linspace(0.5, 0.95, 10)

_NONE = RawDetections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.intp))
_NO_BOXES = Answer(_NONE, _NONE)


class Matches(NamedTuple):
    """All found and all true boxes of some photos, in one array per fact.

    ``right`` has shape (found boxes, 10): whether the box matches a true one, at each of ``IOUS``.
    """

    photos: int
    found_photo: NDArray[np.intp]
    found_garment: NDArray[np.intp]
    confidence: NDArray[np.float32]
    right: NDArray[np.bool_]
    true_photo: NDArray[np.intp]
    true_garment: NDArray[np.intp]


def matches_of(answers: Sequence[Answer]) -> Matches:
    """Match the found boxes of every photo with its true ones."""
    numbers = np.arange(len(answers))
    parts = [*answers, _NO_BOXES]  # concatenate() needs at least one array
    return Matches(
        len(answers),
        np.repeat(numbers, [len(answer.found.class_ids) for answer in answers]),
        np.concatenate([answer.found.class_ids for answer in parts]),
        np.concatenate([answer.found.confidences for answer in parts]),
        np.concatenate([match(answer).right for answer in parts]),
        np.repeat(numbers, [len(answer.truth.class_ids) for answer in answers]),
        np.concatenate([answer.truth.class_ids for answer in parts]),
    )


class Match(NamedTuple):
    """Which found boxes are right, and which true boxes are found, at each of ``IOUS``.

    Shapes: (found boxes, 10) and (true boxes, 10).
    """

    right: NDArray[np.bool_]
    found: NDArray[np.bool_]


def match(answer: Answer) -> Match:
    """Match the found boxes of a photo with its true ones.

    The most confident box is matched first. It takes the true box of its garment with the highest
    IoU that no other box has taken.

    Source: ``match_predictions`` in ``ultralytics.engine.validator``.
    """
    found, truth = answer.found, answer.truth
    right = np.zeros((len(found.class_ids), len(IOUS)), dtype=bool)
    taken = np.zeros((len(truth.class_ids), len(IOUS)), dtype=bool)
    ious = iou_matrix(found.boxes, truth.boxes)
    ious *= found.class_ids[:, None] == truth.class_ids
    for index in np.flatnonzero((ious >= IOUS[0]).any(axis=1)):
        available = np.where(taken, 0, ious[index][:, None])
        best = available.argmax(axis=0)
        right[index] = available[best, np.arange(len(IOUS))] >= IOUS
        taken[best, np.arange(len(IOUS))] |= right[index]
    return Match(right, taken)


def iou_matrix(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the IoU of each box with each other box, shape (boxes, others)."""
    return ious_of(boxes[:, None].astype(float), others[None].astype(float))
