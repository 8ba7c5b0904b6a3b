"""Fixtures of the training pipeline."""

from tests.oott_assets.training.training_street import training_street

__all__ = ["training_street"]
