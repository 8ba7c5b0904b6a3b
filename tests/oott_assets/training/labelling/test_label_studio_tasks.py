import json
from xml.etree import ElementTree

import pytest

from oott_assets.training.labelling.label_studio_tasks import (
    PhotoTask,
    labelling_interface,
    tasks_file,
)
from oott_assets.training.labels.labelled_photos import Label
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box

TASK = PhotoTask(
    blob="2026-11-02/photos/hongdae/2026-10/aa.jpg",
    sha256="aa",
    destination="hongdae",
    month="2026-10",
    reason="uncertain",
    why="The detector is not sure.",
    width=200,
    height=400,
    labels=(
        Label("coat", Box(20, 40, 120, 240), 0.91, "detector"),
        Label("sneakers", Box(50, 360, 80, 400), 0.32, "detector"),
    ),
)


def test_the_interface_has_a_label_in_its_own_colour_for_every_garment() -> None:
    labels = ElementTree.fromstring(labelling_interface()).findall(".//Label")

    assert tuple(label.get("value") for label in labels) == GARMENT_NAMES
    assert len({label.get("background") for label in labels}) == len(GARMENT_NAMES)


def test_the_interface_shows_the_photo_and_why_it_was_chosen() -> None:
    view = ElementTree.fromstring(labelling_interface())
    shown = {element.get("value") for element in view.iter()}

    assert {"$image", "$why"} <= shown
    [boxes], [photo] = view.findall(".//RectangleLabels"), view.findall(".//Image")
    assert boxes.get("toName") == photo.get("name")


def test_a_task_has_its_photo_and_the_boxes_in_percent() -> None:
    [task] = json.loads(tasks_file([TASK], "label-tasks", "v1"))

    assert task["data"] == {
        "image": "/data/local-files/?d=label-tasks/2026-11-02/photos/hongdae/2026-10/aa.jpg",
        "why": "The detector is not sure.",
        "reason": "uncertain",
        "destination": "hongdae",
        "month": "2026-10",
        "sha256": "aa",
        "detector": "v1",
    }
    [prediction] = task["predictions"]
    coat, sneaker = prediction["result"]
    assert coat["value"] == {
        "x": 10,
        "y": 10,
        "width": 50,
        "height": 50,
        "rotation": 0,
        "rectanglelabels": ["coat"],
    }
    assert (coat["score"], sneaker["score"]) == (0.91, 0.32)
    assert prediction["score"] == pytest.approx(0.32)


def test_predictions_use_the_tags_of_the_interface() -> None:
    [task] = json.loads(tasks_file([TASK], "label-tasks", "v1"))
    names = {
        element.get("name") for element in ElementTree.fromstring(labelling_interface()).iter()
    }

    for result in task["predictions"][0]["result"]:
        assert {result["from_name"], result["to_name"]} <= names


def test_a_folder_with_a_space_is_quoted_in_the_address() -> None:
    [task] = json.loads(tasks_file([TASK], "라벨 tasks", "v1"))

    assert task["data"]["image"].startswith("/data/local-files/?d=%EB%9D%BC%EB%B2%A8%20tasks/")


def test_a_photo_without_boxes_is_a_task_too() -> None:
    [task] = json.loads(tasks_file([TASK._replace(labels=())], "label-tasks", "v1"))

    assert task["predictions"][0]["result"] == []
