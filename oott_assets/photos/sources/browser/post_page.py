"""Reads a post's page: its date and the URLs of its photos."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from oott_assets.photos.sources.browser.chromium import PageLeft
from oott_assets.photos.sources.browser.page_opener import PageFailed, PageOpener
from oott_assets.photos.sources.browser.page_states import PageState, shortcode_in, state_of
from oott_assets.photos.sources.photo_source import PostGone

_MAX_SLIDES = 20

_READ_POST = """
const [mostSlides, seconds] = arguments;
const deadline = performance.now() + 1000 * seconds;
const article = document.querySelector("article");
// Pictures of people who post or comment are in a header or in a link.
const isPhoto = (image) => !image.closest("header, a[href], [role=link]");
const widest = (image) => {
  const candidates = [...(image.srcset || "").matchAll(/(\\S+)\\s+([\\d.]+)[wx]\\s*(?:,|$)/g)];
  candidates.sort((a, b) => b[2] - a[2]);
  const address = candidates.length ? candidates[0][1] : image.getAttribute("src");
  return address && !address.startsWith("data:") ? new URL(address, document.baseURI).href : null;
};
const photosIn = (element) =>
  [...element.querySelectorAll("img")].filter(isPhoto).map(widest).filter(Boolean);
const mediaIn = (element) =>
  photosIn(element).length + element.querySelectorAll("video").length;
// An album is a list of several slides. Comments are lists, too, but without photos.
const findAlbum = () => [...article.querySelectorAll("ul")].find(
  (list) => list.childElementCount > 1 && mediaIn(list));
// The buttons beside the album: only forward at the first slide, only back at the last one.
const turningButtons = (album) => {
  for (let box = album; box !== article; ) {
    box = box.parentElement;
    const buttons = [...box.querySelectorAll("button")].filter((button) => !album.contains(button));
    if (buttons.length) return buttons;
  }
  return [];
};
const pause = (wait) => new Promise((go) => setTimeout(go, wait));
const until = async (condition) => {
  const giveUp = Math.min(performance.now() + 3000, deadline);
  while (performance.now() < giveUp && !condition()) await pause(20);
  return condition();
};
const read = async () => {
  const photos = new Set();
  const collect = () => photosIn(article).forEach((photo) => photos.add(photo));
  let whole = await until(() => mediaIn(article) > 0);
  collect();
  const album = findAlbum();
  for (let turns = 0; album && whole && turns < mostSlides; turns += 1) {
    const buttons = turningButtons(album);
    if (turns && buttons.length === 1) break;
    const before = album.innerHTML;
    if (buttons.length === (turns ? 2 : 1)) buttons.at(-1).click();
    whole = await until(() => album.innerHTML !== before && mediaIn(album) > 0);
    collect();
  }
  const time = article.querySelector("time[datetime]");
  return {
    taken_at: time ? time.getAttribute("datetime") : null,
    photos: [...photos].slice(0, mostSlides),
    whole,
  };
};
return read();
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
        PageFailed: the site does not show the post.
        PhotosUnknown: the site stops the run.
        BrowserDied: the browser died.
    """
    opener.chromium.show_photos(False)
    facts = opener.open(url, (PageState.POST, PageState.GONE))
    if state_of(facts) is PageState.GONE:
        raise PostGone(f"the post is gone: the site shows no post, with status {facts.status}")
    if shortcode_in(facts.path) != shortcode_in(urlsplit(url).path):
        raise PageFailed(f"instead of {url} the site shows another post: {facts.seen()}")
    try:
        # The script must end before the driver's script timeout.
        seconds = 0.7 * opener.chromium.timeouts.script_seconds
        seen = opener.chromium.read(_READ_POST, _MAX_SLIDES, seconds)
    except PageLeft as error:
        raise PageFailed(str(error)) from error
    return PostOnPage(_moment_of(seen["taken_at"]), tuple(seen["photos"]), seen["whole"])


def _moment_of(written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        _log.warning("a post has a date in an unknown format and counts as undated")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
