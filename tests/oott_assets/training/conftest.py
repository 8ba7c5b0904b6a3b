"""Fixtures of the training pipeline."""

from tests.oott_assets.training.training_pipeline import training_pipeline

__all__ = ["training_pipeline"]
