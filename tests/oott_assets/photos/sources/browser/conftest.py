"""Fixtures of the browser source: the shared Chromium, and the same as a guest of a site."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from oott_assets.photos.sources.browser.chromium import Chromium
from tests.oott_assets.photos.sources.browser.crawls import Guest
from tests.oott_assets.photos.sources.browser.shared_browser import LentChromium


@pytest.fixture
def chromium(shared_chromium: Chromium) -> Chromium:
    return LentChromium(shared_chromium)


@pytest.fixture
def guest(chromium: Chromium, tmp_path: Path) -> Iterator[Guest]:
    with httpx.Client(headers={"User-Agent": "OOTT"}) as client:
        yield Guest(chromium, client, tmp_path)
