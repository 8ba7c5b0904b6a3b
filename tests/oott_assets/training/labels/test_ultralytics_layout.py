from pathlib import Path

import pytest
import yaml

from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_assets.training.labels.labelled_photos import LabelledPhoto, PhotoChanged
from oott_assets.training.labels.ultralytics_layout import lay_out
from oott_fashion.garments import GARMENT_NAMES
from tests.oott_assets.training.labels.data_sets import COAT, add_photo, data_set


def photos_in(folder: Path) -> list[LabelledPhoto]:
    return list(read_labelled(folder).photos)


def files_under(folder: Path) -> list[tuple[Path, int]]:
    return sorted((file, file.stat().st_mtime_ns) for file in folder.rglob("*"))


def test_what_is_laid_out_is_read_back_as_it_was(tmp_path: Path) -> None:
    data_set(tmp_path / "set", f"{COAT}21 0.123 0.456 0.111 0.222\n")
    add_photo(tmp_path / "set/valid/images", "bare.png", seed=3, lines="")
    photos = photos_in(tmp_path / "set")

    lay_out(photos, tmp_path / "laid-out")

    again = {photo.sha256: photo for photo in photos_in(tmp_path / "laid-out")}
    assert len(again) == len(photos) == 3
    for photo in photos:
        copy = again[photo.sha256]
        assert copy._replace(file=photo.file, labels=()) == photo._replace(labels=())
        assert [label.garment for label in copy.labels] == [it.garment for it in photo.labels]
        for label, read in zip(photo.labels, copy.labels, strict=True):
            assert read.box == pytest.approx(label.box, abs=1e-4)


def test_the_page_names_the_garments_by_class_id(tmp_path: Path) -> None:
    page = lay_out(photos_in(data_set(tmp_path / "set")), tmp_path / "laid-out")

    said = yaml.safe_load(page.read_text())

    assert said["names"] == dict(enumerate(GARMENT_NAMES))
    assert said["path"] == str(tmp_path / "laid-out")


def test_nothing_is_written_where_the_photos_lie(tmp_path: Path) -> None:
    source = data_set(tmp_path / "set")
    before = files_under(source)

    lay_out(photos_in(source), tmp_path / "laid-out")

    assert files_under(source) == before
    # Ultralytics writes its caches into the folders that it is given.
    folders = [it for it in (tmp_path / "laid-out").rglob("*") if it.is_dir()]
    assert not [folder for folder in folders if folder.is_symlink()]


def test_a_photo_that_is_there_twice_is_laid_out_twice(tmp_path: Path) -> None:
    source = data_set(tmp_path / "set")
    add_photo(source / "train/images", "c.jpg", seed=1, lines=COAT + COAT.replace("3", "4", 1))
    photos = photos_in(source)

    lay_out(photos, tmp_path / "laid-out")

    again = photos_in(tmp_path / "laid-out")
    assert [photo.sha256 for photo in again].count(photos[0].sha256) == 2
    assert sorted(len(photo.labels) for photo in again) == [1, 1, 2]


def test_laying_out_again_leaves_nothing_of_what_was_there(tmp_path: Path) -> None:
    photos = photos_in(data_set(tmp_path / "set"))
    lay_out(photos, tmp_path / "laid-out")

    lay_out(photos[:1], tmp_path / "laid-out")

    assert [file.name for file in (tmp_path / "laid-out").glob("*/images/*")] == [
        f"{photos[0].sha256[:32]}-1.jpg"
    ]


def test_no_photos_are_empty_folders_and_a_page(tmp_path: Path) -> None:
    page = lay_out([], tmp_path / "laid-out")

    assert page.is_file()
    assert sorted(it.name for it in (tmp_path / "laid-out").glob("*/*")) == [
        "images",
        "images",
        "labels",
        "labels",
    ]


def test_a_photo_that_is_gone_or_changed_is_not_laid_out(tmp_path: Path) -> None:
    photos = photos_in(data_set(tmp_path / "set"))
    photos[0].file.write_bytes(b"another photo")
    with pytest.raises(PhotoChanged, match=r"a\.jpg has changed since it was labelled"):
        lay_out(photos, tmp_path / "laid-out")

    photos[0].file.unlink()
    with pytest.raises(PhotoChanged, match=r"a\.jpg cannot be read \(No such file or directory\)"):
        lay_out(photos, tmp_path / "laid-out")
