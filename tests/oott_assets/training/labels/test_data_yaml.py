import re
from pathlib import Path

import pytest

from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_fashion.garments import GARMENT_NAMES
from tests.oott_assets.training.labels.data_sets import (
    add_photo,
    data_set,
    names_of,
    problems_in,
    write_data_yaml,
)

BOTH = ["a.jpg", "b.jpg"]


def test_each_photo_has_the_split_of_its_folder(tmp_path: Path) -> None:
    read = read_labelled(data_set(tmp_path))

    assert read.data_sets == ((str(tmp_path), "YOLO data set"),)
    assert read.problems == ()
    assert [(photo.file, photo.split) for photo in read.photos] == [
        (tmp_path / "train/images/a.jpg", "train"),
        (tmp_path / "valid/images/b.jpg", "valid"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"names": dict(enumerate(GARMENT_NAMES))},
        {"val": None, "valid": "valid/images"},
        {"train": "../train/images", "val": "../valid/images"},
        {"train": "train", "val": "valid/"},
        {"train": ["train/images", "train/images"]},
        {"path": "."},
        {"path": "/mnt/disk-of-another-machine"},
        {"path": "/mnt/disk-of-another-machine", "train": "../train/images"},
    ],
    ids=str,
)
def test_the_variants_that_tools_write_are_read(tmp_path: Path, changes: dict[str, object]) -> None:
    write_data_yaml(data_set(tmp_path), **changes)

    read = read_labelled(tmp_path)

    assert read.problems == ()
    assert names_of(read) == BOTH


def test_entries_are_relative_to_path(tmp_path: Path) -> None:
    data_set(tmp_path / "photos")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    write_data_yaml(folder, path=str(tmp_path / "photos"))

    assert names_of(read_labelled(folder)) == BOTH


def test_an_absolute_entry_needs_no_path(tmp_path: Path) -> None:
    write_data_yaml(data_set(tmp_path), train=str(tmp_path / "train/images"))

    assert names_of(read_labelled(tmp_path)) == BOTH


def test_the_last_images_in_a_path_is_replaced_by_labels(tmp_path: Path) -> None:
    root = tmp_path / "images"
    for split, seed in (("train", 1), ("valid", 2)):
        photo = add_photo(root / "images" / split, f"{split}.jpg", seed, lines=None)
        (root / "labels" / split).mkdir(parents=True)
        (root / "labels" / split / photo.name).with_suffix(".txt").write_text("")
    write_data_yaml(root, train="images/train", val="images/valid")

    assert names_of(read_labelled(root)) == ["train.jpg", "valid.jpg"]


def test_23_classes_are_a_problem_and_the_missing_one_is_named(tmp_path: Path) -> None:
    write_data_yaml(data_set(tmp_path), names=list(GARMENT_NAMES[:-1]))

    assert problems_in(tmp_path) == [
        "data.yaml: names has 23 classes; expected OOTT's 24 garments by class id "
        "(missing: sandals; unknown: none)"
    ]


def test_only_the_first_five_unknown_classes_are_named(tmp_path: Path) -> None:
    write_data_yaml(data_set(tmp_path), names=["person", *(f"thing {n}" for n in range(79))])

    [problem] = problems_in(tmp_path)

    assert "names has 80 classes" in problem
    assert "unknown: person, thing 0, thing 1, thing 2, thing 3, 75 more" in problem


def test_another_order_is_a_problem_and_the_first_wrong_class_is_named(tmp_path: Path) -> None:
    write_data_yaml(data_set(tmp_path), names=sorted(GARMENT_NAMES))

    assert problems_in(tmp_path) == [
        "data.yaml: names has 'cardigan' as class 1; expected 'denim jacket': "
        "change names and class ids to OOTT's order"
    ]


def test_class_ids_that_start_at_1_are_a_problem(tmp_path: Path) -> None:
    write_data_yaml(data_set(tmp_path), names=dict(enumerate(GARMENT_NAMES, start=1)))

    [problem] = problems_in(tmp_path)

    assert "names has None as class 0; expected 'blazer'" in problem


