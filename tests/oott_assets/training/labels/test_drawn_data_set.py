"""Tests the drawn data sets and the command that writes them."""

import subprocess
import sys
from pathlib import Path

import pytest

from oott_assets.training.labels.drawn_data_set import draw_photos, write_data_set
from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_assets.training.labels.labelled_photos import in_split, version_of


def test_a_drawn_data_set_is_read_like_one_that_people_labelled(tmp_path: Path) -> None:
    write_data_set(tmp_path, train=4, valid=2)

    read = read_labelled(tmp_path)

    assert read.problems == ()
    assert len(in_split(read.photos, "train")) == 4
    assert len(in_split(read.photos, "valid")) == 2
    assert all(photo.labels for photo in read.photos)


def test_drawing_is_repeatable_and_train_and_valid_differ(tmp_path: Path) -> None:
    once, again = (draw_photos(tmp_path / name, 2, "train") for name in ("once", "again"))
    valid = draw_photos(tmp_path / "valid", 2, "valid")

    assert version_of(once) == version_of(again)
    assert {photo.sha256 for photo in once}.isdisjoint(photo.sha256 for photo in valid)


def test_every_tenth_drawn_picture_shows_no_clothes(tmp_path: Path) -> None:
    photos = draw_photos(tmp_path, 20, "train")

    assert [index for index, photo in enumerate(photos) if not photo.labels] == [9, 19]


def test_a_truncated_drawn_photo_is_drawn_again(tmp_path: Path) -> None:
    [photo] = draw_photos(tmp_path, 1, "train")
    photo.file.write_bytes(photo.file.read_bytes()[:100])

    [again] = draw_photos(tmp_path, 1, "train")

    assert again == photo
    assert len(photo.file.read_bytes()) > 1000


def test_photos_beyond_the_new_count_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").touch()
    draw_photos(tmp_path, 3, "train")

    kept = draw_photos(tmp_path, 1, "train")

    assert {file.name for file in tmp_path.iterdir()} == {kept[0].file.name, "mine.jpg"}


def draw(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "oott_assets.training.labels.drawn_data_set",
        str(folder),
        *words,
    ]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_folder_that_is_not_empty_is_rejected_and_left_unchanged(tmp_path: Path) -> None:
    write_data_set(tmp_path / "set", train=3, valid=1)
    content = (tmp_path / "set/data.yaml").read_text()
    (tmp_path / "set/data.yaml").write_text(content + "# mine\n")

    failed = draw(tmp_path / "set", "--train", "1", "--valid", "1")

    assert failed.returncode == 1
    assert failed.stderr == (
        f"drawn_data_set: {tmp_path / 'set'} is not empty; choose a new folder, or delete this "
        "one first\n"
    )
    assert (tmp_path / "set/data.yaml").read_text().endswith("# mine\n")


def test_a_folder_that_cannot_be_created_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    failed = draw(tmp_path / "file/set")

    assert failed.returncode == 1
    [line] = failed.stderr.splitlines()
    assert line.startswith("drawn_data_set: ")
    assert "Not a directory" in line


@pytest.mark.parametrize("count", ["0", "-3"])
def test_the_command_rejects_an_empty_split(tmp_path: Path, count: str) -> None:
    failed = draw(tmp_path / "set", "--valid", count)

    assert failed.returncode == 1
    assert "at least one photo for training" in failed.stderr
    assert not (tmp_path / "set").exists()
