"""Writes what Label Studio imports: the labelling interface, and a task for each photo.

Source: https://labelstud.io/guide/predictions and https://labelstud.io/tags/rectanglelabels.
"""

import colorsys
import json
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

from oott_assets.training.labels.labelled_photos import Label
from oott_fashion.garments import GARMENT_NAMES

# A result of an annotation names the tags of the interface that made it.
BOXES_TAG, PHOTO_TAG = "garment", "photo"

# The settings of a project name the model whose boxes are shown to correct. All versions of the
# detector have this one name, so that a person sets it once. The task's data has the version.
MODEL = "OOTT"

_SHOES = "Draw one box around each shoe. If the photo shows no garment, submit it without boxes."


class PhotoTask(NamedTuple):
    """A photo to label: its copy in a batch, why it was chosen, and the detector's boxes.

    ``blob`` is the path of the copy in the folder of all batches. Width and height are in pixels.
    """

    blob: str
    sha256: str
    destination: str
    month: str
    reason: str
    why: str
    width: int
    height: int
    labels: tuple[Label, ...]


def labelling_interface() -> bytes:
    """Write the XML of the labelling interface, with a label in its own colour for each garment."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Header", value="$why", size="5")
    ElementTree.SubElement(view, "Text", name="note", value=_SHOES)
    columns = ElementTree.SubElement(view, "View", style="display: flex; gap: 1em")
    left = ElementTree.SubElement(columns, "View", style="flex: 1")
    # The whole photo is visible without scrolling.
    ElementTree.SubElement(
        left, "Image", name=PHOTO_TAG, value="$image", height="68vh", zoomControl="true"
    )
    right = ElementTree.SubElement(columns, "View", style="flex: 0 0 21em")
    labels = ElementTree.SubElement(
        right, "RectangleLabels", name=BOXES_TAG, toName=PHOTO_TAG, canRotate="false"
    )
    for garment, colour in zip(GARMENT_NAMES, _distinct_colours(len(GARMENT_NAMES)), strict=True):
        ElementTree.SubElement(labels, "Label", value=garment, background=colour)
    ElementTree.indent(view)
    return ElementTree.tostring(view) + b"\n"


def tasks_file(tasks: Sequence[PhotoTask], folder: str, detector_version: str) -> bytes:
    """Write ``tasks`` as the JSON that Label Studio imports; boxes are predictions to correct.

    Args:
        folder: the name of the folder of all batches. Label Studio serves the files in the folder
            around it, because it serves only files in subfolders.
    """
    content = [_task(task, folder, detector_version) for task in tasks]
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def _task(task: PhotoTask, folder: str, detector_version: str) -> dict[str, object]:
    # The least confident box decides, so that sorting by score shows doubtful photos first.
    score = min((label.confidence for label in task.labels), default=0.0)
    return {
        "data": {
            "image": f"/data/local-files/?d={quote(f'{folder}/{task.blob}')}",
            "why": task.why,
            "reason": task.reason,
            "destination": task.destination,
            "month": task.month,
            "sha256": task.sha256,
            "detector": detector_version,
        },
        "predictions": [
            {
                "model_version": MODEL,
                "score": round(score, 4),
                "result": [
                    _result(number, label, task) for number, label in enumerate(task.labels)
                ],
            }
        ],
    }


def _result(number: int, label: Label, task: PhotoTask) -> dict[str, object]:
    box = label.box
    return {
        "id": f"box-{number}",
        "type": "rectanglelabels",
        "from_name": BOXES_TAG,
        "to_name": PHOTO_TAG,
        "original_width": task.width,
        "original_height": task.height,
        "image_rotation": 0,
        "score": round(label.confidence, 4),
        "value": {
            # Label Studio counts in percent of the photo.
            "x": 100 * box.x_min / task.width,
            "y": 100 * box.y_min / task.height,
            "width": 100 * box.width / task.width,
            "height": 100 * box.height / task.height,
            "rotation": 0,
            "rectanglelabels": [label.garment],
        },
    }


def _distinct_colours(count: int) -> list[str]:
    """Give ``count`` colours, #rrggbb; neighbours differ in hue and in lightness."""
    colours = []
    for number in range(count):
        # Steps of 7/24 of the circle put similar hues far apart in the list.
        hue, lightness = number * 7 / count % 1, (0.38, 0.52, 0.66)[number % 3]
        channels = colorsys.hls_to_rgb(hue, lightness, 0.75)
        colours.append("#" + "".join(f"{round(255 * channel):02x}" for channel in channels))
    return colours
