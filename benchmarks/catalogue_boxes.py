"""Compares the catalogue labeller's boxes with boxes drawn by hand.

``python -m benchmarks.catalogue_boxes FOLDER``. ``catalogue_boxes.csv`` has 60 boxes that a person
drew, as fractions of the photo. The photos are a random sample of the Clothing Dataset
(A. Grigorev, 2020, CC0), and are identified by their SHA-256.
"""

import argparse
import csv
import hashlib
import statistics
import sys
from pathlib import Path

from oott_assets.photos.sources.photo_files import photos_under
from oott_assets.training.labellers.catalogue import garment_outline
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import read_photo

BOXES = Path(__file__).with_suffix(".csv")

# The confidence threshold of catalogue labels.
_MIN_CONFIDENCE = 0.7
# The IoU from which a box counts as found, and as tight.
_FOUND = 0.5
_TIGHT = 0.85


def hand_drawn_boxes() -> dict[str, Box]:
    """Read the boxes, as fractions of the photo, by the photo's SHA-256."""
    with BOXES.open() as file:
        return {
            row["sha256"]: Box(*(float(row[edge]) for edge in Box._fields))
            for row in csv.DictReader(file)
        }


def main() -> None:
    """Compare the boxes of the hand-labelled photos in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="photos of one garment each")
    drawn = hand_drawn_boxes()
    measured: list[tuple[float, float]] = []
    for file in photos_under(parser.parse_args().folder):
        content = file.read_bytes()
        truth = drawn.get(hashlib.sha256(content).hexdigest())
        if truth is not None:
            measured.append(_iou_and_confidence(content, truth))
    if not measured:
        sys.exit("catalogue_boxes: the folder has none of the 60 photos with hand-drawn boxes")
    _report("all", [iou for iou, _ in measured])
    _report("confident", [iou for iou, confidence in measured if confidence >= _MIN_CONFIDENCE])


def _iou_and_confidence(content: bytes, truth: Box) -> tuple[float, float]:
    photo = read_photo(content)
    boxes, confidence = garment_outline(photo)
    if not boxes:
        return 0.0, 0.0
    height, width = photo.shape[:2]
    box = Box(truth.x_min * width, truth.y_min * height, truth.x_max * width, truth.y_max * height)
    return boxes[0].iou(box), confidence


def _report(name: str, ious: list[float]) -> None:
    found, tight = (sum(iou >= min_iou for iou in ious) / len(ious) for min_iou in (_FOUND, _TIGHT))
    print(  # noqa: T201 - the output of the benchmark
        f"{name}: {len(ious)} photos, IoU mean {statistics.mean(ious):.3f}, median "
        f"{statistics.median(ious):.3f}, {found:.0%} at {_FOUND}, {tight:.0%} at {_TIGHT}"
    )


if __name__ == "__main__":
    main()
