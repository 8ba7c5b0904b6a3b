"""What a YOLOv8 head puts out, decoded into boxes, the doubled ones suppressed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# As Ultralytics: more boxes than this in one photo are noise, and cost quadratic time.
MAX_BOXES = 300


class RawDetections(NamedTuple):
    """Boxes (n, 4) x_min, y_min, x_max, y_max in model pixels; scores (n,); class ids (n,)."""

    boxes: NDArray[np.float32]
    confidences: NDArray[np.float32]
    class_ids: NDArray[np.intp]


def decode(head: NDArray[np.float32], classes: int, min_confidence: float) -> RawDetections:
    """Read the boxes scoring above ``min_confidence`` out of a head, each as its surest class.

    Args:
        head: shape (1, 4 + classes, anchors): centre x, centre y, width, height in model pixels,
            then a score 0..1 per class.
        classes: how many classes the detector was trained on.
        min_confidence: 0..1; a box scoring exactly this is left out, as in Ultralytics.

    Raises:
        ValueError: ``head`` has another shape, so it is no YOLOv8 detector of these classes.
    """
    if head.ndim != 3 or head.shape[:2] != (1, 4 + classes):
        raise ValueError(
            f"expected a YOLOv8 head of shape (1, {4 + classes}, anchors), found {head.shape}; "
            f"the detector was not trained on these {classes} classes"
        )
    rows = head[0].T
    class_ids = rows[:, 4:].argmax(axis=1)
    scores = rows[np.arange(len(rows)), 4 + class_ids]
    sure = scores > min_confidence
    centres, sizes = rows[sure, :2], rows[sure, 2:4]
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    return RawDetections(boxes, scores[sure], class_ids[sure])


def non_max_suppression(detections: RawDetections, iou_threshold: float) -> RawDetections:
    """Keep, of boxes of one class that overlap by more than ``iou_threshold``, the surest.

    The result is sorted by falling score, of at most ``MAX_BOXES``.

    Source: greedy non-maximum suppression per class, as ``ultralytics.utils.nms`` with
    ``agnostic=False``.
    """
    order = np.argsort(-detections.confidences, kind="stable")
    boxes, class_ids = detections.boxes, detections.class_ids
    kept: list[int] = []
    # One kept box at a time: all pairs of the 8,400 boxes of a low threshold took 1.4 GB.
    while len(order) and len(kept) < MAX_BOXES:
        surest, rest = order[0], order[1:]
        kept.append(int(surest))
        overlaps = _ious(boxes[surest], boxes[rest]) > iou_threshold
        order = rest[~(overlaps & (class_ids[rest] == class_ids[surest]))]
    return RawDetections(boxes[kept], detections.confidences[kept], class_ids[kept])


def _ious(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of ``box``, shape (4,), with each of ``others``, shape (n, 4)."""
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    intersections = shared.clip(min=0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    unions = (box[2:] - box[:2]).prod() + areas - intersections
    ious = np.divide(intersections, unions, out=np.zeros_like(intersections), where=unions > 0)
    return np.asarray(ious, dtype=np.float32)
