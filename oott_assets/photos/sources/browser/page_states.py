"""Determines which page the browser shows: reads its facts and derives one state."""

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from oott_assets.photos.sources.browser.browser_start import BrowserDied
from oott_assets.photos.sources.browser.chromium import Chromium, PageLeft

_MAX_READS = 10

# This many characters of a text are enough to find the known messages.
_MAX_TEXT = 600

_POST_PATH = re.compile(r"/(?:[\w.]+/)?(?:p|reel)/([\w-]{1,64})/?")
_TAG_PATH = re.compile(r"/explore/tags/[^/]+/?")
_CHALLENGE_PATHS = (
    "/challenge",
    "/checkpoint",
    "/auth_platform",
    "/accounts/suspended",
    "/accounts/disabled",
    "/accounts/login/two_factor",
)

_WAIT = re.compile(r"wait a few minutes before you try again|try again later|too many requests")
_GONE = re.compile(r"this page isn.t available|page not found|link you followed may be broken")
_EMPTY = re.compile(r"no posts yet|no posts found")
_ERROR = re.compile(r"something went wrong|an error occurred|couldn.t load")
_NETWORK_PROBLEM = re.compile(r"couldn.t connect|connected to the internet|problem logging you in")


class PageState(Enum):
    """The kind of a page."""

    GRID = "grid"
    POST = "post"
    LOGIN = "log-in"
    CONSENT = "consent"
    ONETAP = "offer to save the log-in"
    CHALLENGE = "challenge"
    RATE_LIMITED = "rate limit"
    GONE = "gone"
    EMPTY_TAG = "hashtag without posts"
    ERROR = "error"
    LOADING = "still loading"
    HOME = "home"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Facts:
    """What the page shows; ``status`` is its HTTP status, 0 if unknown.

    ``failure`` says why there is no page.
    """

    url: str
    status: int = 200
    ready: bool = True
    title: str = ""
    text: str = ""
    alert: str = ""
    asks_password: bool = False
    asks_consent: bool = False
    busy: bool = False
    tiles: int = 0
    has_post: bool = False
    has_main: bool = False
    failure: str = ""

    @property
    def path(self) -> str:
        """The path of the URL; queries may contain secrets."""
        return urlsplit(self.url).path

    def seen(self) -> str:
        """Describe the page for a message, without texts that people wrote."""
        if self.failure:
            return f"no page: {self.failure}"
        address = self.url.partition("?")[0].partition("#")[0]
        return f"{address} with status {self.status} and title {self.title[:80]!r}"


_DECLINES = "decline optional cookies|only allow essential|reject all"

_DECLINE = """
const decline = new RegExp(arguments[0], "i");
const button = [...document.querySelectorAll("[role=dialog] button")].find(
  (candidate) => decline.test(candidate.innerText));
if (button) button.click();
"""

_READ = """
const shown = (element) => element.getClientRects().length > 0;
const find = (selector) => [...document.querySelectorAll(selector)];
const decline = new RegExp(arguments[1], "i");
const navigation = performance.getEntriesByType("navigation")[0];
const hasPost = find("article").length > 0;
const alerts = find("[role=alert]").filter(shown).map((alert) => alert.innerText);
return {
  url: location.href,
  status: (navigation && navigation.responseStatus) || 0,
  ready: document.readyState !== "loading",
  title: document.title,
  // Comments under a post are not messages of the site.
  text: hasPost || !document.body ? "" : document.body.innerText.trim().slice(0, arguments[0]),
  alert: alerts.join(" ").slice(0, arguments[0]),
  asks_password: find("input[name=password], input[type=password]").some(shown),
  asks_consent: find("[role=dialog] button").some((button) => decline.test(button.innerText)),
  busy: find("[role=progressbar]").some(shown),
  tiles: find("main a[href*='/p/'], main a[href*='/reel/']").length,
  has_post: hasPost,
  has_main: find("main").length > 0,
};
"""


def facts_of(chromium: Chromium) -> Facts:
    """Read the facts of the page that ``chromium`` shows.

    Raises:
        BrowserDied: the browser died, or returned no data.
    """
    for _ in range(_MAX_READS):
        try:
            found = chromium.run(_READ, _MAX_TEXT, _DECLINES)
        except PageLeft:
            # Another page was loaded meanwhile, so the next try reads that page.
            continue
        if isinstance(found, dict):
            return Facts(**found)
    raise BrowserDied("it returned no data about its page")


def decline_cookies(chromium: Chromium) -> None:
    """Decline all optional cookies."""
    with suppress(PageLeft):
        chromium.run(_DECLINE, _DECLINES)


def state_of(facts: Facts) -> PageState:
    """Determine the page's state; its URL and status take precedence over its text."""
    by_answer = _state_by_answer(facts)
    if by_answer is not None:
        return by_answer
    if facts.asks_consent:
        return PageState.CONSENT
    if facts.path.startswith("/accounts/onetap"):
        return PageState.ONETAP
    if facts.asks_password:
        return PageState.LOGIN
    if facts.tiles and _TAG_PATH.fullmatch(facts.path):
        return PageState.GRID
    if facts.has_post and shortcode_in(facts.path):
        return PageState.POST
    return _state_by_text(facts)


def shortcode_in(path: str) -> str | None:
    """Read the shortcode from the path of a post; None for other paths."""
    found = _POST_PATH.fullmatch(path)
    return found and found[1]


def is_refusal(alert: str) -> bool:
    """Tell whether an alert after a log-in means a wrong account, not a network problem.

    An unknown alert counts as a refusal, because a second try could lock the account.
    """
    text = alert.lower()
    return bool(text) and not any(known.search(text) for known in (_NETWORK_PROBLEM, _WAIT, _ERROR))


def asks_to_wait(alert: str) -> bool:
    """Tell whether an alert is a rate limit."""
    return _WAIT.search(alert.lower()) is not None


def _state_by_answer(facts: Facts) -> PageState | None:
    if facts.failure:
        return PageState.ERROR
    if facts.path.startswith(_CHALLENGE_PATHS):
        return PageState.CHALLENGE
    if facts.status == 429:
        return PageState.RATE_LIMITED
    if facts.status >= 500:
        return PageState.ERROR
    if facts.status in (404, 410):
        return PageState.GONE
    return None


def _state_by_text(facts: Facts) -> PageState:
    text = f"{facts.text} {facts.alert}".lower()
    if _WAIT.search(text):
        return PageState.RATE_LIMITED
    if _GONE.search(text):
        return PageState.GONE
    if _EMPTY.search(text) and _TAG_PATH.fullmatch(facts.path):
        return PageState.EMPTY_TAG
    if _ERROR.search(text):
        return PageState.ERROR
    if facts.busy or not facts.ready or not text.strip():
        return PageState.LOADING
    return PageState.HOME if facts.path == "/" and facts.has_main else PageState.UNKNOWN
