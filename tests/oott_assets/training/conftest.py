"""Fixtures of the training pipeline."""

from tests.oott_assets.training.published_versions import coat, jeans, store
from tests.oott_assets.training.training_pipeline import training_pipeline

__all__ = ["coat", "jeans", "store", "training_pipeline"]
