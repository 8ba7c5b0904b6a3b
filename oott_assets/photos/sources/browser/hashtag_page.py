"""The posts of a hashtag, read off a list of which only a window is in the page."""

import logging
import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from oott_assets.photos.sources.browser.browser_start import BrowserDied
from oott_assets.photos.sources.browser.chromium import PageLeft
from oott_assets.photos.sources.browser.page_opener import PageFailed, PageOpener, what_stops
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

_LOOK_EVERY_SECONDS = 0.15

# In windows. Less than one: what passes between two looks is never in the page.
_STEP, _SHORTEST_STEP = 0.6, 0.1
_MAX_STEPS_BACK = 20

# Of fewer than this share of the posts that the page speaks of, one should know.
_FEW = 0.8

_COUNT = re.compile(r"([\d][\d,. ]*)\s+posts\b", re.IGNORECASE)

_SCROLL = """
const [step, done] = arguments;
const shown = (element) => element.getClientRects().length > 0;
const find = (selector) => [...document.querySelectorAll(selector)];
const room = document.scrollingElement;
const read = () => {
  const links = find("main a[href*='/p/'], main a[href*='/reel/']");
  const pictures = links.flatMap((link) => [...link.querySelectorAll("img")]);
  const alerts = find("[role=alert]").filter(shown);
  done({
    path: location.pathname,
    links: links.map((link) => link.pathname),
    at_end: room.scrollTop + innerHeight >= room.scrollHeight - 2,
    loading: find("[role=progressbar]").some(shown),
    unseen: pictures.some((picture) => !picture.complete && picture.loading !== "lazy"),
    alert: alerts.map((it) => it.innerText).join(" ").slice(0, 300),
    height: room.scrollHeight,
  });
};
room.scrollBy({ top: step * innerHeight, behavior: "instant" });
// The list draws what has come into the window a frame later.
requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(read, 20)));
"""

_log = logging.getLogger(__name__)


class Stalled(Exception):
    """A list that stopped before its end; its text says how that showed."""

    def __init__(
        self, reason: str, responses: Sequence[PageResponse], is_limit: bool = False
    ) -> None:
        """Tell what showed, and which responses were failures."""
        super().__init__(reason)
        self.responses = responses
        self.is_limit = is_limit or any(response.status == 429 for response in responses)


@dataclass(frozen=True)
class _Window:
    path: str
    links: list[str]
    at_end: bool
    loading: bool
    unseen: bool
    alert: str
    height: int


def hashtag_url(site: str, hashtag: str) -> str:
    """Give the address of a hashtag's page; in another normal form it would be another's."""
    return f"{site}/explore/tags/{quote(unicodedata.normalize('NFC', hashtag), safe='')}/"


def listed_shortcodes(opener: PageOpener, site: str, hashtag: str, most: int) -> list[str]:
    """List the shortcodes under ``hashtag``, in the order of the page, and no more than ``most``.

    Raises:
        SourceBusy: the site does not show the whole list now.
        PhotosUnknown: it shows something else.
        BrowserDied: the browser did.
    """
    url = hashtag_url(site, hashtag)
    opener.chromium.show_photos(True)
    for attempt in range(1, _MAX_TRIES + 1):
        try:
            facts = opener.open(url, (PageState.GRID, PageState.EMPTY_TAG))
            reading = _Reading(opener, facts.path)
            if state_of(facts) is PageState.EMPTY_TAG:
                reading.require_none(facts.text)
                _log.info("nobody has posted under #%s", hashtag)
                return []
            found = reading.to_the_end(most)
        except PageFailed as error:
            raise SourceBusy(
                f"the page of #{hashtag} fails: {error}; run it again later"
            ) from error
        except Stalled as stall:
            _log.warning("the list of #%s stopped early: %s", hashtag, stall)
            if stall.is_limit:
                opener.pause_for_rate_limit(attempt, stall.responses)
            reason = str(stall)
        else:
            _compare_with_count(hashtag, len(found), facts.text, most)
            return found
    raise SourceBusy(
        f"the list of #{hashtag} stopped early {_MAX_TRIES} times, the last because {reason}; a "
        "short list is not taken for a whole one: run it again later"
    )


