"""Decodes the raw output of a YOLOv8 detector into boxes, and applies non-max suppression."""

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

# Ultralytics has the same limit. More boxes in one photo are noise, and comparing them is slow.
MAX_BOXES = 300

# The most confident boxes that are compared with each other. With a confidence threshold near 0, a
# photo has a hundred thousand.
MAX_CANDIDATES = 3_000

Real = TypeVar("Real", np.float32, np.float64)


class RawDetections(NamedTuple):
    """Boxes, shape (n, 4): x_min, y_min, x_max, y_max; their confidences 0..1 and class ids."""

    boxes: NDArray[np.float32]
    confidences: NDArray[np.float32]
    class_ids: NDArray[np.intp]


class Anchors(NamedTuple):
    """All boxes of a head, shape (n, 4), as in ``RawDetections``, at any confidence.

    ``confidences`` has the confidence 0..1 of each class for each box, shape (n, classes).
    """

    boxes: NDArray[np.float32]
    confidences: NDArray[np.float32]


def anchors_of(head: NDArray[np.float32], classes: int) -> Anchors:
    """Split the raw output into boxes and confidences, without any threshold.

    Args:
        head: the raw output, shape (1, 4 + classes, anchors): centre x, centre y, width, height in
            model pixels, then a confidence 0..1 per class.
        classes: how many classes the detector was trained on.

    Raises:
        ValueError: ``head`` has another shape, so it is not from YOLOv8 with these classes.
    """
    if head.ndim != 3 or head.shape[:2] != (1, 4 + classes):
        raise ValueError(
            f"expected a YOLOv8 head of shape (1, {4 + classes}, anchors), found {head.shape}; "
            f"the detector was not trained on these {classes} classes"
        )
    rows = head[0].T
    centres, sizes = rows[:, :2], rows[:, 2:4]
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    return Anchors(boxes, rows[:, 4:])


def decode(head: NDArray[np.float32], classes: int, min_confidence: float) -> RawDetections:
    """Decode the boxes above ``min_confidence``, once for each class that is above it.

    A box that could be a coat or a blazer is decoded as both. ``non_max_suppression`` compares only
    boxes of one class, so both are kept.

    Args:
        head: the raw output, as ``anchors_of`` takes it.
        classes: how many classes the detector was trained on.
        min_confidence: 0..1; a box with exactly this confidence is dropped, as in Ultralytics.

    Returns:
        At most ``MAX_CANDIDATES`` boxes.

    Raises:
        ValueError: ``head`` has another shape, so it is not from YOLOv8 with these classes.

    Source: ``ultralytics.utils.nms`` with ``multi_label=True``, which Ultralytics validates with.
    """
    anchors = anchors_of(head, classes)
    # Nearly all anchors show nothing. NumPy finds the few others faster before their classes.
    likely = np.flatnonzero((anchors.confidences > min_confidence).any(axis=1))
    anchors = Anchors(anchors.boxes[likely], anchors.confidences[likely])
    rows, class_ids = np.nonzero(anchors.confidences > min_confidence)
    confidences = anchors.confidences[rows, class_ids]
    if len(confidences) > MAX_CANDIDATES:
        best = np.argsort(-confidences, kind="stable")[:MAX_CANDIDATES]
        rows, class_ids, confidences = rows[best], class_ids[best], confidences[best]
    return RawDetections(anchors.boxes[rows], confidences, class_ids)


def non_max_suppression(detections: RawDetections, iou_threshold: float) -> RawDetections:
    """Drop each box whose IoU with a more confident box of its class is above the threshold.

    Returns:
        At most ``MAX_BOXES`` boxes, the most confident first.

    Source: greedy non-max suppression per class, as ``ultralytics.utils.nms`` with
    ``agnostic=False``.
    """
    order = np.argsort(-detections.confidences, kind="stable")
    boxes, class_ids = detections.boxes, detections.class_ids
    kept: list[int] = []
    # Each step keeps one box and compares it with the rest. Comparing all pairs at once took 1.4 GB
    # with 8,400 boxes.
    while len(order) and len(kept) < MAX_BOXES:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        overlaps = ious_of(boxes[best], boxes[rest]) > iou_threshold
        order = rest[~(overlaps & (class_ids[rest] == class_ids[best]))]
    return RawDetections(boxes[kept], detections.confidences[kept], class_ids[kept])


def ious_of(boxes: NDArray[Real], others: NDArray[Real]) -> NDArray[Real]:
    """Compute the IoU of each of ``boxes`` with its partner in ``others``.

    Args:
        boxes: shape (..., 4). NumPy repeats it to the shape of ``others``, and the other way round.
        others: shape (..., 4).
    """
    shared = np.minimum(boxes[..., 2:], others[..., 2:]) - np.maximum(
        boxes[..., :2], others[..., :2]
    )
    intersections = _area_of(np.maximum(shared, 0))
    areas = [_area_of(each[..., 2:] - each[..., :2]) for each in (boxes, others)]
    unions = areas[0] + areas[1] - intersections
    ious = np.divide(intersections, unions, out=np.zeros_like(intersections), where=unions > 0)
    return np.asarray(ious, dtype=boxes.dtype)


def _area_of(sizes: NDArray[Real]) -> NDArray[Real]:
    return np.asarray(sizes[..., 0] * sizes[..., 1])  # ``prod`` takes three times as long
