"""Opens pages, one by one: with permission, at the request interval, and waiting on rate limits."""

import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from oott_assets.photos.sources.browser.chromium import Chromium, PageUnreachable
from oott_assets.photos.sources.browser.crawl_permission import CrawlPermission
from oott_assets.photos.sources.browser.log_in import LogIn
from oott_assets.photos.sources.browser.page_responses import PageResponse
from oott_assets.photos.sources.browser.page_states import Facts, PageState, facts_of, state_of
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusyForHours
from oott_assets.photos.sources.request_interval import (
    MAX_WAIT_SECONDS,
    RequestInterval,
    retry_after_seconds,
)

_MAX_TRIES = 3

# The waits after a rate limit without Retry-After, and the waits after a failure.
_RATE_LIMIT_WAITS_SECONDS = (60.0, 240.0)
_FAILURE_WAITS_SECONDS = (5.0, 20.0)

_CHECK_INTERVAL_SECONDS = 0.1

# A page in one of these states may still be loading.
_UNSETTLED = (PageState.LOADING, PageState.UNKNOWN, PageState.EMPTY_TAG)

_log = logging.getLogger(__name__)


class PageFailed(Exception):
    """The site does not show the page, also not at the last try; the message says what it shows."""


@dataclass
class PageOpener:
    """Opens pages in ``chromium``."""

    chromium: Chromium
    permission: CrawlPermission
    interval: RequestInterval
    log_in: LogIn

    def open(self, url: str, wanted: Collection[PageState]) -> Facts:
        """Open ``url`` until it shows one of the ``wanted`` states.

        Raises:
            PageFailed: the page failed repeatedly, or the site shows another page.
            SourceBusyForHours: the site asks for a longer wait than a run makes.
            PhotosUnknown: the page needs a person, or crawling it is not permitted.
            BrowserDied: the browser died.
        """
        limits, failures = 0, 0
        # Log-ins, rate limits and failures are all limited.
        while True:
            facts, state = self._open_once(url)
            if state in wanted:
                return facts
            match state:
                case PageState.LOGIN:
                    self.log_in.log_in(self.chromium, facts)
                case PageState.RATE_LIMITED:
                    limits += 1
                    self.pause_for_rate_limit(limits, self.chromium.responses())
                # An error page can look like an unknown page, since its text is not read.
                case PageState.ERROR | PageState.LOADING | PageState.UNKNOWN:
                    failures += 1
                    if failures >= _MAX_TRIES:
                        raise PageFailed(f"{_seen(facts, state)}, {failures} times in a row")
                    self.interval.pause(_FAILURE_WAITS_SECONDS[failures - 1])
                case PageState.CHALLENGE:
                    raise PhotosUnknown(
                        "the site asks for a person (a challenge, a code or a suspended account); "
                        "OOTT does not bypass this: log in by hand, solve it, and run this again"
                    )
                case _:
                    raise PageFailed(f"the site shows another page: {_seen(facts, state)}")

    def pause_for_rate_limit(self, times: int, responses: Iterable[PageResponse]) -> None:
        """Wait as long as ``responses`` require; ``times`` counts the rate limits in a row.

        Raises:
            SourceBusyForHours: the wait is too long, or ``times`` too high.
        """
        waits = [retry_after_seconds(response.retry_after) for response in responses]
        known = [seconds for seconds in waits if seconds is not None]
        if known and max(known) > MAX_WAIT_SECONDS:
            raise SourceBusyForHours(
                f"the site asks to wait {max(known) / 60:,.0f} minutes; run this again after that"
            )
        if times >= _MAX_TRIES:
            raise SourceBusyForHours(
                f"the site reports too many requests {times} times in a row; run this again "
                "later, and raise OOTT_REQUEST_INTERVAL_SECONDS"
            )
        wait = max(known) if known else _RATE_LIMIT_WAITS_SECONDS[times - 1]
        _log.warning("the site asks to slow down: waiting %.0f s", wait)
        self.interval.pause(wait)

    def _open_once(self, url: str) -> tuple[Facts, PageState]:
        """Open ``url`` once, and return the page's facts and state."""
        self.permission.require(url)
        self.interval.wait()
        try:
            self.chromium.open(url)
        except PageUnreachable as error:
            return Facts(url, 0, failure=str(error)), PageState.ERROR
        facts, state = self._settled()
        # A challenge may be at a URL that is not permitted. The error for the challenge is more
        # useful than the error for the URL.
        if state is not PageState.CHALLENGE:
            self.permission.require(facts.url)
        return facts, state

    def _settled(self) -> tuple[Facts, PageState]:
        """Read the page until its state is a final one, or until a timeout."""
        deadline = time.monotonic() + self.chromium.timeouts.settle_seconds
        while True:
            facts = facts_of(self.chromium)
            state = state_of(facts)
            if state not in _UNSETTLED or time.monotonic() > deadline:
                return facts, state
            time.sleep(_CHECK_INTERVAL_SECONDS)


def _seen(facts: Facts, state: PageState) -> str:
    return f"{facts.seen()} ({state.value})"
