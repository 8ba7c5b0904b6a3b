"""The trends pipeline with its own stores, run as Dagster runs it."""

from datetime import date
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oott_assets.definitions import configured_resources, defs
from oott_assets.detection_store import DetectionStore, PartitionDetections
from oott_assets.failure_rules import FailureRule
from oott_assets.partitions import destinations, partition_key
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import StoredMonth
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.trend_tables import GarmentRow, TrendTables
from tests.starters import SMALL_STARTER

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


class TrendsPipeline:
    """Materialises partitions into the stores that the current settings name."""

    def run(
        self,
        destination: str = "hongdae",
        month: date = SEPTEMBER,
        only: str | None = None,
        records: dg.DagsterInstance | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Run the monthly job, or the step ``only``, as a schedule or a backfill would."""
        job = defs.resolve_job_def("monthly_trends_job")
        if only is not None:
            job = job.get_subset(op_selection=[only])
        return job.execute_in_process(
            partition_key=partition_key(destination, month),
            resources=configured_resources(),
            instance=records,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
        )

    def manifest(self, destination: str = "hongdae", month: date = SEPTEMBER) -> list[ManifestRow]:
        return self.stored(destination, month).manifest()

    def stored(self, destination: str = "hongdae", month: date = SEPTEMBER) -> StoredMonth:
        return self.photo_store.month(destination, month)

    def detections(
        self, destination: str = "hongdae", month: date = SEPTEMBER
    ) -> PartitionDetections:
        root = read_settings(PhotoSettings).photo_store_root
        return DetectionStore(root=root).read(destination, month)

    def rows(self, destination: str = "hongdae", month: date = SEPTEMBER) -> list[GarmentRow]:
        """Read the garment trends of a partition."""
        tables = TrendTables.open(read_settings(SharedSettings).trend_database_url, destinations)
        rows = tables.garment_rows(month, destination)
        tables.close()
        return rows

    @property
    def photo_store(self) -> PhotoStore:
        settings = read_settings(PhotoSettings)
        return PhotoStore(root=settings.photo_store_root, max_pixels=settings.max_pixels)


@pytest.fixture
def without_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every retry begin immediately."""
    monkeypatch.setattr(FailureRule, "seconds_before", lambda _rule, _retry: 0.0)


@pytest.fixture
def trends_pipeline(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    without_delays: None,  # noqa: ARG001 - only its patch is needed
) -> TrendsPipeline:
    """Give a pipeline with empty stores, a few drawn photos, and a detector that opens fast."""
    monkeypatch.setenv("OOTT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(SMALL_STARTER))
    monkeypatch.setenv("OOTT_ENGINE", "onnxruntime")
    monkeypatch.setenv("OOTT_LOOKBOOK_PHOTOS", "4")
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "lookbook")
    return TrendsPipeline()


@pytest.fixture
def photos_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder that the pipeline reads photos from."""
    folder = tmp_path / "my-photos"
    folder.mkdir()
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "folder")
    monkeypatch.setenv("OOTT_PHOTOS_FOLDER", str(folder))
    return folder


def save_photo(file: Path, grey: int = 128, taken_at: str | None = None) -> None:
    """Save a plain photo, dated by EXIF when ``taken_at`` (YYYY:MM:DD HH:MM:SS) is given."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels: NDArray[np.uint8] = np.full((40, 30, 3), grey, dtype=np.uint8)
    exif = Image.Exif()
    if taken_at is not None:
        exif.get_ifd(0x8769)[0x9003] = taken_at
    Image.fromarray(pixels).save(file, exif=exif)


def failures(run: dg.ExecuteInProcessResult) -> list[str]:
    """Give the description that the Dagster UI shows for each failed step."""
    return [
        event.step_failure_data.user_failure_data.description or ""
        for event in run.all_events
        if event.is_step_failure and event.step_failure_data.user_failure_data
    ]


def attempts(run: dg.ExecuteInProcessResult, step: str) -> int:
    """Count how many times ``step`` was started."""
    started = ("STEP_START", "STEP_RESTARTED")
    return sum(
        event.event_type_value in started and event.step_key == step for event in run.all_events
    )


def metadata_of(run: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
    """Give the metadata that the Dagster UI shows for ``asset``."""
    [event] = [
        event
        for event in run.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
    return {name: value.value for name, value in event.materialization.metadata.items()}
