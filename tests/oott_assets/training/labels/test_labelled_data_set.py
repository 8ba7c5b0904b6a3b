import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PIL import Image

from oott_assets.training.labels.labelled_data_set import Leak, NotADataSet, read_labelled
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
def closed_to_us() -> Iterator[Path]:
    """Give a folder whose rights count, for root has all of them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        os.seteuid(os.getuid())


def drop_rights() -> None:
    if os.getuid() == 0:
        os.seteuid(65_534)


def test_a_folder_that_is_no_data_set_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    for name in "gfedcba":
        (tmp_path / name).touch()

    with pytest.raises(NotADataSet) as refused:
        read_labelled(tmp_path)

    assert "holds neither data.yaml, as a YOLO data set, nor classes.txt" in str(refused.value)
    assert str(refused.value).endswith("found: a, b, c, d, e, 2 more")


def test_an_empty_folder_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(NotADataSet, match=r"found: none$"):
        read_labelled(tmp_path)


def test_a_folder_that_is_not_there_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(NotADataSet, match="gone cannot be listed: No such file or directory"):
        read_labelled(tmp_path / "gone")


def test_a_folder_that_may_not_be_listed_is_no_data_set(closed_to_us: Path) -> None:
    data_set(closed_to_us).chmod(0)
    drop_rights()

    with pytest.raises(NotADataSet, match="cannot be listed: Permission denied"):
        read_labelled(closed_to_us)


@pytest.mark.parametrize("part", ["images", "labels"])
def test_a_split_that_may_not_be_listed_is_a_problem(closed_to_us: Path, part: str) -> None:
    assert problems_in(data_set(closed_to_us)) == []
    (closed_to_us / "train" / part).chmod(0)
    drop_rights()

    problems = problems_in(closed_to_us)

    assert problems[0].startswith(f"train/{part}: ")
    assert problems[0].endswith("cannot be listed: Permission denied")


def test_a_photo_that_may_not_be_read_is_a_problem(closed_to_us: Path) -> None:
    assert problems_in(data_set(closed_to_us)) == []
    (closed_to_us / "train/images/a.jpg").chmod(0)
    drop_rights()

    assert "train/images/a.jpg: cannot be read: Permission denied" in problems_in(closed_to_us)


def test_a_data_set_may_be_named_from_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set(tmp_path, lines="no label")
    monkeypatch.chdir(tmp_path / "train")

    read = read_labelled(Path(".."))

    assert read == read_labelled(tmp_path)
    assert all(photo.file.is_absolute() for photo in read.photos)


def test_a_damaged_photo_is_a_problem_and_the_others_are_read(tmp_path: Path) -> None:
    damaged = add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3)
    damaged.write_bytes(damaged.read_bytes()[:500])

    read = read_labelled(tmp_path)

    [problem] = read.problems
    assert problem.file == "train/images/c.jpg"
    assert problem.what.startswith("the photo is damaged or cut short")
    assert names_of(read) == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("content", "what"), [(b"", "the photo is empty"), (b"no photo", "8 bytes starting with")]
)
def test_a_file_that_is_no_photo_is_a_problem(tmp_path: Path, content: bytes, what: str) -> None:
    add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3).write_bytes(content)

    [problem] = problems_in(tmp_path)

    assert problem.startswith(f"train/images/c.jpg: {what}")


def test_a_photo_file_has_30_megabytes_at_most(tmp_path: Path) -> None:
    photo = add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3)
    os.truncate(photo, 30 * 2**20)
    assert problems_in(tmp_path) == []

    os.truncate(photo, 30 * 2**20 + 1)

    assert problems_in(tmp_path) == [
        "train/images/c.jpg: has 31,457,281 bytes; at most 31,457,280 are allowed"
    ]


def test_a_photo_of_too_many_pixels_is_a_problem(tmp_path: Path) -> None:
    photo = add_photo(data_set(tmp_path) / "train/images", "c.png", seed=3)
    Image.new("1", (10_000, 5_001)).save(photo)

    [problem] = problems_in(tmp_path)

    assert problem.startswith("train/images/c.png: the photo is 10000 x 5001")


def test_a_link_that_leads_nowhere_and_a_pipe_are_problems(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3).unlink()
    (tmp_path / "train/images/c.jpg").symlink_to("gone.jpg")
    add_photo(tmp_path / "train/images", "d.jpg", seed=4).unlink()
    os.mkfifo(tmp_path / "train/images/d.jpg")

    assert problems_in(tmp_path) == [
        "train/images/c.jpg: cannot be read: No such file or directory",
        "train/images/d.jpg: is no file of bytes",
    ]


def test_a_name_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    for file in (tmp_path / "train/images/a.jpg", tmp_path / "train/labels/a.txt"):
        data_set(tmp_path)
        os.rename(file, os.fsencode(file.parent) + b"/caf\xe9" + file.suffix.encode())
    (tmp_path / "train/images/a.jpg").unlink()

    problems = problems_in(tmp_path)

    assert "train/images/caf\ufffd.jpg: its name is not UTF-8; rename it and its label file" in (
        problems
    )


def test_a_photo_without_labels_is_a_problem(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=3, lines=None)

    assert problems_in(tmp_path) == [
        "train/images/c.jpg: has no labels; expected train/labels/c.txt, "
        "empty if no garment is in sight"
    ]


def test_labels_without_a_photo_are_a_problem(tmp_path: Path) -> None:
    (data_set(tmp_path) / "valid/labels/c.txt").touch()

    assert problems_in(tmp_path) == [
        "valid/labels/c.txt: labels no photo; expected one in valid/images"
    ]


def test_a_list_of_classes_and_hidden_files_among_the_labels_label_nothing(tmp_path: Path) -> None:
    for name in ("classes.txt", "._a.txt", "a.json"):
        (data_set(tmp_path) / "train/labels" / name).touch()

    assert problems_in(tmp_path) == []


def test_photos_in_folders_below_have_their_labels_in_folders_below(tmp_path: Path) -> None:
    data_set(tmp_path)
    (tmp_path / "train/images/2026").mkdir()
    (tmp_path / "train/labels/2026").mkdir()
    picture(3).save(tmp_path / "train/images/2026/c.JPG", "JPEG")
    (tmp_path / "train/labels/2026/c.txt").write_text(COAT)

    read = read_labelled(tmp_path)

    assert read.problems == ()
    assert names_of(read) == ["c.JPG", "a.jpg", "b.jpg"]


def test_two_photos_of_one_name_are_both_labelled_by_it(tmp_path: Path) -> None:
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
    assert read.leaked == (Leak("train/images/copy.jpg", "valid/images/b.jpg"),)
    assert read.problems == ()
    assert not [remark for remark in read.remarks if "same picture" in remark]


def test_where_every_train_photo_is_in_valid_nothing_is_left_to_train_on(tmp_path: Path) -> None:
    picture(2).save(data_set(tmp_path) / "train/images/a.jpg")

    [problem] = problems_in(tmp_path)

    assert "no labelled photo in train, after 1 were left out that valid shows, too" in problem


def test_one_picture_twice_in_a_split_is_kept_and_remarked(tmp_path: Path) -> None:
    add_photo(data_set(tmp_path) / "train/images", "c.jpg", seed=1)
    add_photo(tmp_path / "train/images", "d.jpg", seed=1, lines="")

    read = read_labelled(tmp_path)

    assert names_of(read) == ["a.jpg", "c.jpg", "d.jpg", "b.jpg"]
    assert read.remarks[:2] == (
        "train/images/c.jpg: shows the same picture as train/images/a.jpg",
        "train/images/d.jpg: shows the same picture as train/images/a.jpg, with other boxes",
    )


def test_garments_without_a_box_are_remarked_by_split(tmp_path: Path) -> None:
    all_but_dress = [name for name in GARMENT_NAMES if name != "dress"]
    ids = [GARMENT_NAMES.index(name) for name in all_but_dress]

    read = read_labelled(
        data_set(tmp_path, "".join(f"{class_id} 0.5 0.5 0.5 0.5\n" for class_id in ids))
    )

    without_coat = ", ".join(name for name in GARMENT_NAMES if name != "coat")
    assert read.remarks == (
        "without a box in train, cannot be learnt: dress",
        f"without a box in valid, cannot be measured: {without_coat}",
    )
