"""Reads a post's page: its date and the URLs of its photos."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from oott_assets.photos.sources.browser.browser_start import BrowserDied
from oott_assets.photos.sources.browser.chromium import PageLeft
from oott_assets.photos.sources.browser.page_opener import PageFailed, PageOpener, UnexpectedPage
from oott_assets.photos.sources.browser.page_states import PageState, shortcode_in, state_of
from oott_assets.photos.sources.photo_source import PostGone

_MAX_SLIDES = 20

_READ_POST = """
const [mostSlides, seconds, done] = arguments;
const deadline = performance.now() + 1000 * seconds;
const article = document.querySelector("article");
// Pictures of people who post or comment are in a link, or their alt text says so.
const isPhoto = (image) =>
  !image.closest("header, a[href], [role=link]") && !/profile picture/i.test(image.alt);
const widest = (image) => {
  const candidates = [...(image.srcset || "").matchAll(/(\\S+)\\s+([\\d.]+)[wx]\\s*(?:,|$)/g)];
  candidates.sort((a, b) => b[2] - a[2]);
  const address = candidates.length ? candidates[0][1] : image.getAttribute("src");
  return address && !address.startsWith("data:") ? new URL(address, document.baseURI).href : null;
};
const inSight = () => [...article.querySelectorAll("img")].filter(isPhoto).map(widest);
const media = () => inSight().filter(Boolean).length + article.querySelectorAll("video").length;
const pause = (wait) => new Promise((go) => setTimeout(go, wait));
const until = async (condition) => {
  const giveUp = Math.min(performance.now() + 3000, deadline);
  while (performance.now() < giveUp && !condition()) await pause(20);
  return condition();
};
const read = async () => {
  const photos = new Set();
  const collect = () => inSight().filter(Boolean).forEach((photo) => photos.add(photo));
  const complete = await until(() => media() > 0);
  collect();
  let turns = 0;
  let stuck = !complete;
  for (; turns < mostSlides && !stuck; turns += 1) {
    const next = article.querySelector("button[aria-label='Next']");
    if (!next) break;
    const list = article.querySelector("ul") || article;
    const before = list.innerHTML;
    next.click();
    stuck = !(await until(() => list.innerHTML !== before && media() > 0));
    collect();
  }
  const time = article.querySelector("time[datetime]");
  return {
    taken_at: time ? time.getAttribute("datetime") : null,
    photos: [...photos].slice(0, mostSlides),
    stuck,
  };
};
read().then(done);
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PostOnPage:
    """What a post's page shows; ``whole`` is false if some slides did not load."""

    taken_at: datetime | None
    photo_urls: tuple[str, ...]
    whole: bool


def post_on_page(opener: PageOpener, url: str) -> PostOnPage:
    """Open the page of the post at ``url`` and read it.

    Raises:
        PostGone: the site says that the post does not exist.
        PageFailed: the site failed repeatedly, or shows another page.
        PhotosUnknown: the site stops the run.
        BrowserDied: the browser died.
    """
    opener.chromium.show_photos(False)
    try:
        facts = opener.open(url, (PageState.POST, PageState.GONE))
    except UnexpectedPage as error:
        # One page may have an unknown layout; the other posts can still be read.
        raise PageFailed(str(error)) from error
    if state_of(facts) is PageState.GONE:
        how = f"status {facts.status}" if facts.status >= 400 else "the page says so"
        raise PostGone(f"the post is gone: {how}")
    if shortcode_in(facts.path) != shortcode_in(urlsplit(url).path):
        raise PageFailed(f"instead of {url} the site shows another post: {facts.seen()}")
    try:
        # The script must end before the driver's script timeout.
        seconds = 0.7 * opener.chromium.timeouts.script_seconds
        seen = opener.chromium.run_to_callback(_READ_POST, _MAX_SLIDES, seconds)
    except PageLeft as error:
        raise PageFailed(str(error)) from error
    if not isinstance(seen, dict):
        raise BrowserDied("it returned no data about its page")
    return PostOnPage(
        _moment_of(seen["taken_at"]), tuple(seen["photos"])[:_MAX_SLIDES], not seen["stuck"]
    )


def _moment_of(written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        _log.warning("a post has a date in an unknown format and counts as undated")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
