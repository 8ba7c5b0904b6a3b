from pathlib import Path

from oott_assets.training.labels.joined_data_sets import ReadPhoto, with_splits
from oott_assets.training.labels.labelled_data_set import LeftOut, read_labelled
from oott_assets.training.labels.labelled_photos import LabelledPhoto
from tests.oott_assets.training.labels.data_sets import add_photo, data_set, names_of, picture

SHIRT = "10 0.5 0.5 0.25 0.5\n"


def read_photo(sha256: str, group: int) -> ReadPhoto:
    photo = LabelledPhoto(Path(f"{sha256}.jpg"), sha256, 64, 48, "train", ())
    return ReadPhoto(photo, 0, group, has_split=False)


def splits_of(photos: list[ReadPhoto]) -> list[str]:
    return [read.photo.split for read in with_splits(photos)]


def test_one_fifth_of_the_hashes_is_valid() -> None:
    photos = [read_photo(f"{number:08x}", number) for number in range(100, 200)]

    assert splits_of(photos) == ["valid"] * 20 + ["train"] * 80


def test_the_smallest_hash_of_a_group_decides_its_split() -> None:
    photos = [
        read_photo(f"{number:08x}", group)
        for number, group in ((25, 0), (119, 1), (19, 0), (20, 1))
    ]

    assert splits_of(photos) == ["valid", "train", "valid", "train"]
    assert splits_of([]) == []


def test_the_photos_of_all_data_sets_are_read(tmp_path: Path) -> None:
    data_set(tmp_path / "old")
    add_photo(tmp_path / "new/images", "c.jpg", seed=3, lines="0 0.5 0.5 0.25 0.5\n")
    (tmp_path / "new/classes.txt").write_text("dress\n")

    read = read_labelled(tmp_path / "old", tmp_path / "new")

    assert sorted(names_of(read)) == ["a.jpg", "b.jpg", "c.jpg"]
    assert [label.garment for photo in read.photos for label in photo.labels] == [
        "dress",
        "coat",
        "coat",
    ]
    assert read.labelled_again == ()


def test_a_picture_that_was_labelled_again_has_its_latest_labels_and_its_first_split(
    tmp_path: Path,
) -> None:
    data_set(tmp_path / "old")
    data_set(tmp_path / "new", lines=SHIRT)
    for split, seed in (("train", 2), ("valid", 1)):
        [old] = (tmp_path / "new" / split / "images").iterdir()
        picture(seed).save(old)

    read = read_labelled(tmp_path / "old", tmp_path / "new")

    # In the new data set the two pictures have changed their splits, and keep their labels.
    assert [(photo.file, photo.split) for photo in read.photos] == [
        (tmp_path / "new/train/images/a.jpg", "valid"),
        (tmp_path / "new/valid/images/b.jpg", "train"),
    ]
    assert [photo.labels[0].garment for photo in read.photos] == ["shirt", "coat"]
    assert read.labelled_again == (
        LeftOut("old/train/images/a.jpg", "new/valid/images/b.jpg"),
        LeftOut("old/valid/images/b.jpg", "new/train/images/a.jpg"),
    )
    assert read.leaked == ()


def test_a_new_copy_of_a_validation_photo_is_not_trained_on(tmp_path: Path) -> None:
    data_set(tmp_path / "old")
    add_photo(data_set(tmp_path / "new") / "train/images", "copy.jpg", seed=2)
    (tmp_path / "new/valid/images/b.jpg").unlink()
    add_photo(tmp_path / "new/valid/images", "b.jpg", seed=4)

    read = read_labelled(tmp_path / "old", tmp_path / "new")

    assert {photo.file.name: photo.split for photo in read.photos} == {
        "a.jpg": "train",
        "b.jpg": "valid",
        "copy.jpg": "valid",
    }


def test_a_folder_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    read = read_labelled(data_set(tmp_path), tmp_path / "train/..")

    assert names_of(read) == ["a.jpg", "b.jpg"]
    assert read.labelled_again == ()
    assert len(read.data_sets) == 1


def test_problems_name_the_data_set_of_the_file(tmp_path: Path) -> None:
    data_set(tmp_path / "old")
    (data_set(tmp_path / "new") / "train/labels/a.txt").write_text("99 0.5 0.5 0.5 0.5\n")

    [problem] = read_labelled(tmp_path / "old", tmp_path / "new").problems

    assert problem.file == "new/train/labels/a.txt"
