"""A YOLO label file made into labels in pixels of the upright photo."""

import math
import reprlib
from collections.abc import Mapping
from pathlib import Path

from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.labelled_photos import Label
from oott_assets.training.labels.photo_label_pairs import UnreadableFile, text_of
from oott_fashion.vision.detections import Box

ORIGIN = "main_data"

# By how much a box may leave the photo, in shares of its side: tools round to few digits.
_ROUNDING = 1e-3

_BOX = "a box: class id, x and y of its centre, width and height"


class BadLine(ValueError):
    """A line of a label file that boxes no garment."""


def labels_in(
    file: Path, garments: Mapping[str, str], width: int, height: int, findings: Findings
) -> tuple[Label, ...]:
    """Read the labels of a photo of ``width`` x ``height`` pixels; bad lines are problems.

    Args:
        garments: the garment of each class id, the id as it is written.
    """
    try:
        lines = text_of(file).splitlines()
    except UnreadableFile as error:
        findings.problem(file, str(error))
        return ()
    labels: list[Label] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            labels.append(_label_of(line, garments, width, height))
        except BadLine as error:
            findings.problem(file, f"line {number}: {error}")
    once = tuple(dict.fromkeys(labels))
    if len(once) < len(labels):
        findings.remark(file, f"boxes written twice and taken once: {len(labels) - len(once)}")
    return once


def _label_of(line: str, garments: Mapping[str, str], width: int, height: int) -> Label:
    class_id, *shares = line.split()
    if len(shares) != 4:
        raise BadLine(_no_box(len(shares)))
    if class_id not in garments:
        raise BadLine(
            f"class id {reprlib.repr(class_id)}; expected a whole number, 0 to {len(garments) - 1}"
        )
    inside = _inside(*map(_number, shares))
    box = Box(
        inside.x_min * width, inside.y_min * height, inside.x_max * width, inside.y_max * height
    )
    return Label(garments[class_id], box, 1.0, ORIGIN)


def _no_box(shares: int) -> str:
    if shares >= 6 and shares % 2 == 0:
        return f"a polygon of {shares // 2} points; expected {_BOX}; export boxes, not polygons"
    return f"numbers found: {shares + 1}; expected 5, {_BOX}"


def _number(share: str) -> float:
    try:
        number = float(share)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadLine(f"{reprlib.repr(share)} is no number; expected a share of the photo, 0 to 1")
    return number


def _inside(centre_x: float, centre_y: float, width: float, height: float) -> Box:
    """Clip a box to the photo, in shares of its sides."""
    across, down = width / 2, height / 2
    box = Box(centre_x - across, centre_y - down, centre_x + across, centre_y + down)
    if min(box) < -_ROUNDING or max(box) > 1 + _ROUNDING:
        raise BadLine(
            f"the box leaves the photo: x {box.x_min:.4g} to {box.x_max:.4g}, "
            f"y {box.y_min:.4g} to {box.y_max:.4g}; expected shares of the photo, 0 to 1"
        )
    clipped = Box(*(min(max(edge, 0.0), 1.0) for edge in box))
    if clipped.width <= 0 or clipped.height <= 0:
        raise BadLine(
            f"the box has no size: width {width:g}, height {height:g}; expected more than 0"
        )
    return clipped
