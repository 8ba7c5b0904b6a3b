"""The model store of the settings, empty at first."""

import pytest

from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.model_store import ModelStore
from tests.oott_assets.training.training_pipeline import TrainingPipeline


@pytest.fixture
def store(training_pipeline: TrainingPipeline) -> ModelStore:
    assert training_pipeline
    return ModelStore(read_settings(SharedSettings).model_store_root)