class _Reading:
    """A list on the way to its end: what has passed, and when something last moved."""

    def __init__(self, opener: PageOpener, path: str) -> None:
        self._chromium = opener.chromium
        self._interval = opener.interval
        self._permits_host = opener.permission.permits_host
        self._path = path
        self._found: dict[str, None] = {}
        self._height = 0
        self._stride = _STEP
        self._step = 0.0
        self._passing: set[str] = set()
        self._gaps = 0
        self._failed: dict[str, PageResponse] = {}
        self._has_asked = False
        self._began = self._moved = time.monotonic()

    def require_none(self, text: str) -> None:
        """Believe a page that says in ``text`` that there are no posts, if nothing speaks against.

        Raises:
            Stalled: something does.
        """
        self._note_failures()
        told = _count_in(text)
        if told:
            raise self._stalled(f"the page speaks of {told:,} posts and shows none")
        if self._failed:
            raise self._stalled("a part of it failed, and the page says that there are no posts")

    def to_the_end(self, most: int) -> list[str]:
        """Scroll down, collecting the shortcodes that pass, until there are ``most`` or no more.

        Raises:
            Stalled: the list stopped before its end.
            PhotosUnknown: it has none.
        """
        for _ in range(_MAX_SCROLLS):
            window = self._next_window()
            if self._has_skipped(window):
                self._go_back()
                continue
            self._take(window)
            self._wait_the_pace()
            if len(self._found) >= most or self._is_over(window):
                return list(self._found)[:most]
            if time.monotonic() - self._began > _LISTING_SECONDS:
                break
            if window.at_end:
                time.sleep(_LOOK_EVERY_SECONDS)
        raise PhotosUnknown(
            f"the list has no end: {len(self._found):,} posts after "
            f"{time.monotonic() - self._began:,.0f} s"
        )

    def _next_window(self) -> _Window:
        """Scroll by a step and read what has come into the window."""
        try:
            seen = self._chromium.run_to_callback(_SCROLL, self._step)
        except PageLeft as error:
            self._refuse_challenge()
            raise self._stalled(str(error)) from error
        if not isinstance(seen, dict):
            raise BrowserDied("it tells nothing of its page")
        window = _Window(**seen)
        if window.path != self._path:
            state = self._refuse_challenge()
            raise self._stalled(f"the site went to another page, {state.value}")
        return window

    def _refuse_challenge(self) -> PageState:
        """Name the page that the site went to; one that asks for a person ends the run."""
        facts = facts_of(self._chromium)
        state = state_of(facts)
        if state is PageState.CHALLENGE:
            raise PhotosUnknown(what_stops(state, facts))
        return state

    def _has_skipped(self, window: _Window) -> bool:
        """Tell whether nothing that was passing before is still there."""
        return bool(self._passing and window.links) and self._passing.isdisjoint(window.links)

    def _go_back(self) -> None:
        """Go back to where the list was left, and on from there in shorter steps.

        Pictures that come late move a list on.
        """
        if not self._gaps:
            self._stride = max(self._stride / 2, _SHORTEST_STEP)
        self._gaps += 1
        if self._gaps > _MAX_STEPS_BACK:
            raise self._stalled("a part of it was never seen")
        self._step = -self._stride

    def _take(self, window: _Window) -> None:
        before = len(self._found)
        self._found.update(dict.fromkeys(_shortcodes_in(window)))
        if len(self._found) > before:
            self._note_failures()
        if len(self._found) > before or window.height != self._height or self._moves(window):
            self._moved, self._height = time.monotonic(), window.height
        self._passing, self._gaps = set(window.links) or self._passing, 0
        # Rows are as high as their pictures: before those are there, none is where it will be.
        self._step = 0.0 if window.unseen else self._stride

    def _wait_the_pace(self) -> None:
        """Let some time pass after the page has asked for more, which is a request like others."""
        if not self._has_asked:
            return
        self._has_asked = False
        began = time.monotonic()
        self._interval.wait()
        # A pace that is slow makes no list endless, and none still.
        waited = time.monotonic() - began
        self._began, self._moved = self._began + waited, self._moved + waited

    def _moves(self, window: _Window) -> bool:
        return bool(self._step) and not window.at_end

    def _is_over(self, window: _Window) -> bool:
        """Tell whether this is the end, and not a list that has failed."""
        if window.alert:
            raise self._stalled("the page says that it failed", asks_to_wait(window.alert))
        still = time.monotonic() - self._moved
        if window.loading or window.unseen:
            if still > self._chromium.timeouts.list_seconds:
                raise self._stalled(f"it was loading for {still:.0f} s in vain")
            return False
        if not window.at_end or still <= self._chromium.timeouts.quiet_seconds:
            return False
        self._note_failures()
        if self._failed:
            raise self._stalled("a part of it failed without a word")
        return True

    def _note_failures(self) -> None:
        """Note what the page asked for in vain, until it asks for it with success."""
        for response in self._chromium.responses():
            self._failed.pop(response.url, None)
            self._has_asked = self._has_asked or response.kind != "Document"
            failed = response.status == 0 or response.status >= 400
            # What others count and advertise on the page is no part of the list.
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


def _compare_with_count(hashtag: str, found: int, text: str, most: int) -> None:
    told = _count_in(text)
    if told is not None and found < min(told * _FEW, most):
        _log.warning("#%s: the page speaks of %s posts and lists %s", hashtag, told, found)
