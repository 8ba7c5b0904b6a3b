"""Reads YOLO label files into labels in pixels of the upright photo."""

import math
import reprlib
from collections.abc import Mapping
from pathlib import Path

from oott_assets.photos.sources.photo_files import UnreadableFile
from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.fraction_boxes import InvalidLabel, box_in_pixels
from oott_assets.training.labels.labelled_photos import BY_PEOPLE, Label
from oott_assets.training.labels.photo_label_pairs import read_text
from oott_fashion.vision.detections import Box

_BOX = "class id, x and y of the centre, width and height"


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
        except InvalidLabel as error:
            findings.add_problem(file, f"line {number}: {error}")
    distinct = tuple(dict.fromkeys(labels))
    if len(distinct) < len(labels):
        findings.add_remark(file, f"duplicate boxes ignored: {len(labels) - len(distinct)}")
    return distinct


def _label_of(line: str, garments: Mapping[str, str], width: int, height: int) -> Label:
    written_id, *fractions = line.split()
    # Programs that save a table of numbers write class 3 as 3.0.
    class_id, _, zeros = written_id.partition(".")
    if len(fractions) != 4:
        raise InvalidLabel(_wrong_count(len(fractions)))
    if class_id not in garments or zeros.strip("0"):
        raise InvalidLabel(
            f"class id {reprlib.repr(written_id)} is unknown; expected 0 to {len(garments) - 1}"
        )
    centre_x, centre_y, box_width, box_height = map(_number, fractions)
    box = Box(
        centre_x - box_width / 2,
        centre_y - box_height / 2,
        centre_x + box_width / 2,
        centre_y + box_height / 2,
    )
    return Label(garments[class_id], box_in_pixels(box, width, height), 1.0, BY_PEOPLE)


def _wrong_count(fractions: int) -> str:
    if fractions >= 6 and fractions % 2 == 0:
        return (
            f"a polygon of {fractions // 2} points; expected a box ({_BOX}); "
            "export boxes, not polygons"
        )
    if fractions == 5:
        return (
            "a confidence after the box; a detector wrote this, and OOTT expects labels of people"
        )
    return f"numbers found: {fractions + 1}; expected 5 ({_BOX})"


def _number(fraction: str) -> float:
    try:
        number = float(fraction)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidLabel(
            f"{reprlib.repr(fraction)} is not a number; expected a fraction of the photo, 0 to 1"
        )
    return number
