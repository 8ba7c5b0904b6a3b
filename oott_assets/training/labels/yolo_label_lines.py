"""Reads YOLO label files into labels in pixels of the upright photo."""

import math
import reprlib
from collections.abc import Mapping
from pathlib import Path

from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.labelled_photos import Label
from oott_assets.training.labels.photo_label_pairs import UnreadableFile, read_text
from oott_fashion.vision.detections import Box

ORIGIN = "main_data"

# Labelling tools round to few digits, so a box may extend outside the photo by this fraction of the
# photo's side.
_MAX_ROUNDING = 1e-3

_BOX = "class id, x and y of the centre, width and height"


class InvalidLine(ValueError):
    """The line of a label file is not a valid garment box."""


def read_labels(
    file: Path, garments: Mapping[str, str], width: int, height: int, findings: Findings
) -> tuple[Label, ...]:
    """Read the labels of a photo of ``width`` x ``height`` pixels; invalid lines become problems.

    Args:
        garments: the garment of each class id, with the id as text.
    """
    try:
        lines = read_text(file).splitlines()
    except UnreadableFile as error:
        findings.add_problem(file, str(error))
        return ()
    labels: list[Label] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            labels.append(_label_of(line, garments, width, height))
        except InvalidLine as error:
            findings.add_problem(file, f"line {number}: {error}")
    distinct = tuple(dict.fromkeys(labels))
    if len(distinct) < len(labels):
        findings.add_remark(file, f"duplicate boxes ignored: {len(labels) - len(distinct)}")
    return distinct


def _label_of(line: str, garments: Mapping[str, str], width: int, height: int) -> Label:
    class_id, *fractions = line.split()
    if len(fractions) != 4:
        raise InvalidLine(_wrong_count(len(fractions)))
    if class_id not in garments:
        raise InvalidLine(
            f"class id {reprlib.repr(class_id)} is unknown; expected 0 to {len(garments) - 1}"
        )
    clipped = _clipped(*map(_number, fractions))
    box = Box(
        clipped.x_min * width,
        clipped.y_min * height,
        clipped.x_max * width,
        clipped.y_max * height,
    )
    return Label(garments[class_id], box, 1.0, ORIGIN)


def _wrong_count(fractions: int) -> str:
    if fractions >= 6 and fractions % 2 == 0:
        return (
            f"a polygon of {fractions // 2} points; expected a box ({_BOX}); "
            "export boxes, not polygons"
        )
    return f"numbers found: {fractions + 1}; expected 5 ({_BOX})"


def _number(fraction: str) -> float:
    try:
        number = float(fraction)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidLine(
            f"{reprlib.repr(fraction)} is not a number; expected a fraction of the photo, 0 to 1"
        )
    return number


def _clipped(centre_x: float, centre_y: float, width: float, height: float) -> Box:
    """Clip a box to the photo; all values are fractions of the photo's sides."""
    half_width, half_height = width / 2, height / 2
    box = Box(
        centre_x - half_width, centre_y - half_height, centre_x + half_width, centre_y + half_height
    )
    if min(box) < -_MAX_ROUNDING or max(box) > 1 + _MAX_ROUNDING:
        raise InvalidLine(
            f"the box extends outside the photo: x {box.x_min:.4g} to {box.x_max:.4g}, "
            f"y {box.y_min:.4g} to {box.y_max:.4g}; expected fractions of the photo, 0 to 1"
        )
    clipped = Box(*(min(max(edge, 0.0), 1.0) for edge in box))
    if clipped.width <= 0 or clipped.height <= 0:
        raise InvalidLine(
            f"the box has no size: width {width:g}, height {height:g}; expected more than 0"
        )
    return clipped
