"""Lists the posts of a hashtag by scrolling a virtual list, which holds only the visible rows."""

import logging
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from oott_assets.photos.sources.browser.chromium import PageLeft
from oott_assets.photos.sources.browser.page_opener import PageFailed, PageOpener
from oott_assets.photos.sources.browser.page_responses import PageResponse
from oott_assets.photos.sources.browser.page_states import (
    PageState,
    shortcode_in,
    state_of,
)
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy

_MAX_TRIES = 3

# A listing of 10,000 posts takes 3,500 rows of three.
_LISTING_SECONDS = 3600.0

_CHECK_INTERVAL_SECONDS = 0.15

# Scroll steps, in window heights. A step is less than one window, because rows outside the window
# are not in the page.
_STEP, _MIN_STEP = 0.6, 0.1
_MAX_STEPS_BACK = 20

_SCROLL = """
const [step] = arguments;
const shown = (element) => element.getClientRects().length > 0;
const find = (selector) => [...document.querySelectorAll(selector)];
const list = document.scrollingElement;
const read = () => {
  const links = find("main a[href*='/p/'], main a[href*='/reel/']");
  const pictures = links.flatMap((link) => [...link.querySelectorAll("img")]);
  return {
    path: location.pathname,
    links: links.map((link) => link.pathname),
    at_end: list.scrollTop + innerHeight >= list.scrollHeight - 2,
    loading: find("[role=progressbar]").some(shown),
    images_loading: pictures.some((picture) => !picture.complete && picture.loading !== "lazy"),
    alert: find("[role=alert]").filter(shown).some((alert) => alert.innerText.trim()),
    height: list.scrollHeight,
  };
};
list.scrollBy({ top: step * innerHeight, behavior: "instant" });
// The list draws new rows one frame later.
return new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(read()), 20))));
"""

_log = logging.getLogger(__name__)


class Stalled(Exception):
    """A list stopped before its end; the message says how this was seen."""

    def __init__(self, reason: str, failed: Sequence[PageResponse]) -> None:
        """Keep the reason and the failed responses."""
        super().__init__(reason)
        self.failed = failed


@dataclass(frozen=True)
class _Window:
    path: str
    links: list[str]
    at_end: bool
    loading: bool
    images_loading: bool
    alert: bool
    height: int


def hashtag_url(site: str, hashtag: str) -> str:
    """Return the URL of a hashtag's page. Without NFC, the URL would name another hashtag."""
    return f"{site}/explore/tags/{quote(unicodedata.normalize('NFC', hashtag), safe='')}/"


def listed_shortcodes(opener: PageOpener, site: str, hashtag: str, max_posts: int) -> list[str]:
    """List up to ``max_posts`` shortcodes under ``hashtag``, in the order of the page.

    Raises:
        SourceBusy: the site does not show the whole list now.
        PhotosUnknown: it shows another page.
        BrowserDied: the browser died.
    """
    opener.chromium.show_photos(True)
    for attempt in range(1, _MAX_TRIES + 1):
        try:
            return _read_list(opener, hashtag_url(site, hashtag), max_posts)
        except PageFailed as error:
            raise SourceBusy(
                f"the page of #{hashtag} fails: {error}; run this again later"
            ) from error
        except Stalled as stall:
            _log.warning("the list of #%s stopped early: %s", hashtag, stall)
            if any(response.status == 429 for response in stall.failed):
                opener.pause_for_rate_limit(attempt, stall.failed)
            reason = str(stall)
    raise SourceBusy(
        f"the list of #{hashtag} stopped early {_MAX_TRIES} times, the last because {reason}; "
        "an incomplete list is not used: run this again later"
    )


def _read_list(opener: PageOpener, url: str, max_posts: int) -> list[str]:
    facts = opener.open(url, (PageState.GRID, PageState.EMPTY_TAG))
    reading = _Reading(opener, facts.path)
    if state_of(facts) is PageState.EMPTY_TAG:
        reading.require_no_failure("the page shows no posts, but a request failed")
        return []
    return reading.to_the_end(max_posts)


