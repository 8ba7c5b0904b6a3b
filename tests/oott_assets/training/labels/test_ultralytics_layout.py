from pathlib import Path

import pytest
import yaml
from PIL import Image

from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_assets.training.labels.labelled_photos import LabelledPhoto, PhotoChanged
from oott_assets.training.labels.ultralytics_layout import write_ultralytics_data_set
from oott_fashion.garments import GARMENT_NAMES
from tests.oott_assets.training.labels.data_sets import COAT, add_photo, data_set, picture


def photos_in(folder: Path) -> list[LabelledPhoto]:
    return list(read_labelled(folder).photos)


def files_under(folder: Path) -> list[tuple[Path, int]]:
    return sorted((file, file.stat().st_mtime_ns) for file in folder.rglob("*"))


def copied(folder: Path) -> Path:
    """Replace the links in ``folder`` by copies, because links out of a data set are not read."""
    for link in folder.glob("*/images/*"):
        content = link.read_bytes()
        link.unlink()
        link.write_bytes(content)
    return folder


def test_a_written_data_set_is_read_back_unchanged(tmp_path: Path) -> None:
    data_set(tmp_path / "set", f"{COAT}21 0.123 0.456 0.111 0.222\n")
    add_photo(tmp_path / "set/valid/images", "bare.png", seed=3, lines="")
    photos = photos_in(tmp_path / "set")

    write_ultralytics_data_set(photos, tmp_path / "written")

    again = {photo.sha256: photo for photo in photos_in(copied(tmp_path / "written"))}
    assert len(again) == len(photos) == 3
    for photo in photos:
        copy = again[photo.sha256]
        assert copy._replace(file=photo.file, labels=()) == photo._replace(labels=())
        assert [label.garment for label in copy.labels] == [label.garment for label in photo.labels]
        for label, read in zip(photo.labels, copy.labels, strict=True):
            assert read.box == pytest.approx(label.box, abs=1e-4)


def test_data_yaml_names_the_garments_by_class_id(tmp_path: Path) -> None:
    data_yaml = write_ultralytics_data_set(
        photos_in(data_set(tmp_path / "set")), tmp_path / "written"
    )

    content = yaml.safe_load(data_yaml.read_text())

    assert content["names"] == dict(enumerate(GARMENT_NAMES))
    assert content["path"] == str(tmp_path / "written")


def test_nothing_is_written_to_the_folders_of_the_photos(tmp_path: Path) -> None:
    source = data_set(tmp_path / "set")
    before = files_under(source)

    write_ultralytics_data_set(photos_in(source), tmp_path / "written")

    assert files_under(source) == before
    # Ultralytics writes caches into these folders, so they cannot be links to the photos' folders.
    folders = [path for path in (tmp_path / "written").rglob("*") if path.is_dir()]
    assert not [folder for folder in folders if folder.is_symlink()]


def test_a_photo_that_is_listed_twice_is_written_twice(tmp_path: Path) -> None:
    source = data_set(tmp_path / "set")
    add_photo(source / "train/images", "c.jpg", seed=1, lines=COAT + COAT.replace("3", "4", 1))
    photos = photos_in(source)

    write_ultralytics_data_set(photos, tmp_path / "written")

    again = photos_in(copied(tmp_path / "written"))
    assert [photo.sha256 for photo in again].count(photos[0].sha256) == 2
    assert sorted(len(photo.labels) for photo in again) == [1, 1, 2]


def test_a_data_set_replaces_the_earlier_one(tmp_path: Path) -> None:
    photos = photos_in(data_set(tmp_path / "set"))
    write_ultralytics_data_set(photos, tmp_path / "written")

    write_ultralytics_data_set(photos[:1], tmp_path / "written")

    assert [file.name for file in (tmp_path / "written").glob("*/images/*")] == [
        f"{photos[0].sha256[:32]}-1.jpg"
    ]


def test_a_photo_with_a_suffix_that_ultralytics_does_not_know_is_linked_as_jpg(
    tmp_path: Path,
) -> None:
    source = data_set(tmp_path / "set")
    (source / "train/images/a.jpg").rename(source / "train/images/a.jfif")

    write_ultralytics_data_set(photos_in(source), tmp_path / "written")

    suffixes = [file.suffix for file in (tmp_path / "written").glob("*/images/*")]
    assert suffixes == [".jpg", ".jpg"]


@pytest.mark.parametrize("kind", ["GIF", "HEIF"])
def test_a_photo_that_ultralytics_cannot_read_is_written_as_jpeg(tmp_path: Path, kind: str) -> None:
    source = data_set(tmp_path / "set")
    picture(1).save(source / "train/images/a.jpg", kind)

    write_ultralytics_data_set(photos_in(source), tmp_path / "written")

    [file] = (tmp_path / "written").glob("train/images/*")
    with Image.open(file) as image:
        assert (file.suffix, image.format, image.size) == (".jpg", "JPEG", picture(1).size)


def test_without_photos_the_folders_are_empty(tmp_path: Path) -> None:
    data_yaml = write_ultralytics_data_set([], tmp_path / "written")

    assert data_yaml.is_file()
    assert sorted(folder.name for folder in (tmp_path / "written").glob("*/*")) == [
        "images",
        "images",
        "labels",
        "labels",
    ]


def test_a_missing_or_changed_photo_stops_the_writing(tmp_path: Path) -> None:
    photos = photos_in(data_set(tmp_path / "set"))
    photos[0].file.write_bytes(b"another photo")
    with pytest.raises(PhotoChanged, match=r"a\.jpg has changed since it was labelled"):
        write_ultralytics_data_set(photos, tmp_path / "written")

    photos[0].file.unlink()
    with pytest.raises(PhotoChanged, match=r"a\.jpg cannot be read \(No such file or directory\)"):
        write_ultralytics_data_set(photos, tmp_path / "written")
