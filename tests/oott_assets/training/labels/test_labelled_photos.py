import hashlib
import io
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from oott_assets.training.labels.labelled_photos import (
    Label,
    LabelledPhoto,
    PhotoChanged,
    count_boxes,
    in_split,
    parquet_of_photos,
    photos_of_parquet,
    pixels_of,
    version_of,
)
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box

COAT = Label("coat", Box(1.25, 2, 30, 40), 1.0, "main_data")
SHIRT = Label("shirt", Box(5, 6, 7, 8), 0.62, "teacher")
LABELLED = LabelledPhoto(Path("/photos/홍대 a.jpg"), "1" * 64, 64, 48, "train", (COAT, SHIRT))
BARE = LabelledPhoto(Path("/photos/b.jpg"), "2" * 64, 48, 64, "valid", ())


def test_photos_with_and_without_labels_are_read_back_from_parquet() -> None:
    assert photos_of_parquet(parquet_of_photos([LABELLED, BARE])) == [LABELLED, BARE]


def test_an_empty_data_set_is_a_parquet_file_with_the_same_columns() -> None:
    none, one = parquet_of_photos([]), parquet_of_photos([BARE])

    assert photos_of_parquet(none) == []
    assert pq.read_schema(io.BytesIO(none)) == pq.read_schema(io.BytesIO(one))


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "3" * 64},
        {"split": "valid"},
        {"labels": (COAT,)},
        {"labels": (COAT, SHIRT._replace(garment="polo shirt"))},
        {"labels": (COAT, SHIRT._replace(box=Box(5, 6, 7, 8.5)))},
    ],
    ids=["content", "split", "labels", "garment", "box"],
)
def test_a_change_in_content_split_or_labels_changes_the_version(change: dict[str, Any]) -> None:
    assert version_of([LABELLED._replace(**change), BARE]) != version_of([LABELLED, BARE])


def test_paths_and_order_do_not_change_the_version() -> None:
    moved = LABELLED._replace(file=Path("/elsewhere/c.jpg"))

    assert version_of([BARE, moved]) == version_of([LABELLED, BARE])


def test_a_data_set_read_from_parquet_has_the_same_version() -> None:
    read = photos_of_parquet(parquet_of_photos([LABELLED, BARE]))

    assert version_of(read) == version_of([LABELLED, BARE])


def test_a_duplicate_photo_changes_the_version() -> None:
    assert len({version_of(photos) for photos in ([], [BARE], [BARE, BARE])}) == 3


def test_photos_are_selected_by_split() -> None:
    assert in_split([LABELLED, BARE], "train") == [LABELLED]
    assert in_split([LABELLED, BARE], "valid") == [BARE]


def test_the_boxes_of_every_garment_are_counted() -> None:
    counts = count_boxes([LABELLED, LABELLED, BARE])

    assert tuple(counts) == GARMENT_NAMES
    assert counts["coat"] == counts["shirt"] == 2
    assert sum(counts.values()) == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"a\.jpg cannot be read \(No such file or directory\); materialise main_data"),
        (b"another photo", r"a\.jpg has changed since it was labelled; materialise main_data"),
    ],
    ids=["gone", "another"],
)
def test_a_missing_or_changed_photo_is_not_read(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)

    with pytest.raises(PhotoChanged, match=message):
        pixels_of(BARE._replace(file=tmp_path / "a.jpg"))


def test_a_labelled_file_that_is_not_a_photo_is_reported_as_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    sha256 = hashlib.sha256(b"no photo").hexdigest()

    with pytest.raises(PhotoChanged, match=r"a\.jpg cannot be read \(8 bytes starting with"):
        pixels_of(BARE._replace(file=tmp_path / "a.jpg", sha256=sha256))
