"""Fixtures of the pipeline's tests."""

from tests.oott_assets.photos.sources.browser.shared_browser import shared_browser, shared_chromium
from tests.oott_assets.trends_pipeline import photos_folder, trends_pipeline, without_delays

__all__ = [
    "photos_folder",
    "shared_browser",
    "shared_chromium",
    "trends_pipeline",
    "without_delays",
]
