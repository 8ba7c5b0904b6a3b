import os
import struct
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PIL import Image

from oott_assets.training.labels.labelled_data_set import LeftOut, read_labelled
from oott_assets.training.labels.opened_data_set import NotADataSet
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box
from tests.oott_assets.training.labels.data_sets import (
    COAT,
    HEIGHT,
    WIDTH,
    add_photo,
    data_set,
    names_of,
    picture,
    problems_in,
)

ORIENTATION, TURN_RIGHT = 0x0112, 6


@pytest.fixture
def protected_folder() -> Iterator[Path]:
    """Make a folder for permission tests, and become root again afterwards."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        os.seteuid(os.getuid())


def drop_root() -> None:
    if os.getuid() == 0:
        os.seteuid(65_534)


def test_a_folder_without_a_data_set_is_rejected_and_its_files_are_named(tmp_path: Path) -> None:
    for name in "gfedcba":
        (tmp_path / name).touch()

    with pytest.raises(NotADataSet) as raised:
        read_labelled(tmp_path)

    assert "has neither data.yaml (of a YOLO data set) nor classes.txt or a .json file" in str(
        raised.value
    )
    assert str(raised.value).endswith("found: a, b, c, d, e, 2 more")


def test_an_empty_folder_is_not_a_data_set(tmp_path: Path) -> None:
    with pytest.raises(NotADataSet, match=r"found: none$"):
        read_labelled(tmp_path)


def test_a_missing_folder_is_not_a_data_set(tmp_path: Path) -> None:
    with pytest.raises(NotADataSet, match="gone cannot be listed: No such file or directory"):
        read_labelled(tmp_path / "gone")


def test_a_folder_without_read_permission_is_not_a_data_set(protected_folder: Path) -> None:
    data_set(protected_folder).chmod(0)
    drop_root()

    with pytest.raises(NotADataSet, match="cannot be listed: Permission denied"):
        read_labelled(protected_folder)


@pytest.mark.parametrize("part", ["images", "labels"])
def test_a_split_without_read_permission_is_a_problem(protected_folder: Path, part: str) -> None:
    assert problems_in(data_set(protected_folder)) == []
    (protected_folder / "train" / part).chmod(0)
    drop_root()

    problems = problems_in(protected_folder)

    assert problems[0].startswith(f"train/{part}: ")
    assert problems[0].endswith("cannot be listed: Permission denied")


def test_a_photo_without_read_permission_is_a_problem(protected_folder: Path) -> None:
    assert problems_in(data_set(protected_folder)) == []
    (protected_folder / "train/images/a.jpg").chmod(0)
    drop_root()

    assert "train/images/a.jpg: cannot be read: Permission denied" in problems_in(protected_folder)


def test_a_relative_path_to_a_data_set_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set(tmp_path, lines="no label")
    monkeypatch.chdir(tmp_path / "train")

    read = read_labelled(Path(".."))

    assert read == read_labelled(tmp_path)
    assert all(photo.file.is_absolute() for photo in read.photos)


def test_a_damaged_photo_is_a_problem_and_the_other_photos_are_read(tmp_path: Path) -> None:
    damaged = add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3)
    damaged.write_bytes(damaged.read_bytes()[:500])

    read = read_labelled(tmp_path)

    [problem] = read.problems
    assert problem.file == "train/images/c.jpg"
    assert problem.what.startswith("the photo is damaged or truncated")
    assert names_of(read) == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(("content", "what"), [(b"", "empty"), (b"no photo", "not a photo")])
def test_a_file_that_is_not_a_photo_is_a_problem_if_it_has_labels(
    tmp_path: Path, content: bytes, what: str
) -> None:
    add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3).write_bytes(content)
    (tmp_path / "train/images/notes.md").write_bytes(content)

    assert problems_in(tmp_path) == [f"train/images/c.jpg: {what}"]


def test_photos_are_known_by_content_and_paired_with_encoded_and_decomposed_names(
    tmp_path: Path,
) -> None:
    images, labels = data_set(tmp_path) / "train/images", tmp_path / "train/labels"
    for seed, photo, label in (
        (3, "홍대 1.jfif", "%ED%99%8D%EB%8C%80%201"),
        (4, unicodedata.normalize("NFD", "홍대 2"), "홍대 2"),
        (5, "50% off.jpg?v=1", "50% off"),
    ):
        picture(seed).save(images / photo, "JPEG")
        (labels / f"{label}.txt").write_text(COAT)

    read = read_labelled(tmp_path)

    assert read.problems == ()
    assert len(read.photos) == 5

    (labels / "홍대 1.txt").write_text(COAT)

    [problem] = problems_in(tmp_path)
    assert problem.endswith(".txt: is a second label file of a photo; remove one")


def test_a_photo_file_over_30_megabytes_is_a_problem(tmp_path: Path) -> None:
    photo = add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3)
    os.truncate(photo, 30 * 2**20)
    assert problems_in(tmp_path) == []

    os.truncate(photo, 30 * 2**20 + 1)

    assert problems_in(tmp_path) == [
        "train/images/c.jpg: has 31,457,281 bytes; at most 31,457,280 are allowed"
    ]


def test_a_photo_with_too_many_pixels_is_a_problem(tmp_path: Path) -> None:
    photo = add_photo(data_set(tmp_path) / "train/images", "c.bmp", seed=3)
    header = bytearray(photo.read_bytes())
    struct.pack_into("<ii", header, 18, 10_000, 5_001)
    photo.write_bytes(header)

    [problem] = problems_in(tmp_path)

    assert problem.startswith("train/images/c.bmp: the photo has 10000 x 5001")


def test_a_link_out_of_the_data_set_is_a_problem(tmp_path: Path) -> None:
    photo = add_photo(data_set(tmp_path / "set") / "train/images", "c.jpg", seed=3)
    photo.symlink_to(photo.rename(tmp_path / "set/d.jpg"))
    assert problems_in(tmp_path / "set") == []
    photo.unlink()
    photo.symlink_to((tmp_path / "set/d.jpg").rename(tmp_path / "d.jpg"))

    assert problems_in(tmp_path / "set") == [
        "train/images/c.jpg: a link to a place outside the folder"
    ]


def test_a_broken_link_and_a_pipe_are_problems(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3).unlink()
    (tmp_path / "train/images/c.jpg").symlink_to("gone.jpg")
    add_photo(tmp_path / "train/images", "d.jpg", seed=4).unlink()
    os.mkfifo(tmp_path / "train/images/d.jpg")

    assert problems_in(tmp_path) == [
        "train/images/c.jpg: cannot be read: No such file or directory",
        "train/images/d.jpg: not a regular file, but a folder, a pipe or a device",
    ]


def test_a_file_name_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    for file in (tmp_path / "train/images/a.jpg", tmp_path / "train/labels/a.txt"):
        data_set(tmp_path)
        os.rename(file, os.fsencode(file.parent) + b"/caf\xe9" + file.suffix.encode())
    (tmp_path / "train/images/a.jpg").unlink()

    problems = problems_in(tmp_path)

    assert "train/images/caf\ufffd.jpg: its name is not UTF-8; rename it and its label file" in (
        problems
    )


def test_a_photo_without_a_label_file_is_a_problem(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3, lines=None)

    assert problems_in(tmp_path) == [
        "train/images/c.jpg: has no label file; expected train/labels/c.txt, "
        "empty if the photo shows no garment"
    ]


def test_a_label_file_without_a_photo_is_a_problem(tmp_path: Path) -> None:
    (data_set(tmp_path) / "valid/labels/c.txt").touch()

    assert problems_in(tmp_path) == [
        "valid/labels/c.txt: has no photo; expected one in valid/images"
    ]


def test_a_classes_file_and_hidden_files_in_the_label_folder_are_ignored(tmp_path: Path) -> None:
    for name in ("classes.txt", "._a.txt", "a.json"):
        (data_set(tmp_path) / "train/labels" / name).touch()

    assert problems_in(tmp_path) == []


def test_photos_in_subfolders_have_their_labels_in_subfolders(tmp_path: Path) -> None:
    data_set(tmp_path)
    (tmp_path / "train/images/2026").mkdir()
    (tmp_path / "train/labels/2026").mkdir()
    picture(3).save(tmp_path / "train/images/2026/c.JPG", "JPEG")
    (tmp_path / "train/labels/2026/c.txt").write_text(COAT)

    read = read_labelled(tmp_path)

    assert read.problems == ()
    assert names_of(read) == ["c.JPG", "a.jpg", "b.jpg"]


def test_two_photos_with_one_stem_share_a_label_file(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "train/images", "a.png", seed=3)

    assert names_of(read_labelled(tmp_path)) == ["a.jpg", "a.png", "b.jpg"]


def test_boxes_are_in_pixels_of_the_upright_photo(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = TURN_RIGHT
    picture(1).save(data_set(tmp_path, "3 0.5 0.25 0.5 0.5") / "train/images/a.jpg", exif=exif)

    photo = read_labelled(tmp_path).photos[0]

    assert (photo.width, photo.height) == (HEIGHT, WIDTH)
    assert photo.labels[0].box == Box(12, 0, 36, 32)


def test_a_train_photo_whose_picture_is_in_valid_is_left_out_and_named(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "train/images", "copy.jpg", seed=2)
    picture(2).resize((160, 120)).save(tmp_path / "train/images/copy.jpg", quality=60)

    read = read_labelled(tmp_path)

    assert names_of(read) == ["a.jpg", "b.jpg"]
    assert read.leaked == (LeftOut("train/images/copy.jpg", "valid/images/b.jpg"),)
    assert read.problems == ()
    assert not [remark for remark in read.remarks if "same picture" in remark]


def test_a_train_split_that_is_entirely_in_valid_is_a_problem(tmp_path: Path) -> None:
    picture(2).save(data_set(tmp_path) / "train/images/a.jpg")

    [problem] = problems_in(tmp_path)

    assert (
        "has no labelled photo in train (1 left out because valid shows the same pictures)"
        in problem
    )


def test_duplicates_in_a_split_are_kept_with_a_remark(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=1)
    add_photo(tmp_path / "train/images", "d.jpg", seed=1, lines="")

    read = read_labelled(tmp_path)

    assert names_of(read) == ["a.jpg", "c.jpg", "d.jpg", "b.jpg"]
    assert read.remarks[:2] == (
        "train/images/c.jpg: shows the same picture as train/images/a.jpg",
        "train/images/d.jpg: shows the same picture as train/images/a.jpg, but has other boxes",
    )


def test_garments_without_a_box_are_listed_by_split(tmp_path: Path) -> None:
    all_but_dress = [name for name in GARMENT_NAMES if name != "dress"]
    ids = [GARMENT_NAMES.index(name) for name in all_but_dress]

    read = read_labelled(
        data_set(tmp_path, "".join(f"{class_id} 0.5 0.5 0.5 0.5\n" for class_id in ids))
    )

    without_coat = ", ".join(name for name in GARMENT_NAMES if name != "coat")
    assert read.remarks == (
        "garments without a box in train, which cannot be learnt: dress",
        f"garments without a box in valid, which cannot be measured: {without_coat}",
    )
