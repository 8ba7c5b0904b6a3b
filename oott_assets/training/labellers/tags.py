"""Boxes the garments that a person named for a photo, with the help of a detector.

The person says which garments the photo shows, and the detector says where. Each garment gets the
box to which the detector gives the highest confidence for that garment, even if it is more
confident of another garment there. So jeans that look like slacks to the detector are found.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import supervision as sv
from autodistill.detection import DetectionBaseModel
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.labellers.garment_ontology import garment_ontology
from oott_assets.training.labels.labelled_photos import Label
from oott_assets.training.labels.photo_tags import NotTagged, PhotoTags
from oott_fashion.garments import GARMENT_NAMES, category_of
from oott_fashion.vision.detections import Box
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import read_photo
from oott_fashion.vision.yolov8_output import Anchors, ious_of

ORIGIN = "tags"

# Increase this version with any change to the boxes, so that photos are labelled again.
TAGS_VERSION = "1"

# With a lower confidence, the detector does not see the garment at all.
_MIN_CONFIDENCE = 0.001
# Two garments of one category may cover each other almost completely, such as a sweater on a
# shirt. In 748 street photos, people never drew two such boxes with a higher IoU.
_MAX_IOU = 0.9
# The boxes of the two shoes of a pair hardly overlap.
_MAX_SHOE_IOU = 0.2
# The second shoe is visible if its confidence is at least this share of the first one's.
_SECOND_SHOE = 0.35


class TagsLabeller(DetectionBaseModel):
    """Labels the garments that people named for a photo, where ``detector`` finds them."""

    def __init__(self, detector: Detector, tags: PhotoTags) -> None:
        self.ontology = garment_ontology()
        self.detector = detector
        self.tags = tags

    def predict(self, input: str | NDArray[np.uint8] | Image.Image) -> sv.Detections:
        """Find the tagged garments in the photo file ``input``, with any confidence.

        A photo with incomplete tags gets no boxes.

        Raises:
            NotTagged: the photo has no tags, or ``input`` is not a path.
            UnreadablePhoto: the file is damaged, or is not a photo.
        """
        if not isinstance(input, str):
            raise NotTagged("the labeller of tags got pixels; expected the name of a tagged file")
        tags = self.tags.of(Path(input))
        pixels = read_photo(Path(input).read_bytes())
        labels = boxes_of_tags(self.detector, pixels, tags.garments) if tags.are_complete else []
        if not labels:
            return sv.Detections.empty()
        return sv.Detections(
            xyxy=np.array([label.box for label in labels], dtype=np.float32),
            confidence=np.array([label.confidence for label in labels], dtype=np.float32),
            class_id=np.array([GARMENT_NAMES.index(label.garment) for label in labels]),
        )


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
            ious = ious_of(np.array(label.box, dtype=np.float32), anchors.boxes)
            confidences[ious > max_iou] = 0
    best = int(confidences.argmax())
    if confidences[best] < _MIN_CONFIDENCE:
        return []
    box = Box(*map(float, anchors.boxes[best]))
    return [Label(garment, box, float(confidences[best]), ORIGIN)]


def _confidences(anchors: Anchors, garment: str) -> NDArray[np.float32]:
    return anchors.confidences[:, GARMENT_NAMES.index(garment)]
