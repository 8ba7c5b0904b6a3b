"""The model store of the settings, and two versions that are published into it."""

from pathlib import Path

import pytest

from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.model_store import ModelStore
from tests.oott_assets.training.training_pipeline import TrainingPipeline
from tests.oott_serving.detectors import publish


@pytest.fixture
def store(training_pipeline: TrainingPipeline) -> ModelStore:
    """The model store, empty at first."""
    assert training_pipeline
    return ModelStore(read_settings(SharedSettings).model_store_root)


@pytest.fixture
def coat(store: ModelStore, tmp_path: Path) -> PublishedDetector:
    return publish(store, tmp_path, "coat")


@pytest.fixture
def jeans(store: ModelStore, coat: PublishedDetector, tmp_path: Path) -> PublishedDetector:
    """A version that was published after ``coat``."""
    assert coat
    return publish(store, tmp_path, "jeans", minutes=1)
