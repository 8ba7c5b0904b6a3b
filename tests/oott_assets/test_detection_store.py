from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from oott_assets.detection_store import (
    DetectionStore,
    PartitionDetections,
    PhotoDetections,
)
from oott_fashion.stores.blobs import BlobNotFound
from oott_fashion.vision.detections import Box, Detection

SEPTEMBER = date(2026, 9, 1)
COAT = Detection("coat", 0.75, Box(1, 2, 3, 4), "navy")
SANDALS = Detection("sandals", 0.5, Box(5, 6, 7, 8), "brown")
PHOTOS = (
    PhotoDetections("0" * 64, (COAT, SANDALS)),
    PhotoDetections("1" * 64, ()),
    PhotoDetections("2" * 64, (), "the stored photo 222222222222… is missing"),
)


@pytest.fixture
def store(tmp_path: Path) -> DetectionStore:
    return DetectionStore(root=str(tmp_path))


def test_written_detections_can_be_read(store: DetectionStore) -> None:
    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", PHOTOS))

    assert store.read("hongdae", SEPTEMBER) == PartitionDetections("v1", PHOTOS)


def test_a_partition_without_photos_has_a_detector_version(
    store: DetectionStore,
) -> None:
    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", ()))

    assert store.read("hongdae", SEPTEMBER) == PartitionDetections("v1", ())


def test_writing_again_replaces_the_detections(store: DetectionStore) -> None:
    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", PHOTOS))
    store.write("hongdae", SEPTEMBER, PartitionDetections("v2", PHOTOS[1:]))

    assert store.read("hongdae", SEPTEMBER) == PartitionDetections("v2", PHOTOS[1:])


def test_a_partition_without_detections_is_unknown(store: DetectionStore) -> None:
    with pytest.raises(BlobNotFound):
        store.read("hongdae", SEPTEMBER)


def test_garments_and_photos_are_counted() -> None:
    detections = PartitionDetections("v1", PHOTOS)

    assert detections.garments == 2
    assert detections.photos_with_garments == 1
    assert [photo.sha256[0] for photo in detections.readable] == ["0", "1"]


def test_pandas_can_read_detections(store: DetectionStore) -> None:
    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", PHOTOS))

    table = pd.read_parquet(Path(store.root) / "detections/hongdae/2026-09.parquet")

    assert [len(garments) for garments in table.garments] == [2, 0, 0]
    assert table.garments[0][0]["garment"] == "coat"
    assert table.garments[0][0]["x_max"] == 3
