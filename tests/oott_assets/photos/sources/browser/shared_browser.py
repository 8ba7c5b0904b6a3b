"""One Chromium for all crawls of a test process that do not kill it.

Starting a browser takes three CPU seconds; removing the cookies of the previous crawl is fast.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest

from oott_assets.photos.sources.browser import browser_source
from oott_assets.photos.sources.browser.chromium import Chromium
from tests.oott_assets.photos.sources.browser.crawls import PROGRAMS, TIMEOUTS


class LentChromium(Chromium):
    """The shared browser without the cookies of the previous crawl."""

    def __init__(self, shared: Chromium) -> None:
        self.__dict__ = shared.__dict__
        self.cdp("Network.clearBrowserCookies", {})
        self.show_photos(True)

    def close(self) -> None:
        """Leave the browser, without a page that computes, to the next crawl."""
        self.open("about:blank")


@pytest.fixture(scope="session")
def shared_chromium() -> Iterator[Chromium]:
    with closing(Chromium(PROGRAMS, TIMEOUTS, "OOTT")) as chromium:
        yield chromium


@pytest.fixture
def shared_browser(shared_chromium: Chromium, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the browser source use the shared browser in place of a new one."""
    monkeypatch.setattr(browser_source, "Chromium", lambda *_: LentChromium(shared_chromium))
