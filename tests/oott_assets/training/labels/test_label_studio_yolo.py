from pathlib import Path

import pytest

from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_assets.training.labels.labelled_photos import in_split
from tests.oott_assets.training.labels.data_sets import add_photo, picture, problems_in

CLASSES = "coat\nsandals\nshirt\n"


def export(folder: Path, photos: int = 20, classes: str = CLASSES) -> Path:
    """Write a Label Studio export; with 20 photos, both splits get some."""
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for number in range(photos):
        # Every version of Pillow writes the same bitmap, so the hash and the split never change.
        add_photo(folder / "images", f"{number:02}.bmp", number, "1 0.5 0.5 0.25 0.5\n")
    (folder / "classes.txt").write_text(classes)
    (folder / "notes.json").write_text("{}")
    return folder


def test_class_ids_follow_the_classes_file_of_the_export(tmp_path: Path) -> None:
    read = read_labelled(export(tmp_path))

    assert read.data_sets == ((str(tmp_path), "Label Studio export (YOLO)"),)
    assert read.problems == ()
    assert {label.garment for photo in read.photos for label in photo.labels} == {"sandals"}


def test_all_photos_are_kept_and_both_splits_get_some(tmp_path: Path) -> None:
    read = read_labelled(export(tmp_path))

    assert len(read.photos) == 20
    assert 0 < len(in_split(read.photos, "valid")) < 10


def test_a_renamed_photo_stays_in_its_split(tmp_path: Path) -> None:
    before = {photo.sha256: photo.split for photo in read_labelled(export(tmp_path)).photos}

    for file in [*tmp_path.glob("images/*"), *tmp_path.glob("labels/*")]:
        file.rename(file.with_stem(f"{99 - int(file.stem)}"))

    assert {photo.sha256: photo.split for photo in read_labelled(tmp_path).photos} == before


def test_one_picture_under_two_names_is_in_one_split(tmp_path: Path) -> None:
    export(tmp_path)
    for number in range(20):
        picture(number).save(tmp_path / f"images/copy-of-{number:02}.jpg")
        (tmp_path / f"labels/copy-of-{number:02}.txt").write_text("")

    read = read_labelled(tmp_path)
    split = {photo.file.stem: photo.split for photo in read.photos}

    assert len(split) == 40
    assert read.leaked == ()
    assert all(split[f"copy-of-{number:02}"] == split[f"{number:02}"] for number in range(20))


def test_unknown_garment_names_are_a_problem(tmp_path: Path) -> None:
    export(tmp_path, classes="coat\nvest\nCape\n")

    [problem] = problems_in(tmp_path)

    assert problem.startswith("classes.txt: has unknown garments: 'vest', 'Cape'; expected blazer")


def test_an_empty_classes_file_is_a_problem(tmp_path: Path) -> None:
    assert problems_in(export(tmp_path, classes="\n")) == [
        "classes.txt: is empty; expected one garment name per line"
    ]


def test_white_space_and_windows_line_ends_are_ignored(tmp_path: Path) -> None:
    assert problems_in(export(tmp_path, classes="coat \r\n sandals\r\n\r\n")) == []


def test_a_class_id_outside_the_list_is_a_problem(tmp_path: Path) -> None:
    problems = problems_in(export(tmp_path, classes="coat\n"))

    assert len(problems) >= 20
    assert problems[0] == "labels/00.txt: line 1: class id '1' is unknown; expected 0 to 0"


def test_too_few_photos_for_validation_are_a_problem(tmp_path: Path) -> None:
    [problem] = problems_in(export(tmp_path, photos=1))

    assert "one fifth of the 1 photos is assigned to valid by content hash; label" in problem


@pytest.mark.parametrize("gone", ["images", "labels"])
def test_an_export_without_photos_or_labels_is_a_problem(tmp_path: Path, gone: str) -> None:
    export(tmp_path, photos=0)
    (tmp_path / gone).rmdir()

    assert problems_in(tmp_path)[0].startswith(
        f"{gone}: is not a folder; expected photos in images"
    )


def test_a_classes_file_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    (export(tmp_path) / "classes.txt").write_bytes(b"caf\xe9")

    assert problems_in(tmp_path) == ["classes.txt: is not UTF-8 text; save it as UTF-8"]
