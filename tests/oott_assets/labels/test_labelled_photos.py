import io
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from oott_assets.labels.labelled_photos import (
    Label,
    LabelledPhoto,
    garments_in,
    in_split,
    parquet_of_photos,
    photos_of_parquet,
    version_of,
)
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box

COAT = Label("coat", Box(1.25, 2, 30, 40), 1.0, "main_data")
SHIRT = Label("shirt", Box(5, 6, 7, 8), 0.62, "teacher")
LABELLED = LabelledPhoto(Path("/photos/홍대 a.jpg"), "1" * 64, 64, 48, "train", (COAT, SHIRT))
BARE = LabelledPhoto(Path("/photos/b.jpg"), "2" * 64, 48, 64, "valid", ())


def test_photos_come_out_of_parquet_as_they_went_in_those_without_labels_too() -> None:
    assert photos_of_parquet(parquet_of_photos([LABELLED, BARE])) == [LABELLED, BARE]


def test_no_photos_are_a_parquet_file_with_the_same_columns() -> None:
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
def test_what_a_detector_learns_is_part_of_the_version(change: dict[str, Any]) -> None:
    assert version_of([LABELLED._replace(**change), BARE]) != version_of([LABELLED, BARE])


def test_where_photos_lie_and_in_which_order_is_no_part_of_the_version() -> None:
    moved = LABELLED._replace(file=Path("/elsewhere/c.jpg"))

    assert version_of([BARE, moved]) == version_of([LABELLED, BARE])


def test_a_photo_that_is_there_twice_makes_another_version() -> None:
    assert len({version_of(photos) for photos in ([], [BARE], [BARE, BARE])}) == 3


def test_photos_are_kept_by_split() -> None:
    assert in_split([LABELLED, BARE], "train") == [LABELLED]
    assert in_split([LABELLED, BARE], "valid") == [BARE]


def test_every_garment_is_counted_those_without_a_box_as_none() -> None:
    counts = garments_in([LABELLED, LABELLED, BARE])

    assert tuple(counts) == GARMENT_NAMES
    assert counts["coat"] == counts["shirt"] == 2
    assert sum(counts.values()) == 4
