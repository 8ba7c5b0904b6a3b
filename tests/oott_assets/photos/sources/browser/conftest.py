"""Fixtures with one Chromium for all tests that do not kill it.

Starting a browser takes two seconds; removing the cookies of the previous test is fast.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from oott_assets.photos.sources.browser.browser_start import Programs
from oott_assets.photos.sources.browser.chromium import Chromium
from tests.oott_assets.photos.sources.browser.crawls import PROGRAMS, TIMEOUTS, Guest


@pytest.fixture(scope="session")
def shared_chromium() -> Iterator[Chromium]:
    with Chromium(PROGRAMS, TIMEOUTS, "OOTT") as chromium:
        yield chromium


@pytest.fixture
def chromium(shared_chromium: Chromium) -> Chromium:
    shared_chromium.cdp("Network.clearBrowserCookies", {})
    shared_chromium.show_photos(True)
    return shared_chromium


@pytest.fixture
def programs() -> Iterator[Programs]:
    """Programs with a browser folder for one test; sockets require its path to be short."""
    with tempfile.TemporaryDirectory(prefix="oott-") as folder:
        yield replace(PROGRAMS, browser_folders=Path(folder) / "browser_folders")


@pytest.fixture
def guest(chromium: Chromium, tmp_path: Path) -> Iterator[Guest]:
    with httpx.Client(headers={"User-Agent": "OOTT"}) as client:
        yield Guest(chromium, client, tmp_path / "session")
