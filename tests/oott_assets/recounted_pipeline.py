"""Three partitions that a detector of coats has counted, and a newer detector of jeans."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from PIL import Image

from oott_assets.partitions import partition_key
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.model_store import ModelStore
from tests.oott_assets.trends_pipeline import OCTOBER, SEPTEMBER, TrendsPipeline
from tests.oott_serving.detectors import RED_SPOT, publish
from tests.stored_months import write_manifest

# The newest month first, then in the order of the destinations.
COUNTED = (("hongdae", OCTOBER), ("hongdae", SEPTEMBER), ("haeundae", SEPTEMBER))
KEYS: list[str] = [partition_key(*one) for one in COUNTED]


class CountedTrends:
    """The pipeline with its records, after the detector of coats has counted ``COUNTED``."""

    def __init__(self, records: dg.DagsterInstance, folder: Path) -> None:
        self.pipeline = TrendsPipeline()
        self.records = records
        self.store = model_store()
        self._folder = folder

    @property
    def coat(self) -> PublishedDetector:
        return self.store.detector(self.store.versions()[0])

    def publish_jeans(self) -> PublishedDetector:
        return publish(self.store, self._folder, "jeans", minutes=1)

    def garments(self) -> dict[str, set[str]]:
        """List the garments in the tables, by the key of the partition."""
        return {
            key: {row.garment for row in self.pipeline.rows(*one)}
            for key, one in zip(KEYS, COUNTED, strict=True)
        }

    def delete_photos(self, destination: str, month: date) -> None:
        """Make the manifest look as retention leaves it."""
        stored = self.pipeline.stored(destination, month)
        write_manifest(stored, [row._replace(state="deleted") for row in stored.manifest()])


def save_red_spot(file: Path, grey: int) -> None:
    """Save a photo with one garment; another ``grey`` makes it another photo."""
    pixels = RED_SPOT.copy()
    pixels[32:] = grey
    file.parent.mkdir(parents=True)
    Image.fromarray(pixels).save(file)


def model_store() -> ModelStore:
    return ModelStore(read_settings(SharedSettings).model_store_root)


def opened_records(folder: Path) -> dg.DagsterInstance:
    folder.mkdir(exist_ok=True)
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}")
    return dg.DagsterInstance.from_config(str(folder))


def set_homes(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setenv("OOTT_HOME", str(folder / "home"))
    patch.setenv("DAGSTER_HOME", str(folder / "records"))
    patch.setenv("OOTT_STARTER_DETECTOR", str(folder / "no-starter"))
    patch.setenv("OOTT_ENGINE", "onnxruntime")
    patch.setenv("OOTT_PHOTO_SOURCE", "folder")
    patch.setenv("OOTT_PHOTOS_FOLDER", str(folder / "source"))


@pytest.fixture(scope="module")
def counted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Count three partitions; give the folder of all stores and records."""
    folder = tmp_path_factory.mktemp("counted")
    with pytest.MonkeyPatch.context() as patch, opened_records(folder / "records") as records:
        set_homes(patch, folder)
        publish(model_store(), folder, "coat")
        for number, (destination, month) in enumerate(COUNTED):
            photo = folder / "source" / destination / f"{month:%Y-%m}" / "a.png"
            save_red_spot(photo, grey=60 + 60 * number)
            assert TrendsPipeline().run(destination, month, records=records).success
    return folder


@pytest.fixture
def counted(
    counted_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CountedTrends]:
    """Give a copy of the counted partitions. The photo source is gone, so nothing may ask it."""
    for name in ("home", "records"):
        shutil.copytree(counted_once / name, tmp_path / name)
    set_homes(monkeypatch, tmp_path)
    with opened_records(tmp_path / "records") as records:
        yield CountedTrends(records, tmp_path)
