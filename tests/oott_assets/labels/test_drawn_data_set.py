"""Drawn data sets, by their command and beside others."""

import subprocess
import sys
from pathlib import Path

import pytest

from oott_assets.labels.drawn_data_set import draw_photos, write_data_set
from oott_assets.labels.inspection import read_labelled
from oott_assets.labels.labelled_photos import in_split, version_of


def test_a_drawn_data_set_is_one_that_people_might_have_labelled(tmp_path: Path) -> None:
    write_data_set(tmp_path, train=4, valid=2)

    read = read_labelled(tmp_path)

    assert read.problems == ()
    assert len(in_split(read.photos, "train")) == 4
    assert len(in_split(read.photos, "valid")) == 2
    assert all(photo.labels for photo in read.photos)


def test_the_same_photos_are_drawn_again_and_others_to_validate_with(tmp_path: Path) -> None:
    once, again = (draw_photos(tmp_path / name, 2, "train") for name in ("once", "again"))
    valid = draw_photos(tmp_path / "valid", 2, "valid")

    assert version_of(once) == version_of(again)
    assert {photo.sha256 for photo in once}.isdisjoint(photo.sha256 for photo in valid)


def test_a_drawn_photo_cut_short_is_drawn_anew(tmp_path: Path) -> None:
    [photo] = draw_photos(tmp_path, 1, "train")
    photo.file.write_bytes(photo.file.read_bytes()[:100])

    [again] = draw_photos(tmp_path, 1, "train")

    assert again == photo
    assert len(photo.file.read_bytes()) > 1000


@pytest.mark.parametrize("count", ["0", "-3"])
def test_the_command_refuses_an_empty_split(tmp_path: Path, count: str) -> None:
    command = [sys.executable, "-m", "oott_assets.labels.drawn_data_set", str(tmp_path / "set")]
    refused = subprocess.run([*command, "--valid", count], capture_output=True, text=True)

    assert refused.returncode == 1
    assert "at least one photo" in refused.stderr
    assert not (tmp_path / "set").exists()
