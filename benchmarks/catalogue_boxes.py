"""How tight the catalogue labeller's boxes are: ``python -m benchmarks.catalogue_boxes FOLDER``.

``catalogue_boxes.csv`` holds 60 boxes that a person drew by hand, in shares of the photo, for
photos drawn by lot from the Clothing Dataset (A. Grigorev, 2020, CC0); photos are known by hash.
"""

import argparse
import csv
import hashlib
import statistics
import sys
from pathlib import Path

from oott_assets.photos.sources.folder import photos_under
from oott_assets.training.labellers.catalogue import outline_of
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import read_photo

BOXES = Path(__file__).with_suffix(".csv")

# The threshold of the catalogue's labels, and the overlap at which a box counts as found.
_SURE = 0.7
_FOUND = 0.5
_TIGHT = 0.85


def hand_drawn_boxes() -> dict[str, Box]:
    """Read the boxes, in shares of the photo, by the photo's sha256."""
    with BOXES.open() as file:
        return {
            row["sha256"]: Box(*(float(row[edge]) for edge in Box._fields))
            for row in csv.DictReader(file)
        }


def main() -> None:
    """Measure the photos of a folder that were boxed by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="photos of one garment each")
    drawn = hand_drawn_boxes()
    overlaps: list[tuple[float, float]] = []
    for file in photos_under(parser.parse_args().folder):
        content = file.read_bytes()
        truth = drawn.get(hashlib.sha256(content).hexdigest())
        if truth is not None:
            overlaps.append(_overlap_and_agreement(content, truth))
    if not overlaps:
        sys.exit("catalogue_boxes: none of the 60 photos boxed by hand is in that folder")
    _report("all", [overlap for overlap, _ in overlaps])
    _report("sure", [overlap for overlap, agreement in overlaps if agreement >= _SURE])


def _overlap_and_agreement(content: bytes, truth: Box) -> tuple[float, float]:
    photo = read_photo(content)
    found = outline_of(photo)
    if found is None:
        return 0.0, 0.0
    height, width = photo.shape[:2]
    box = Box(truth.x_min * width, truth.y_min * height, truth.x_max * width, truth.y_max * height)
    return found[0].iou(box), found[1]


def _report(name: str, overlaps: list[float]) -> None:
    found, tight = (
        sum(overlap >= least for overlap in overlaps) / len(overlaps) for least in (_FOUND, _TIGHT)
    )
    print(  # noqa: T201 - a benchmark's answer
        f"{name}: {len(overlaps)} photos, overlap mean {statistics.mean(overlaps):.3f}, median "
        f"{statistics.median(overlaps):.3f}, {found:.0%} at {_FOUND}, {tight:.0%} at {_TIGHT}"
    )


if __name__ == "__main__":
    main()
