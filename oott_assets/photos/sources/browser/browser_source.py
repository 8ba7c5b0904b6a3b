"""The browser source: lists public posts on Instagram's hashtag pages, downloads their photos."""

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TypeVar

import httpx

from oott_assets.photos.sources.browser.browser_start import (
    BrowserDied,
    Programs,
    Timeouts,
    limited_to_hosts,
)
from oott_assets.photos.sources.browser.chromium import Chromium
from oott_assets.photos.sources.browser.crawl_permission import CrawlPermission
from oott_assets.photos.sources.browser.hashtag_page import hashtag_url, listed_shortcodes
from oott_assets.photos.sources.browser.log_in import LogIn
from oott_assets.photos.sources.browser.page_opener import PageFailed, PageOpener
from oott_assets.photos.sources.browser.post_page import PostOnPage, post_on_page
from oott_assets.photos.sources.browser.tried_passwords import Account, TriedPasswords
from oott_assets.photos.sources.downloads import Downloads
from oott_assets.photos.sources.hosts import host_of, is_loopback
from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    FoundPhoto,
    ListedPost,
    PostGone,
    SourceBusy,
    SourceBusyForHours,
    UnavailablePhoto,
)
from oott_assets.photos.sources.request_interval import RequestInterval
from oott_fashion.destinations import Destination
from oott_fashion.stores.blobs import LocalBlobs

_MAX_RESTARTS = 3

# Some posts are removed after the listing, and some pages fail. This many in a row mean that the
# site is down or hides its posts.
_MAX_WITHOUT_PHOTO_IN_A_ROW = 5

_Result = TypeVar("_Result")

_log = logging.getLogger(__name__)


@dataclass
class Browser:
    """Lists the posts of a destination's hashtags, and fetches the photos of each post."""

    site: str
    account: Account | None
    permitted_hosts: tuple[str, ...]
    crawler_name: str
    interval: RequestInterval
    max_posts: int
    max_photo_bytes: int
    programs: Programs
    timeouts: Timeouts = field(default_factory=Timeouts)
    name: str = "browser"
    shows_people: bool = True
    uses_network: bool = True

    def posts(self, destination: Destination, month: date) -> Generator[ListedPost, None, None]:
        """List the posts of all months with the hashtags of ``destination``.

        Closing the generator ends the browser; posts cannot be fetched after that.

        Raises:
            PhotosUnknown: crawling the site is not permitted, or it does not show its posts.
        """
        _log.info("looking for posts of %s in %s", destination.slug, f"{month:%Y-%m}")
        # A proxy cannot reach a site on this machine.
        proxied = not is_loopback(self.site)
        with httpx.Client(headers={"User-Agent": self.crawler_name}, trust_env=proxied) as client:
            permission = CrawlPermission(
                self.site, self.permitted_hosts, self.crawler_name, client, self.interval
            )
            for hashtag in destination.hashtags:
                permission.require(hashtag_url(self.site, hashtag))
            permission.require(f"{self.site}/p/any/")
            self.programs.require_installed()
            downloads = Downloads(client, permission.permits, self.max_photo_bytes, self.interval)
            folder = self.programs.folder
            log_in = LogIn(self.site, self.account, TriedPasswords(folder), self.interval)
            with (
                # One browser at a time can use a profile, and one account has one interval.
                LocalBlobs(folder, readers="user").exclusive_lock(""),
                closing(_Run(self, permission, downloads, log_in)) as run,
            ):
                yield from run.posts(destination)


@dataclass
class _Run:
    """One run: from the first page to the last photo, with a new browser when one dies."""

    source: Browser
    permission: CrawlPermission
    downloads: Downloads
    log_in: LogIn
    opener: PageOpener | None = None
    restarts: int = 0
    without_photo_in_a_row: int = 0
    has_photo: bool = False

    def posts(self, destination: Destination) -> Iterator[ListedPost]:
        """List the posts of all hashtags without duplicates."""
        hashtags: dict[str, str] = {}
        # The list has one post more than the limit, so that the caller notices a cut list.
        max_posts = self.source.max_posts + 1
        for hashtag in destination.hashtags:
            if len(hashtags) >= max_posts:
                break
            read_list = partial(
                listed_shortcodes, site=self.source.site, hashtag=hashtag, max_posts=max_posts
            )
            for shortcode in self._with_restarts(read_list):
                hashtags.setdefault(shortcode, hashtag)
        for shortcode, hashtag in hashtags.items():
            permalink = f"{self.source.site}/p/{shortcode}/"
            fetch = partial(self._fetch, shortcode, permalink)
            yield ListedPost(shortcode, fetch, permalink, hashtag)

    def close(self) -> None:
        """End the browser."""
        opener, self.opener = self.opener, None
        if opener is not None:
            opener.chromium.close()

    def _fetch(self, shortcode: str, permalink: str) -> FetchedPost:
        try:
            post = self._with_restarts(partial(post_on_page, url=permalink))
        except PageFailed as error:
            self._count_without_photo(SourceBusy, str(error))
            failure = UnavailablePhoto(f"{shortcode}-1.jpg", f"its page fails: {error}")
            return FetchedPost(None, [failure])
        except PostGone as error:
            self._count_without_photo(SourceBusyForHours, str(error))
            raise
        return FetchedPost(post.taken_at, self._photos(shortcode, post))

    def _photos(self, shortcode: str, post: PostOnPage) -> Iterator[FoundPhoto | UnavailablePhoto]:
        found, reason = 0, ""
        for number, url in enumerate(post.photo_urls, start=1):
            # If the host of the first photo is not permitted, those of the others are not either.
            if not self.has_photo and host_of(url):
                self.permission.require(url)
            photo = self.downloads.fetch_photo(url, f"{shortcode}-{number}.jpg")
            if isinstance(photo, UnavailablePhoto):
                reason = photo.reason
            else:
                found, self.has_photo = found + 1, True
            yield photo
        if reason and not found:
            self._count_without_photo(SourceBusyForHours, reason)
        else:
            self.without_photo_in_a_row = 0
        if not post.whole:
            name = f"{shortcode}-{len(post.photo_urls) + 1}.jpg"
            yield UnavailablePhoto(name, "the page did not show this slide and those after it")

    def _count_without_photo(self, error: type[SourceBusy], reason: str) -> None:
        self.without_photo_in_a_row += 1
        if self.without_photo_in_a_row >= _MAX_WITHOUT_PHOTO_IN_A_ROW:
            raise error(
                f"{self.without_photo_in_a_row} posts in a row fail, are gone or have no photo, "
                f"the last because: {reason}; the site may be down, or block this account: check "
                "it in a browser, then run this again"
            )

    def _with_restarts(self, work: Callable[[PageOpener], _Result]) -> _Result:
        """Do ``work`` in the browser, and repeat it in a new one if the browser dies."""
        while True:
            try:
                return work(self._current_opener())
            except BrowserDied as error:
                self.close()
                self.restarts += 1
                if self.restarts > _MAX_RESTARTS:
                    raise SourceBusy(
                        f"the browser died {self.restarts} times, the last because: {error}; run "
                        "this again, with more memory if the machine has little"
                    ) from error
                _log.warning("the browser died and is restarted: %s", error)

    def _current_opener(self) -> PageOpener:
        if self.opener is None:
            source = self.source
            programs = limited_to_hosts(source.programs, source.site, source.permitted_hosts)
            chromium = Chromium(programs, source.timeouts, source.crawler_name)
            self.opener = PageOpener(chromium, self.permission, source.interval, self.log_in)
        return self.opener
