"""A damaged file of a store gives one sentence that says which file, and what to run."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from oott_assets.detection_store import DetectionStore, PartitionDetections, PhotoDetections
from oott_assets.photos.store.crawl_journal import JournalledPost
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.training.labels.labelled_photos import Label, LabelledPhoto
from oott_assets.training.training_store import TrainingStore
from oott_fashion.stores.blobs import DamagedBlob
from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.near_duplicates import PerceptualHash
from tests.damaged_files import damaged
from tests.stored_months import write_manifest

SEPTEMBER = date(2026, 9, 1)
NOON = datetime(2026, 9, 3, 12, tzinfo=UTC)
ROW = ManifestRow(
    "a", "a.jpg", "kept", None, "0" * 64, 30, 40, 1, NOON, "https://x/p/a", "홍대", "browser", NOON
)
COAT = Detection("coat", 0.75, Box(1, 2, 3, 4), "navy")


@dataclass(frozen=True)
class Stored:
    """A stored file, the function that reads it, and what a person must run if it is damaged."""

    file: Path
    read: Callable[[], object]
    remedy: str


def manifest_in(folder: Path) -> Stored:
    store = PhotoStore(root=str(folder), max_pixels=1, hide_faces=False)
    month = store.month("jeju", SEPTEMBER)
    write_manifest(month, [ROW, ROW._replace(state="gone", sha256=None, taken_at=None)])
    file = folder / "manifests/jeju/2026-09.parquet"
    return Stored(file, month.manifest, "materialise instagram_images of jeju|2026-09 again")


def detections_in(folder: Path, read: Callable[[DetectionStore], object]) -> Stored:
    store = DetectionStore(root=str(folder))
    photos = (PhotoDetections("0" * 64, (COAT,)), PhotoDetections("1" * 64, (), "damaged"))
    store.write("jeju", SEPTEMBER, PartitionDetections("v1", photos))
    file = folder / "detections/2026-09.jeju.parquet"
    return Stored(file, lambda: read(store), "materialise garment_detections of jeju|2026-09 again")


def data_set_in(folder: Path) -> Stored:
    training = TrainingStore(root=str(folder))
    label = Label("coat", Box(1, 2, 3, 4), 0.9, "file")
    training.write_closet([LabelledPhoto(Path("a.jpg"), "0" * 64, 30, 40, "train", (label,))])
    file = folder / "data-sets/closet.parquet"
    return Stored(file, training.closet, "materialise merged_data again")


FILES: dict[str, Callable[[Path], Stored]] = {
    "manifest": manifest_in,
    "detections": lambda folder: detections_in(folder, lambda s: s.read("jeju", SEPTEMBER)),
    "all detections": lambda folder: detections_in(folder, lambda s: s.table().to_pylist()),
    "data set": data_set_in,
}


@pytest.fixture(params=FILES.values(), ids=list(FILES))
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Stored:
    stored: Stored = request.param(tmp_path)
    return stored


def test_a_damaged_file_is_one_sentence_that_names_it_and_says_what_to_run(stored: Stored) -> None:
    whole, content = stored.file.read_bytes(), stored.read()
    expected = f"{stored.file} is damaged, or another program or release wrote it; {stored.remedy}"

    errors = []
    for changed in damaged(whole):
        stored.file.write_bytes(changed)
        try:
            # A changed byte in the description of a file may be without effect.
            assert stored.read() == content
        except DamagedBlob as error:
            errors.append(error)
    assert {str(error) for error in errors} == {expected}
    assert all(error.__suppress_context__ for error in errors)
    assert len(errors) > 50

    pd.DataFrame({"photo": [1]}).to_parquet(stored.file)
    with pytest.raises(DamagedBlob):
        stored.read()


def test_a_damaged_journal_entry_is_logged_and_its_post_is_fetched_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    journal = (
        PhotoStore(root=str(tmp_path), max_pixels=1, hide_faces=False)
        .month("jeju", SEPTEMBER)
        .journal
    )
    looks = PerceptualHash(np.zeros(64, np.uint8), np.zeros((4, 4, 3), np.uint8))
    journal.write(JournalledPost([ROW], {"0" * 64: looks}, True))
    [file] = (tmp_path / "journals/jeju/2026-09").iterdir()

    for changed in damaged(file.read_bytes()):
        caplog.clear()
        file.write_bytes(changed)
        posts = journal.posts()
        assert len(posts) + len(caplog.messages) == 1
        if not posts:
            assert caplog.messages[0].startswith(
                f"{file} is damaged, or another program or release"
            )
            assert caplog.messages[0].endswith("its post is fetched again")


def test_a_month_that_no_calendar_has_is_not_a_partition(tmp_path: Path) -> None:
    (tmp_path / "detections").mkdir()
    (tmp_path / "detections/2026-13.jeju.parquet").write_bytes(b"")

    assert DetectionStore(root=str(tmp_path)).partitions() == []
