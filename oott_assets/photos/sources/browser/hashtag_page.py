"""Lists the posts of a hashtag by scrolling a virtual list, which holds only the visible rows."""

import logging
import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from oott_assets.photos.sources.browser.browser_start import BrowserDied
from oott_assets.photos.sources.browser.chromium import PageLeft
from oott_assets.photos.sources.browser.page_opener import PageFailed, PageOpener, why_stopped
from oott_assets.photos.sources.browser.page_responses import PageResponse
from oott_assets.photos.sources.browser.page_states import (
    PageState,
    asks_to_wait,
    facts_of,
    shortcode_in,
    state_of,
)
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy

_MAX_TRIES = 3

# A listing of 10,000 posts takes 3,500 rows of three.
_MAX_SCROLLS = 20_000
_LISTING_SECONDS = 3600.0

_CHECK_INTERVAL_SECONDS = 0.15

# Scroll steps, in window heights. A step is less than one window, because rows outside the window
# are not in the page.
_STEP, _MIN_STEP = 0.6, 0.1
_MAX_STEPS_BACK = 20

# The page shows a post count. A warning is logged if less than this share of it is listed.
_MIN_LISTED_SHARE = 0.8

_COUNT = re.compile(r"([\d][\d,. ]*)\s+posts\b", re.IGNORECASE)

_SCROLL = """
const [step, done] = arguments;
const shown = (element) => element.getClientRects().length > 0;
const find = (selector) => [...document.querySelectorAll(selector)];
const list = document.scrollingElement;
const read = () => {
  const links = find("main a[href*='/p/'], main a[href*='/reel/']");
  const pictures = links.flatMap((link) => [...link.querySelectorAll("img")]);
  const alerts = find("[role=alert]").filter(shown);
  done({
    path: location.pathname,
    links: links.map((link) => link.pathname),
    at_end: list.scrollTop + innerHeight >= list.scrollHeight - 2,
    loading: find("[role=progressbar]").some(shown),
    images_loading: pictures.some((picture) => !picture.complete && picture.loading !== "lazy"),
    alert: alerts.map((alert) => alert.innerText).join(" ").slice(0, 300),
    height: list.scrollHeight,
  });
};
list.scrollBy({ top: step * innerHeight, behavior: "instant" });
// The list draws new rows one frame later.
requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(read, 20)));
"""

_log = logging.getLogger(__name__)


class Stalled(Exception):
    """A list stopped before its end; the message says how this was seen."""

    def __init__(
        self, reason: str, responses: Sequence[PageResponse], is_limit: bool = False
    ) -> None:
        """Keep the reason and the failed responses."""
        super().__init__(reason)
        self.responses = responses
        self.is_limit = is_limit or any(response.status == 429 for response in responses)


