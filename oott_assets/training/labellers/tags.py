"""Boxes the garments that a person named for a photo, with the help of a detector.

The person says which garments the photo shows, and the detector says where. Each garment gets the
box to which the detector gives the highest confidence for that garment, even if it is more
confident of another garment there. So jeans that look like slacks to the detector are found.
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.labels.labelled_photos import Label
from oott_fashion.garments import GARMENT_NAMES, category_of
from oott_fashion.vision.detections import Box
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.yolov8_output import Anchors, ious_with

ORIGIN = "tags"

# With a lower confidence, the detector does not see the garment at all.
_MIN_CONFIDENCE = 0.001
# Two garments of one category may cover each other almost completely, such as a sweater on a
# shirt. In 748 street photos, people never drew two such boxes with a higher IoU.
_MAX_IOU = 0.9
# The boxes of the two shoes of a pair hardly overlap.
_MAX_SHOE_IOU = 0.2
# The second shoe is visible if its confidence is at least this share of the first one's.
_SECOND_SHOE = 0.35


def boxes_of_tags(
    detector: Detector, photo: NDArray[np.uint8], garments: Collection[str]
) -> list[Label]:
    """Find the best box of each of ``garments`` in ``photo``, and of both shoes of a pair.

    Two garments of one category never get the same box. The confidence of a label is the
    confidence of its garment. A garment that the detector does not see at all has no label.

    Args:
        photo: RGB pixels, shape (height, width, 3), 0..255.
        garments: what a person says that the photo shows.
    """
    anchors = detector.anchors(photo)
    labels: list[Label] = []
    for garment in sorted(garments, key=lambda garment: -_confidences(anchors, garment).max()):
        labels += _best_box(anchors, garment, labels)
    for shoe in [label for label in labels if category_of(label.garment) == "shoes"]:
        other = _best_box(anchors, shoe.garment, labels)
        labels += [label for label in other if label.confidence >= _SECOND_SHOE * shoe.confidence]
    return labels


def _best_box(anchors: Anchors, garment: str, taken: Sequence[Label]) -> list[Label]:
    """Label the best box of ``garment`` that no label of its category has taken, if any."""
    category = category_of(garment)
    max_iou = _MAX_SHOE_IOU if category == "shoes" else _MAX_IOU
    confidences = _confidences(anchors, garment).copy()
    for label in taken:
        if category_of(label.garment) == category:
            ious = ious_with(np.array(label.box, dtype=np.float32), anchors.boxes)
            confidences[ious > max_iou] = 0
    best = int(confidences.argmax())
    if confidences[best] < _MIN_CONFIDENCE:
        return []
    box = Box(*map(float, anchors.boxes[best]))
    return [Label(garment, box, float(confidences[best]), ORIGIN)]


def _confidences(anchors: Anchors, garment: str) -> NDArray[np.float32]:
    return anchors.confidences[:, GARMENT_NAMES.index(garment)]
