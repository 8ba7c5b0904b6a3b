"""Determines which page the browser shows, by its URL, its HTTP status and its elements.

No text is read, because the site uses the language of the account. Only digits are read.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from oott_assets.photos.sources.browser.browser_start import BrowserDied
from oott_assets.photos.sources.browser.chromium import Chromium, PageLeft

_MAX_READS = 10

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


class PageState(Enum):
    """The kind of a page."""

    GRID = "grid"
    POST = "post"
    LOGIN = "log-in"
    CHALLENGE = "challenge"
    RATE_LIMITED = "rate limit"
    GONE = "gone"
    EMPTY_TAG = "hashtag without posts"
    ERROR = "error"
    LOADING = "still loading"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Facts:
    """What the page shows; ``status`` is its HTTP status, 0 if unknown.

    ``posts`` is the number in the header of a hashtag, if there is one. ``leads_home`` means
    that the page has only text and a link to the home page. ``failure`` says why there is no page.
    """

    url: str
    status: int = 200
    title: str = ""
    loads: bool = False
    asks_password: bool = False
    has_alert: bool = False
    tiles: int = 0
    posts: int | None = None
    has_post: bool = False
    leads_home: bool = False
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


_READ = """
const shown = (element) => element.getClientRects().length > 0;
const find = (selector) => [...document.querySelectorAll(selector)].filter(shown);
const navigation = performance.getEntriesByType("navigation")[0];
const header = document.querySelector("main header");
const heading = header && header.querySelector("h1");
const count = header && header.innerText.replace(heading ? heading.innerText : "", "").match(
  /\\d[\\d., ]*/);
const links = find("main a[href]");
const parts = "article, img, video, form, input, button, [role=progressbar]";
return {
  url: location.href,
  status: (navigation && navigation.responseStatus) || 0,
  title: document.title,
  loads: document.readyState === "loading" || find("[role=progressbar]").length > 0
    || !document.body || !document.body.innerText.trim(),
  asks_password: find("input[name=password], input[type=password]").length > 0,
  has_alert: find("[role=alert]").some((alert) => alert.innerText.trim()),
  tiles: find("main a[href*='/p/'], main a[href*='/reel/']").length,
  posts: count ? Number(count[0].replace(/\\D/g, "")) : null,
  has_post: find("article").length > 0,
  leads_home: links.length > 0 && links.every((link) => link.pathname === "/")
    && find("main").every((main) => !main.querySelector(parts)),
};
"""


def facts_of(chromium: Chromium) -> Facts:
    """Read the facts of the page that ``chromium`` shows.

    Raises:
        BrowserDied: the browser died, or returned no data.
    """
    for _ in range(_MAX_READS):
        # If another page was loaded meanwhile, the next try reads that page.
        with suppress(PageLeft):
            return Facts(**chromium.read(_READ))
    raise BrowserDied("its page changes all the time")


def state_of(facts: Facts) -> PageState:
    """Determine the page's state; its URL and status take precedence over its elements."""
    is_tag, is_post = bool(_TAG_PATH.fullmatch(facts.path)), shortcode_in(facts.path) is not None
    states = (
        (facts.failure or facts.status >= 500, PageState.ERROR),
        (facts.path.startswith(_CHALLENGE_PATHS), PageState.CHALLENGE),
        (facts.status == 429, PageState.RATE_LIMITED),
        (facts.status in (404, 410), PageState.GONE),
        (facts.asks_password, PageState.LOGIN),
        (is_tag and facts.tiles, PageState.GRID),
        (is_post and facts.has_post, PageState.POST),
        # A page that gives a number of posts and shows none has not loaded them yet.
        (facts.loads or (is_tag and facts.posts), PageState.LOADING),
        (is_tag and facts.posts == 0, PageState.EMPTY_TAG),
        (is_post and facts.leads_home, PageState.GONE),
    )
    return next((state for applies, state in states if applies), PageState.UNKNOWN)


def shortcode_in(path: str) -> str | None:
    """Read the shortcode from the path of a post; None for other paths."""
    found = _POST_PATH.fullmatch(path)
    return found and found[1]
