"""Pages opened one by one as a guest would: at a interval, where it may, waiting when told to."""

import logging
import time
from collections.abc import Collection, Iterable

from oott_assets.photos.sources.browser.chromium import Chromium, PageUnreachable
from oott_assets.photos.sources.browser.crawl_permission import CrawlPermission
from oott_assets.photos.sources.browser.log_in import LogIn
from oott_assets.photos.sources.browser.page_responses import PageResponse
from oott_assets.photos.sources.browser.page_states import (
    Facts,
    PageState,
    decline_cookies,
    facts_of,
    state_of,
)
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusyForHours
from oott_assets.photos.sources.request_interval import (
    MAX_WAIT_SECONDS,
    RequestInterval,
    retry_after_seconds,
)

_MAX_TRIES = 3

# What to wait when the site asks for it and does not say how long, and when it fails.
_RATE_LIMIT_WAITS_SECONDS = (60.0, 240.0)
_FAILURE_WAITS_SECONDS = (5.0, 20.0)

# Consent, log-in, an offer and three tries: more turns than that are a circle.
_MAX_PAGES = 8

_LOOK_EVERY_SECONDS = 0.1

# Of a page that is loading none of these is the last word.
_UNSETTLED = (PageState.LOADING, PageState.UNKNOWN, PageState.HOME)

_log = logging.getLogger(__name__)


class PageFailed(Exception):
    """The site failed to show a page, time after time; its text says how."""


class StrangePage(PhotosUnknown):
    """The site shows a page that is none of those that were asked for."""


class PageOpener:
    """Opens pages in ``chromium``, which is another one after a restart."""

    def __init__(
        self,
        chromium: Chromium,
        permission: CrawlPermission,
        interval: RequestInterval,
        log_in: LogIn,
    ) -> None:
        self.chromium = chromium
        self.permission = permission
        self.interval = interval
        self.log_in = log_in

    def open(self, url: str, wanted: Collection[PageState]) -> Facts:
        """Open ``url`` until it shows one of the ``wanted`` states.

        Raises:
            PageFailed: it failed, time after time.
            SourceBusyForHours: the site asks for a longer wait than a run should make.
            StrangePage: it shows another page, or one that is not known.
            PhotosUnknown: what it shows needs a person, or may not be asked for.
            BrowserDied: the browser did.
        """
        limits, failures = 0, 0
        for _ in range(_MAX_PAGES):
            facts, state = self._opened(url)
            if state in wanted:
                return facts
            match state:
                case PageState.LOGIN:
                    self.log_in.log_in(self.chromium, facts)
                case PageState.RATE_LIMITED:
                    limits += 1
                    self.pause_for_rate_limit(limits, self.chromium.responses())
                case PageState.ERROR | PageState.LOADING:
                    failures += 1
                    self._pause_after_failure(failures, facts)
                case PageState.ONETAP | PageState.CONSENT:
                    continue
                case PageState.CHALLENGE:
                    raise PhotosUnknown(what_stops(state, facts))
                case _:
                    raise StrangePage(what_stops(state, facts))
        raise PhotosUnknown(f"the site leads in circles: asked for {url}, it shows {facts.seen()}")

    def pause_for_rate_limit(self, times: int, responses: Iterable[PageResponse]) -> None:
        """Wait as ``responses`` ask, which is the so-manieth time in a row.

        Raises:
            SourceBusyForHours: that would be too long, or was too often.
        """
        told = [retry_after_seconds(response.retry_after) for response in responses]
        known = [seconds for seconds in told if seconds is not None]
        if known and max(known) > MAX_WAIT_SECONDS:
            raise SourceBusyForHours(
                f"the site asks to wait {max(known) / 60:,.0f} minutes; run it again after that"
            )
        if times >= _MAX_TRIES:
            raise SourceBusyForHours(
                f"the site says {times} times in a row that it was asked too much; run it again "
                "later, and raise OOTT_REQUEST_INTERVAL_SECONDS"
            )
        wait = max(known) if known else _RATE_LIMIT_WAITS_SECONDS[times - 1]
        _log.warning("the site asks to slow down: waiting %.0f s", wait)
        self.interval.pause(wait)

    def _pause_after_failure(self, times: int, facts: Facts) -> None:
        if times >= _MAX_TRIES:
            raise PageFailed(f"{facts.seen()}, {times} times in a row")
        self.interval.pause(_FAILURE_WAITS_SECONDS[times - 1])

    def _opened(self, url: str) -> tuple[Facts, PageState]:
        """Open ``url`` once, answer what is asked about cookies, and name what is then there."""
        self.permission.require(url)
        self.interval.wait()
        self.log_in.pages += 1
        try:
            self.chromium.open(url)
        except PageUnreachable as error:
            return Facts(url, 0, failure=str(error)), PageState.ERROR
        facts, state = settled(self.chromium)
        if state is PageState.CONSENT:
            decline_cookies(self.chromium)
            facts, state = settled(self.chromium, unlike=PageState.CONSENT)
        # Wherever the site has sent the browser, what stops the run there is told first.
        if state is not PageState.CHALLENGE:
            self.permission.require(facts.url)
        return facts, state


def settled(chromium: Chromium, unlike: PageState | None = None) -> tuple[Facts, PageState]:
    """Read the page until it is one that is known, and not ``unlike`` any more."""
    deadline = time.monotonic() + chromium.timeouts.settle_seconds
    while True:
        facts = facts_of(chromium)
        state = state_of(facts)
        if state not in (*_UNSETTLED, unlike) or time.monotonic() > deadline:
            return facts, state
        time.sleep(_LOOK_EVERY_SECONDS)


def what_stops(state: PageState, facts: Facts) -> str:
    """Say why a run cannot go on from a page."""
    if state is PageState.CHALLENGE:
        return (
            "the site asks for a person (a challenge, a code or a suspended account); nothing is "
            "tried against that: log in by hand in a browser, do what it asks, and run it again"
        )
    return f"the site shows a page that is not known here, taken as {state.value}: {facts.seen()}"
