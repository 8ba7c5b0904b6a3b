"""Compares the boxes of the labellers ``teacher`` and ``tags`` with boxes that people drew.

``python -m benchmarks.label_quality MAIN_DATA DETECTOR`` labels the validation photos of a data set
with a detector: a ``.pt`` file, or a folder such as ``models/starter-detector``. The tags of a
photo are the names of its boxes. A box is right if it has the same garment as a drawn box and an
IoU of at least 0.5 with it.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from oott_assets.training.labellers.tags import boxes_of_tags
from oott_assets.training.labellers.teacher import detector_of_weights
from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_assets.training.labels.labelled_photos import Label, LabelledPhoto, in_split, pixels_of
from oott_assets.training.labels.pseudo_labels import (
    LabelThresholds,
    complete_labels,
    confident_labels,
)
from oott_fashion.garments import garment_named
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detections import Box
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.engines import open_engine

_MIN_IOU = 0.5
_TEACHER_THRESHOLDS = (0.3, 0.5)
_TAGS_THRESHOLDS = (0.0, 0.02, 0.1)


class Agreement(NamedTuple):
    """How many photos were labelled, how many boxes they got, and how many of them are right.

    ``drawn`` counts the boxes that people drew in these photos.
    """

    photos: int
    right: int
    found: int
    drawn: int

    def __str__(self) -> str:
        precision, recall = self.right / max(1, self.found), self.right / max(1, self.drawn)
        return f"{self.photos} photos, precision {precision:.3f}, recall {recall:.3f}"


def agreement(labelled: Mapping[LabelledPhoto, Sequence[Label] | None]) -> Agreement:
    """Compare the labels of photos with their drawn boxes; a photo with None is left out."""
    counts = [
        (1, _right(labels, photo.labels), len(labels), len(photo.labels))
        for photo, labels in labelled.items()
        if labels is not None
    ]
    return Agreement(*map(sum, zip(*counts, strict=True))) if counts else Agreement(0, 0, 0, 0)


def _right(labels: Sequence[Label], drawn: Sequence[Label]) -> int:
    """Count the labels that match a drawn box; each drawn box matches once."""
    left = list(drawn)
    for label in sorted(labels, key=lambda label: -label.confidence):
        same = [one for one in left if one.garment == label.garment]
        best = max(same, key=lambda one: one.box.iou(label.box), default=None)
        if best is not None and best.box.iou(label.box) >= _MIN_IOU:
            left.remove(best)
    return len(drawn) - len(left)


def opened(detector: Path, image_side: int) -> Detector:
    """Open a ``.pt`` file at ``image_side``, or the detector in a folder at its own side."""
    if detector.suffix == ".pt":
        return detector_of_weights(detector, image_side, Thresholds())[1]
    engine = open_engine(detector / "detector.onnx")
    return Detector(engine, read_card(detector / "card.json").image_side)


def main() -> None:
    """Read the command line, and compare both labellers at several thresholds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("main_data", type=Path, help="data set that people labelled")
    parser.add_argument("detector", type=Path, help="a .pt file, or a folder with detector.onnx")
    parser.add_argument("--image-side", type=int, default=448, help="side of a .pt file, in pixels")
    arguments = parser.parse_args()
    photos = in_split(read_labelled(arguments.main_data).photos, "valid")
    detector = opened(arguments.detector, arguments.image_side)
    raw = {photo: _teacher_labels(detector, photo) for photo in photos}
    tagged = {photo: boxes_of_tags(detector, pixels_of(photo), _tags(photo)) for photo in photos}
    for confidence in _TEACHER_THRESHOLDS:
        limit = LabelThresholds(confidence, {})
        kept = {photo: confident_labels(labels, limit) for photo, labels in raw.items()}
        _report(f"teacher from {confidence:g}", agreement(kept))
    for confidence in _TAGS_THRESHOLDS:
        limit = LabelThresholds(confidence, {})
        complete = {
            photo: complete_labels(labels, _tags(photo), limit) for photo, labels in tagged.items()
        }
        _report(f"tags from {confidence:g}", agreement(complete))


def _tags(photo: LabelledPhoto) -> set[str]:
    return {label.garment for label in photo.labels}


def _teacher_labels(detector: Detector, photo: LabelledPhoto) -> list[Label]:
    raw = detector.boxes(pixels_of(photo))
    return [
        Label(garment_named(int(class_id)), Box(*map(float, box)), float(confidence), "teacher")
        for box, confidence, class_id in zip(*raw, strict=True)
    ]


def _report(name: str, found: Agreement) -> None:
    print(f"{name}: {found}")  # noqa: T201 - the output of the benchmark


if __name__ == "__main__":
    main()
