"""Fixtures of the pipeline's tests."""

from tests.oott_assets.trends_pipeline import photos_folder, trends_pipeline, without_delays

__all__ = ["photos_folder", "trends_pipeline", "without_delays"]
