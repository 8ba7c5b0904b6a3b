"""Materialises label_tasks over drawn photos, with detections that the test makes up."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from oott_assets.definitions import configured_resources, defs
from oott_assets.detection_store import DetectionStore, PartitionDetections, PhotoDetections
from oott_assets.photos.settings import PhotoSettings
from oott_fashion.settings import read_settings
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detections import Box, Detection
from tests.oott_assets.trends_pipeline import TrendsPipeline
from tests.starters import SMALL_STARTER

LATEST = read_card(SMALL_STARTER / "card.json").version

# Both detectors find a coat here, and the latest one is not sure.
DOUBTFUL = (Detection("coat", 0.32, Box(100, 100, 300, 400), "black"),)


def collect(
    pipeline: TrendsPipeline,
    destination: str,
    month: date,
    garments: Callable[[int], tuple[Detection, ...]] = lambda _: DOUBTFUL,
    version: str = LATEST,
) -> list[str]:
    """Collect a month, and store ``garments`` as what ``version`` found in photo 0, 1, ..."""
    assert pipeline.run(destination, month, only="instagram_images").success
    photos = pipeline.stored(destination, month).kept()
    found = tuple(PhotoDetections(name, garments(number)) for number, name in enumerate(photos))
    root = read_settings(PhotoSettings).photo_store_root
    DetectionStore(root=root).write(destination, month, PartitionDetections(version, found))
    return photos


def choose_photos(
    records: dg.DagsterInstance | None = None, **config: int
) -> dg.ExecuteInProcessResult:
    """Run the job that chooses photos, as the schedule does."""
    return defs.resolve_job_def("label_tasks_job").execute_in_process(
        resources=configured_resources(),
        instance=records,
        raise_on_error=False,
        run_config={
            "loggers": {"console": {"config": {"log_level": "WARNING"}}},
            "ops": {"label_tasks": {"config": config}},
        },
    )


def batches() -> list[Path]:
    """List the folders of all batches, oldest first."""
    return sorted(file.parent for file in label_tasks_root().glob("*/tasks.json"))


def tasks_in(batch: Path) -> list[Mapping[str, Any]]:
    return list(json.loads((batch / "tasks.json").read_text()))


def copies() -> list[Path]:
    return sorted(file for file in label_tasks_root().rglob("*.jpg") if file.is_file())


def label_tasks_root() -> Path:
    return read_settings(PhotoSettings).label_tasks_root
