from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from oott_assets.detection_store import (
    DetectionStore,
    PartitionDetections,
    PhotoDetections,
)
from oott_fashion.stores.blobs import BlobNotFound
from oott_fashion.vision.detections import Box, Detection

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
COAT = Detection("coat", 0.75, Box(1, 2, 3, 4), "navy")
SANDALS = Detection("sandals", 0.5, Box(5, 6, 7, 8), "brown")
PHOTOS = (
    PhotoDetections("0" * 64, (COAT, SANDALS), None, "post-a", date(2026, 9, 30)),
    PhotoDetections("1" * 64, (), None, "post-a"),
    PhotoDetections("2" * 64, (), "the stored photo 222222222222… is missing", "post-b"),
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


def test_duckdb_counts_shares_of_photos_over_all_partitions(store: DetectionStore) -> None:
    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", PHOTOS))
    store.write("jeju", OCTOBER, PartitionDetections("v1", PHOTOS[:1]))

    shares = duckdb.execute(
        """
        SELECT destination, month,
               count(DISTINCT photo) FILTER (garment = 'coat') / count(DISTINCT photo) AS share
        FROM read_parquet(?)
        WHERE unreadable IS NULL GROUP BY ALL ORDER BY ALL
        """,
        [f"{store.root}/detections/*.parquet"],
    ).fetchall()

    assert shares == [("hongdae", SEPTEMBER, 0.5), ("jeju", OCTOBER, 1.0)]


def test_pandas_reads_a_row_per_garment(store: DetectionStore) -> None:
    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", PHOTOS))

    rows = pd.read_parquet(Path(store.root) / "detections/2026-09.hongdae.parquet")

    assert list(rows.garment) == ["coat", "sandals", None, None]
    assert list(rows.post) == ["post-a", "post-a", "post-a", "post-b"]
    assert rows.taken_on[0] == date(2026, 9, 30)
    assert (rows.x_max[0], rows.confidence[0], rows.detector_version[0]) == (3, 0.75, "v1")


def test_several_partitions_are_read_as_one_table(store: DetectionStore) -> None:
    for destination, month in (("jeju", SEPTEMBER), ("hongdae", OCTOBER), ("jeju", OCTOBER)):
        store.write(destination, month, PartitionDetections("v1", PHOTOS[:2]))

    rows = store.table([OCTOBER], ["destination", "photo", "garment"]).to_pandas()

    assert list(rows.destination) == ["hongdae"] * 3 + ["jeju"] * 3
    assert rows.garment.value_counts().to_dict() == {"coat": 2, "sandals": 2}
    assert len(store.table()) == 9
    assert store.table([SEPTEMBER.replace(year=2020)], ["photo"]).num_rows == 0


def test_a_photo_without_a_known_post_is_a_post_of_its_own(store: DetectionStore) -> None:
    photos = (PhotoDetections("3" * 64, (COAT,)), PhotoDetections("4" * 64, (COAT,)))

    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", photos))

    assert [photo.post for photo in store.read("hongdae", SEPTEMBER).photos] == ["3" * 64, "4" * 64]


def test_detections_of_release_0_1_are_read_until_they_are_replaced(store: DetectionStore) -> None:
    garment = {"garment": "coat", "category": "outer", "colour": "navy", "score": 0.75}
    garment |= COAT.box._asdict()
    rows = [
        {"sha256": "0" * 64, "garments": [garment], "unreadable": None},
        {"sha256": "1" * 64, "garments": [], "unreadable": None},
    ]
    file = Path(store.root) / "detections/hongdae/2026-09.parquet"
    file.parent.mkdir(parents=True)
    table = pa.Table.from_pylist(rows).replace_schema_metadata({"detector_version": "v0"})
    pq.write_table(table, file)

    before = store.read("hongdae", SEPTEMBER)
    assert before.detector_version == "v0"
    assert [photo.garments for photo in before.photos] == [(COAT,), ()]
    assert store.table(columns=["garment"]).column("garment").to_pylist() == ["coat", None]

    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", PHOTOS))

    assert store.partitions() == [("hongdae", SEPTEMBER)]
    assert not file.exists()


def test_files_of_other_programs_are_no_partitions(store: DetectionStore) -> None:
    store.write("hongdae", SEPTEMBER, PartitionDetections("v1", PHOTOS))
    (Path(store.root) / "detections/notes.txt").write_text("mine")

    assert store.partitions() == [("hongdae", SEPTEMBER)]