@pytest.mark.parametrize("names", [None, "blazer", ""])
def test_a_data_yaml_without_a_list_of_names_is_a_problem(
    tmp_path: Path, names: str | None
) -> None:
    write_data_yaml(data_set(tmp_path), names=names)

    assert problems_in(tmp_path) == [
        "data.yaml: names is not a list; expected OOTT's 24 garments by class id"
    ]


def test_wrong_names_do_not_hide_other_problems_and_no_photo_is_given(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path, lines="24 0.5 0.5") / "train/images", "c.jpg", 3, lines=None)
    # With 25 names, class 24 is known.
    write_data_yaml(tmp_path, names=[*GARMENT_NAMES, "hat"])

    read = read_labelled(tmp_path)

    assert [problem.file for problem in read.problems] == [
        "data.yaml",
        "train/images/c.jpg",
        "train/labels/a.txt",
    ]
    assert read.problems[-1].what.startswith("line 1: numbers found: 3")
    assert read.photos == ()


@pytest.mark.parametrize(("key", "changes"), [("train", {"train": None}), ("val", {"val": None})])
def test_a_data_yaml_without_a_split_is_a_problem(
    tmp_path: Path, key: str, changes: dict[str, object]
) -> None:
    write_data_yaml(data_set(tmp_path), **changes)

    assert problems_in(tmp_path) == [
        f"data.yaml: has no {key}; expected train and val, each the path of a photo folder"
    ]


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("gone/images", "train is 'gone/images', but there is no such folder under path or next"),
        ("data.yaml", "train is 'data.yaml', a file; expected the path of a photo folder"),
        ("train/labels", "train is 'train/labels'; expected a folder named images, with a folder"),
        ({"a": "b"}, "train is not a path"),
        ([["train/images"]], "train is not a path"),
    ],
)
def test_an_entry_that_is_not_an_image_folder_is_a_problem(
    tmp_path: Path, entry: object, what: str
) -> None:
    write_data_yaml(data_set(tmp_path), train=entry)

    [problem] = problems_in(tmp_path)

    assert problem.startswith(f"data.yaml: {what}")


def test_the_same_folder_for_both_splits_is_a_problem(tmp_path: Path) -> None:
    write_data_yaml(data_set(tmp_path), val="train/images")

    assert problems_in(tmp_path) == [
        "data.yaml: train and val are both train/images; expected two different folders"
    ]


@pytest.mark.parametrize("split", ["train", "valid"])
def test_a_split_without_photos_is_a_problem(tmp_path: Path, split: str) -> None:
    for file in [*data_set(tmp_path).glob(f"{split}/*/*")]:
        file.unlink()

    [problem] = problems_in(tmp_path)

    assert f"has no labelled photo in {split}; expected photos in train and in valid" in problem


def test_a_test_split_is_ignored_with_a_remark(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "test/images", "c.jpg", seed=3, lines="no label")
    write_data_yaml(tmp_path, test="test/images")

    read = read_labelled(tmp_path)

    assert names_of(read) == BOTH
    assert "data.yaml: test is ignored; OOTT trains on train and measures on valid" in read.remarks


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"names: [blazer", "is not valid YAML: "),
        (b"[" * 2_000, "is not valid YAML: "),
        (b"", "is not a YAML mapping"),
        (b"- names", "is not a YAML mapping"),
        (b"names: \xff", "is not UTF-8 text"),
        (b"#" * 1_000_001, "has 1,000,001 bytes"),
    ],
    ids=["damaged", "deep", "empty", "list", "latin-1", "large"],
)
def test_an_unreadable_data_yaml_is_a_problem(tmp_path: Path, content: bytes, what: str) -> None:
    (data_set(tmp_path) / "data.yaml").write_bytes(content)

    [problem] = problems_in(tmp_path)

    assert re.match(re.escape(f"data.yaml: {what}") + "[^\n]*$", problem)
