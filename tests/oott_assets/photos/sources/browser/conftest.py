"""Fixtures of the browser source: the shared Chromium as a guest of a site, and new programs."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from oott_assets.photos.sources.browser.browser_start import Programs
from oott_assets.photos.sources.browser.chromium import Chromium
from tests.oott_assets.photos.sources.browser.crawls import PROGRAMS, Guest
from tests.oott_assets.photos.sources.browser.shared_browser import LentChromium


@pytest.fixture
def chromium(shared_chromium: Chromium) -> Chromium:
    return LentChromium(shared_chromium)


@pytest.fixture
def programs() -> Iterator[Programs]:
    """Programs with a browser folder for one test; sockets require its path to be short."""
    with tempfile.TemporaryDirectory(prefix="oott-") as folder:
        yield replace(PROGRAMS, browser_folders=Path(folder) / "browser_folders")


@pytest.fixture
def guest(chromium: Chromium, tmp_path: Path) -> Iterator[Guest]:
    with httpx.Client(headers={"User-Agent": "OOTT"}) as client:
        yield Guest(chromium, client, tmp_path / "session")
