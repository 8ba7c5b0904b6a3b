"""JSON exports. ``label_studio_export.json`` is one of Label Studio 1.23.2, made from drawn photos.

docs/label_studio_loop.py made it: task 1 has two corrected boxes, task 2 the detector's boxes and
task 3 none. Task 4 was skipped, task 5 labelled twice, and nobody labelled tasks 6 and 7.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oott_assets.training.labels.labelled_data_set import ReadLabels, read_labelled
from oott_assets.training.labels.labelled_photos import LabelledPhoto
from tests.oott_assets.training.labels.data_sets import HEIGHT, WIDTH, picture

RECORDED = Path(__file__).with_name("label_studio_export.json")
Change = Callable[[list[dict[str, Any]]], object]


def photo_of(folder: Path, task: dict[str, Any]) -> Path:
    return Path(folder.parent, task["data"]["image"].removeprefix("/data/local-files/?d="))


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """The folder of all batches, with the recorded export and a picture for each task."""
    folder = tmp_path / "label-tasks"
    for number, task in enumerate(json.loads(RECORDED.read_text())):
        photo = photo_of(folder, task)
        photo.parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(photo, "BMP")
    (folder / "project-1.json").write_bytes(RECORDED.read_bytes())
    return folder


def change(folder: Path, edit: Change, name: str = "project-1.json") -> Path:
    """Write the recorded export, changed by ``edit``."""
    tasks = json.loads(RECORDED.read_text())
    edit(tasks)
    (folder / name).write_text(json.dumps(tasks))
    return folder


def of_task(read: ReadLabels, number: int) -> LabelledPhoto:
    sha256 = json.loads(RECORDED.read_text())[number - 1]["data"]["sha256"]
    [photo] = [photo for photo in read.photos if photo.file.stem == sha256]
    return photo


def only_problem(folder: Path) -> str:
    problems = [
        f"{problem.file}: {problem.what}"
        for problem in read_labelled(folder).problems
        if "no labelled photo in" not in problem.what
    ]
    assert len(problems) == 1, problems
    return problems[0]


def test_a_corrected_box_has_the_garment_and_place_that_a_person_gave(exported: Path) -> None:
    read = read_labelled(exported)

    assert read.data_sets == ((str(exported), "Label Studio export (JSON)"),)
    first, second, *_ = of_task(read, 1).labels
    assert first.garment == "coat"
    assert (second.box.x_min, second.box.x_max) == pytest.approx((0.3 * WIDTH, 0.7 * WIDTH))
    assert 0 < first.box.y_min < first.box.y_max < HEIGHT
    assert {(label.confidence, label.origin) for label in of_task(read, 1).labels} == {
        (1.0, "main_data")
    }


def test_submitted_tasks_are_read_and_one_without_boxes_shows_no_garment(exported: Path) -> None:
    read = read_labelled(exported)

    assert len(read.photos) == 4
    assert len(of_task(read, 2).labels) == 5
    assert of_task(read, 3).labels == ()


def test_skipped_and_unlabelled_tasks_are_left_out_and_counted(exported: Path) -> None:
    remarks = read_labelled(exported).remarks

    assert "label-tasks: tasks left out, skipped by a person: 1" in remarks
    assert "label-tasks: tasks left out, without labels: 2" in remarks


def test_the_last_of_two_annotations_counts(exported: Path) -> None:
    assert len(of_task(read_labelled(exported), 5).labels) == 2


def test_an_annotation_that_is_marked_as_ground_truth_has_precedence(exported: Path) -> None:
    change(exported, lambda tasks: tasks[4]["annotations"][0].update(ground_truth=True))

    assert len(of_task(read_labelled(exported), 5).labels) == 1


def test_a_photo_that_was_skipped_after_it_was_labelled_is_left_out(exported: Path) -> None:
    def skip(tasks: list[dict[str, Any]]) -> None:
        skipped = {"updated_at": "2027-01-01T00:00:00Z", "was_cancelled": True, "result": []}
        tasks[1]["annotations"].append(tasks[1]["annotations"][0] | skipped)

    assert len(read_labelled(change(exported, skip)).photos) == 3


@pytest.mark.parametrize("name", ["a-later-export.json", "project-2.json"])
def test_of_two_exports_the_annotation_that_was_changed_last_counts(
    exported: Path, name: str
) -> None:
    def correct(tasks: list[dict[str, Any]]) -> None:
        [annotation] = tasks[0]["annotations"]
        annotation["updated_at"] = "2027-01-01T00:00:00Z"
        annotation["result"] = annotation["result"][:1]

    read = read_labelled(change(exported, correct, name))

    assert len(read.photos) == 4
    assert len(of_task(read, 1).labels) == 1


def test_a_photo_that_was_deleted_is_left_out_and_counted(exported: Path) -> None:
    photo_of(exported, json.loads(RECORDED.read_text())[1]).unlink()

    read = read_labelled(exported)

    assert len(read.photos) == 3
    assert "label-tasks: tasks left out, whose photo was deleted: 1" in read.remarks


def test_the_folder_of_all_batches_can_be_renamed(exported: Path) -> None:
    assert len(read_labelled(exported.rename(exported.with_name("moved"))).photos) == 4


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("/data/upload/1/0a1b2c3d-look.jpg", "'/data/upload/1/0a1b2c3d-look.jpg'"),
        ("/data/local-files/?d=label-tasks/another-batch/photos/a.jpg", "another-batch"),
        ("/data/local-files/?d=label-tasks/../../etc/passwd", "passwd"),
    ],
)
def test_a_photo_outside_the_folder_of_the_export_is_a_problem(
    exported: Path, image: str, found: str
) -> None:
    change(exported, lambda tasks: tasks[0]["data"].update(image=image))

    problem = only_problem(exported)

    assert problem.startswith("project-1.json: task 1: its photo ")
    assert "is not below the folder of the export" in problem
    assert found in problem


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (
            lambda box: box["value"].update(rectanglelabels=["vest"]),
            "task 1: a box has the labels ['vest']; expected one of blazer, ",
        ),
        (
            lambda box: box["value"].update(rectanglelabels=[]),
            "task 1: a box has the labels []; expected one of blazer, ",
        ),
        (
            lambda box: box["value"].update(rotation=12.5),
            "task 1: a box or the photo is rotated; set the rotation to 0",
        ),
        (
            lambda box: box.update(image_rotation=90),
            "task 1: a box or the photo is rotated; set the rotation to 0",
        ),
        (
            lambda box: box["value"].update(width=90),
            "task 1: the box extends outside the photo: x ",
        ),
        (
            lambda box: box["value"].update(height=0),
            "task 1: the box has no size: ",
        ),
        (
            lambda box: box.update(type="polygonlabels"),
            "task 1: a result of type 'polygonlabels'; draw boxes instead",
        ),
    ],
    ids=["garment", "no garment", "rotated", "photo rotated", "outside", "no size", "polygon"],
)
def test_a_box_that_is_no_garment_box_is_a_problem(
    exported: Path, edit: Callable[[dict[str, Any]], object], what: str
) -> None:
    change(exported, lambda tasks: edit(tasks[0]["annotations"][0]["result"][0]))

    assert only_problem(exported).startswith(f"project-1.json: {what}")


def test_answers_about_the_whole_photo_are_ignored(exported: Path) -> None:
    answer = {"type": "choices", "from_name": "c", "value": {"choices": ["blurred"]}}
    change(exported, lambda tasks: tasks[0]["annotations"][0]["result"].append(answer))

    assert len(of_task(read_labelled(exported), 1).labels) == 7


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('[{"id": 1, "image": "a.jpg", "garment": []}]', "0.data: Field required"),
        ("{}", "the file: Input should be a valid array"),
        ("not JSON", "the file: Invalid JSON"),
    ],
    ids=["JSON-MIN", "a mapping", "no JSON"],
)
def test_another_json_file_is_a_problem(exported: Path, content: str, where: str) -> None:
    (exported / "project-1.json").write_text(content)

    problem = only_problem(exported)

    assert problem.startswith(f"project-1.json: is not a JSON export of Label Studio ({where}")
    assert problem.endswith("export the project in the format JSON, not JSON-MIN")