@dataclass(frozen=True)
class _Window:
    path: str
    links: list[str]
    at_end: bool
    loading: bool
    images_loading: bool
    alert: str
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
    url = hashtag_url(site, hashtag)
    opener.chromium.show_photos(True)
    for attempt in range(1, _MAX_TRIES + 1):
        try:
            facts = opener.open(url, (PageState.GRID, PageState.EMPTY_TAG))
            reading = _Reading(opener, facts.path)
            if state_of(facts) is PageState.EMPTY_TAG:
                reading.require_no_posts(facts.text)
                _log.info("#%s has no posts", hashtag)
                return []
            found = reading.to_the_end(max_posts)
        except PageFailed as error:
            raise SourceBusy(
                f"the page of #{hashtag} fails: {error}; run this again later"
            ) from error
        except Stalled as stall:
            _log.warning("the list of #%s stopped early: %s", hashtag, stall)
            if stall.is_limit:
                opener.pause_for_rate_limit(attempt, stall.responses)
            reason = str(stall)
        else:
            _compare_with_count(hashtag, len(found), facts.text, max_posts)
            return found
    raise SourceBusy(
        f"the list of #{hashtag} stopped early {_MAX_TRIES} times, the last because {reason}; "
        "an incomplete list is not used: run this again later"
    )


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

    def require_no_posts(self, text: str) -> None:
        """Check that a page without posts really has none; ``text`` is the text of the page.

        Raises:
            Stalled: the page gives a number of posts, or a request failed.
        """
        self._note_failures()
        count = _count_in(text)
        if count:
            raise self._stalled(f"the page gives {count:,} posts and shows none")
        if self._failed:
            raise self._stalled("a request failed, and the page says that there are no posts")

    def to_the_end(self, max_posts: int) -> list[str]:
        """Scroll down and collect shortcodes, up to ``max_posts`` or the end of the list.

        Raises:
            Stalled: the list stopped before its end.
            PhotosUnknown: the list has no end.
        """
        for _ in range(_MAX_SCROLLS):
            window = self._next_window()
            if self._has_skipped(window):
                self._go_back()
                continue
            self._take(window)
            self._wait_after_requests()
            if len(self._found) >= max_posts or self._is_over(window):
                return list(self._found)[:max_posts]
            if time.monotonic() - self._began > _LISTING_SECONDS:
                break
            if window.at_end:
                time.sleep(_CHECK_INTERVAL_SECONDS)
        raise PhotosUnknown(
            f"the list has no end: {len(self._found):,} posts after "
            f"{time.monotonic() - self._began:,.0f} s"
        )

    def _next_window(self) -> _Window:
        """Scroll by one step and read the rows in the window."""
        try:
            data = self._chromium.run_to_callback(_SCROLL, self._step)
        except PageLeft as error:
            self._require_no_challenge()
            raise self._stalled(str(error)) from error
        if not isinstance(data, dict):
            raise BrowserDied("it returned no data about its page")
        window = _Window(**data)
        if window.path != self._path:
            state = self._require_no_challenge()
            raise self._stalled(f"the site went to another page, {state.value}")
        return window

    def _require_no_challenge(self) -> PageState:
        """Read the state of the page that the site went to; a challenge ends the run."""
        facts = facts_of(self._chromium)
        state = state_of(facts)
        if state is PageState.CHALLENGE:
            raise PhotosUnknown(why_stopped(state, facts))
        return state

    def _has_skipped(self, window: _Window) -> bool:
        """Tell whether no row of the last window is in this one."""
        return bool(self._last_links and window.links) and self._last_links.isdisjoint(window.links)

    def _go_back(self) -> None:
        """Scroll back to the last rows, and continue with smaller steps.

        Images that load late move the rows.
        """
        if not self._gaps:
            self._stride = max(self._stride / 2, _MIN_STEP)
        self._gaps += 1
        if self._gaps > _MAX_STEPS_BACK:
            raise self._stalled("some rows were never seen")
        self._step = -self._stride

    def _take(self, window: _Window) -> None:
        before = len(self._found)
        self._found.update(dict.fromkeys(_shortcodes_in(window)))
        if len(self._found) > before:
            self._note_failures()
        if len(self._found) > before or window.height != self._height or self._moves(window):
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

    def _moves(self, window: _Window) -> bool:
        return bool(self._step) and not window.at_end

    def _is_over(self, window: _Window) -> bool:
        """Tell whether the list is at its end; raise if it has failed."""
        if window.alert:
            raise self._stalled("the page shows an error", asks_to_wait(window.alert))
        still = time.monotonic() - self._moved
        if window.loading or window.images_loading:
            if still > self._chromium.timeouts.list_seconds:
                raise self._stalled(f"it was loading for {still:.0f} s without a result")
            return False
        if not window.at_end or still <= self._chromium.timeouts.quiet_seconds:
            return False
        self._note_failures()
        if self._failed:
            raise self._stalled("a request failed without an error on the page")
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

    def _stalled(self, reason: str, is_limit: bool = False) -> Stalled:
        self._note_failures()
        return Stalled(reason, list(self._failed.values()), is_limit)


def _shortcodes_in(window: _Window) -> Iterator[str]:
    for link in window.links:
        shortcode = shortcode_in(link)
        if shortcode is not None:
            yield shortcode


def _count_in(text: str) -> int | None:
    count = _COUNT.search(text)
    return None if count is None else int(re.sub(r"\D", "", count[1]))


def _compare_with_count(hashtag: str, found: int, text: str, max_posts: int) -> None:
    count = _count_in(text)
    if count is not None and found < min(count * _MIN_LISTED_SHARE, max_posts):
        _log.warning("#%s: the page gives %s posts and lists %s", hashtag, count, found)