class _Reading:
    """The state of reading one list: the posts so far, and when it last changed."""

    def __init__(self, opener: PageOpener, path: str) -> None:
        self._chromium = opener.chromium
        self._interval = opener.interval
        self._permits_host = opener.permission.permits_host
        self._path = path
        self._found: dict[str, None] = {}
        self._height = 0
        self._stride = _STEP
        self._step = 0.0
        self._last_links: set[str] = set()
        self._gaps = 0
        self._failed: dict[str, PageResponse] = {}
        self._has_sent_request = False
        self._began = self._moved = time.monotonic()

    def require_no_failure(self, reason: str) -> None:
        """Raise Stalled for ``reason`` if a request of the page failed, and was not repeated."""
        self._note_failures()
        if self._failed:
            raise self._stalled(reason)

    def to_the_end(self, max_posts: int) -> list[str]:
        """Scroll down and collect shortcodes, up to ``max_posts`` or the end of the list.

        Raises:
            Stalled: the list stopped before its end.
            PhotosUnknown: the list has no end.
        """
        while time.monotonic() - self._began < _LISTING_SECONDS:
            window = self._next_window()
            if self._last_links and window.links and self._last_links.isdisjoint(window.links):
                self._go_back()
                continue
            self._take(window)
            self._wait_after_requests()
            if len(self._found) >= max_posts or self._is_over(window):
                return list(self._found)[:max_posts]
            if window.at_end:
                time.sleep(_CHECK_INTERVAL_SECONDS)
        raise PhotosUnknown(
            f"the list has no end: {len(self._found):,} posts after "
            f"{time.monotonic() - self._began:,.0f} s"
        )

    def _next_window(self) -> _Window:
        """Scroll by one step and read the rows in the window."""
        try:
            window = _Window(**self._chromium.read(_SCROLL, self._step))
        except PageLeft as error:
            raise self._stalled(str(error)) from error
        if window.path != self._path:
            raise self._stalled("the site went to another page")
        return window

    def _go_back(self) -> None:
        """Scroll back to the rows that were skipped: images that load late move the rows."""
        if not self._gaps:
            self._stride = max(self._stride / 2, _MIN_STEP)
        self._gaps += 1
        if self._gaps > _MAX_STEPS_BACK:
            raise self._stalled("some rows were never seen")
        self._step = -self._stride

    def _take(self, window: _Window) -> None:
        before = len(self._found)
        self._found |= {code: None for link in window.links if (code := shortcode_in(link))}
        if len(self._found) > before:
            self._note_failures()
        moves = bool(self._step) and not window.at_end
        if len(self._found) > before or window.height != self._height or moves:
            self._moved, self._height = time.monotonic(), window.height
        self._last_links, self._gaps = set(window.links) or self._last_links, 0
        # Rows get their height from their images, so rows move until all images are loaded.
        self._step = 0.0 if window.images_loading else self._stride

    def _wait_after_requests(self) -> None:
        """Wait for the request interval if the page has sent a request of its own."""
        if not self._has_sent_request:
            return
        self._has_sent_request = False
        began = time.monotonic()
        self._interval.wait()
        # The time limits of the list must not count a long request interval.
        waited = time.monotonic() - began
        self._began, self._moved = self._began + waited, self._moved + waited

    def _is_over(self, window: _Window) -> bool:
        """Tell whether the list is at its end; raise if it has failed."""
        if window.alert:
            raise self._stalled("the page shows an error")
        still = time.monotonic() - self._moved
        if window.loading or window.images_loading:
            if still > self._chromium.timeouts.list_seconds:
                raise self._stalled(f"it was loading for {still:.0f} s without a result")
            return False
        if not window.at_end or still <= self._chromium.timeouts.quiet_seconds:
            return False
        self.require_no_failure("a request failed without an error on the page")
        return True

    def _note_failures(self) -> None:
        """Record failed requests of the page; remove a request when its repetition succeeds."""
        for response in self._chromium.responses():
            self._failed.pop(response.url, None)
            self._has_sent_request = self._has_sent_request or response.kind != "Document"
            failed = response.status == 0 or response.status >= 400
            # Counters and advertisements of other hosts are not part of the list.
            if failed and (self._permits_host(response.url) or not response.url):
                self._failed[response.url] = response

    def _stalled(self, reason: str) -> Stalled:
        self._note_failures()
        return Stalled(reason, list(self._failed.values()))
