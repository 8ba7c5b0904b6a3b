"""Fixtures of the pipeline's tests."""

from tests.oott_assets.street import photos_folder, street, without_delays

__all__ = ["photos_folder", "street", "without_delays"]
