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
    write_page,
)

BOTH = ["a.jpg", "b.jpg"]


def test_photos_come_with_their_split(tmp_path: Path) -> None:
    read = read_labelled(data_set(tmp_path))

    assert read.kind == "YOLO data set"
    assert read.problems == ()
    assert [(photo.file, photo.split) for photo in read.photos] == [
        (tmp_path / "train/images/a.jpg", "train"),
        (tmp_path / "valid/images/b.jpg", "valid"),
    ]


@pytest.mark.parametrize(
    "said",
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
def test_the_page_may_be_written_as_tools_write_it(tmp_path: Path, said: dict[str, object]) -> None:
    write_page(data_set(tmp_path), **said)

    read = read_labelled(tmp_path)

    assert read.problems == ()
    assert names_of(read) == BOTH


def test_entries_count_from_path_where_there_is_one(tmp_path: Path) -> None:
    data_set(tmp_path / "photos")
    page_folder = tmp_path / "page"
    page_folder.mkdir()
    write_page(page_folder, path=str(tmp_path / "photos"))

    assert names_of(read_labelled(page_folder)) == BOTH


def test_an_absolute_entry_needs_no_path(tmp_path: Path) -> None:
    write_page(data_set(tmp_path), train=str(tmp_path / "train/images"))

    assert names_of(read_labelled(tmp_path)) == BOTH


def test_labels_lie_beside_the_last_folder_called_images(tmp_path: Path) -> None:
    root = tmp_path / "images"
    for split, seed in (("train", 1), ("valid", 2)):
        photo = add_photo(root / "images" / split, f"{split}.jpg", seed, lines=None)
        (root / "labels" / split).mkdir(parents=True)
        (root / "labels" / split / photo.name).with_suffix(".txt").write_text("")
    write_page(root, train="images/train", val="images/valid")

    assert names_of(read_labelled(root)) == ["train.jpg", "valid.jpg"]


def test_23_classes_are_a_problem_that_names_the_missing_one(tmp_path: Path) -> None:
    write_page(data_set(tmp_path), names=list(GARMENT_NAMES[:-1]))

    assert problems_in(tmp_path) == [
        "data.yaml: names has 23 classes; expected OOTT's 24 garments by class id "
        "(missing: sandals; unknown: none)"
    ]


def test_classes_of_another_detector_are_named_but_not_all(tmp_path: Path) -> None:
    write_page(data_set(tmp_path), names=["person", *(f"thing {n}" for n in range(79))])

    [problem] = problems_in(tmp_path)

    assert "names has 80 classes" in problem
    assert "unknown: person, thing 0, thing 1, thing 2, thing 3, 75 more" in problem


def test_another_order_is_a_problem_that_names_its_first_class(tmp_path: Path) -> None:
    write_page(data_set(tmp_path), names=sorted(GARMENT_NAMES))

    assert problems_in(tmp_path) == [
        "data.yaml: names has 'cardigan' as class 1; expected 'denim jacket': "
        "bring names and class ids into OOTT's order"
    ]


def test_names_counted_from_1_are_a_problem(tmp_path: Path) -> None:
    write_page(data_set(tmp_path), names=dict(enumerate(GARMENT_NAMES, start=1)))

    [problem] = problems_in(tmp_path)

    assert "names has None as class 0; expected 'blazer'" in problem


@pytest.mark.parametrize("names", [None, "blazer", ""])
def test_a_page_without_a_list_of_names_is_a_problem(tmp_path: Path, names: str | None) -> None:
    write_page(data_set(tmp_path), names=names)

    assert problems_in(tmp_path) == [
        "data.yaml: names is no list; expected OOTT's 24 garments by class id"
    ]


def test_where_names_are_wrong_no_label_is_read(tmp_path: Path) -> None:
    write_page(data_set(tmp_path, lines="no label"), names=[])

    read = read_labelled(tmp_path)

    assert len(read.problems) == 1
    assert read.photos == ()


@pytest.mark.parametrize(("key", "said"), [("train", {"train": None}), ("val", {"val": None})])
def test_a_page_without_a_split_is_a_problem(
    tmp_path: Path, key: str, said: dict[str, object]
) -> None:
    write_page(data_set(tmp_path), **said)

    assert problems_in(tmp_path) == [
        f"data.yaml: has no {key}; expected train and val, each the path of a folder of photos"
    ]


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("gone/images", "train is 'gone/images', no folder under path or beside data.yaml"),
        ("data.yaml", "train is 'data.yaml', no folder under path or beside data.yaml"),
        ("train/labels", "train is 'train/labels'; expected a folder images, with labels beside"),
        ({"a": "b"}, "train is no path"),
        ([["train/images"]], "train is no path"),
    ],
)
def test_an_entry_that_is_no_folder_of_images_is_a_problem(
    tmp_path: Path, entry: object, what: str
) -> None:
    write_page(data_set(tmp_path), train=entry)

    [problem] = problems_in(tmp_path)

    assert problem.startswith(f"data.yaml: {what}")


def test_one_folder_for_both_splits_is_a_problem(tmp_path: Path) -> None:
    write_page(data_set(tmp_path), val="train/images")

    assert problems_in(tmp_path) == [
        "data.yaml: train and val are both train/images; expected a folder each"
    ]


@pytest.mark.parametrize("split", ["train", "valid"])
def test_a_split_without_photos_is_a_problem(tmp_path: Path, split: str) -> None:
    for file in [*data_set(tmp_path).glob(f"{split}/*/*")]:
        file.unlink()

    [problem] = problems_in(tmp_path)

    assert f"no labelled photo in {split}; expected photos in train and in valid" in problem


def test_a_test_split_is_not_read_and_that_is_said(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "test/images", "c.jpg", seed=3, lines="no label")
    write_page(tmp_path, test="test/images")

    read = read_labelled(tmp_path)

    assert names_of(read) == BOTH
    assert "data.yaml: test is not read; OOTT trains on train and measures on valid" in read.remarks


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"names: [blazer", "is no YAML: "),
        (b"[" * 50_000, "is no YAML: "),
        (b"", "is no YAML mapping"),
        (b"- names", "is no YAML mapping"),
        (b"names: \xff", "is not UTF-8 text"),
        (b"#" * 1_000_001, "has 1,000,001 bytes"),
    ],
    ids=["damaged", "deep", "empty", "list", "latin-1", "large"],
)
def test_a_page_that_cannot_be_read_is_a_problem(tmp_path: Path, content: bytes, what: str) -> None:
    (data_set(tmp_path) / "data.yaml").write_bytes(content)

    [problem] = problems_in(tmp_path)

    assert re.match(re.escape(f"data.yaml: {what}") + "[^\n]*$", problem)
