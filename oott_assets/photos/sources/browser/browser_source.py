"""The browser source: lists public posts on Instagram's hashtag pages, downloads their photos."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from typing import TypeVar

import httpx
from pydantic import SecretStr

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

# One page may be broken. This many in a row mean that the site is down, not that posts are missing.
_MAX_FAILURES_IN_A_ROW = 3

# Some posts are removed after the listing. This many in a row mean that the site hides them.
_MAX_EMPTY_POSTS_IN_A_ROW = 10

# The page's process grows by about 60 KB per post.
_POSTS_PER_BROWSER = 500

_TIMEOUTS = Timeouts()

_Result = TypeVar("_Result")

_log = logging.getLogger(__name__)


class Browser:
    """Lists the posts of a destination's hashtags, and fetches the photos of each post."""

    name = "browser"
    shows_people = True
    uses_network = True

    def __init__(
        self,
        site: str,
        user: str | None,
        password: SecretStr | None,
        *,
        permitted_hosts: Iterable[str],
        crawler_name: str,
        interval: RequestInterval,
        max_posts: int,
        max_photo_bytes: int,
        programs: Programs,
        timeouts: Timeouts = _TIMEOUTS,
    ) -> None:
        self.site = site.rstrip("/")
        self.permitted_hosts = tuple(permitted_hosts)
        self.crawler_name = crawler_name
        self.interval = interval
        self.max_posts = max_posts
        self.max_photo_bytes = max_photo_bytes
        self.programs = programs
        self.timeouts = timeouts
        self._account = Account(self.site, user, password) if user and password else None

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
            log_in = LogIn(self.site, self._account, TriedPasswords(folder), self.interval)
            with (
                # One browser at a time can use a profile, and one account has one interval.
                LocalBlobs(folder, private=True).exclusive_lock(""),
                closing(_Run(self, permission, downloads, log_in)) as run,
            ):
                yield from run.posts(destination)


class _Run:
    """One run: from the first page to the last photo, with a new browser when one dies."""

    def __init__(
        self, source: Browser, permission: CrawlPermission, downloads: Downloads, log_in: LogIn
    ) -> None:
        self._source = source
        self._permission = permission
        self._downloads = downloads
        self._log_in = log_in
        self._opener: PageOpener | None = None
        self._restarts = 0
        self._empty_in_a_row = 0
        self._has_photo = False
        self._posts_in_browser = 0
        self._failures_in_a_row = 0

    def posts(self, destination: Destination) -> Iterator[ListedPost]:
        """List the posts of all hashtags without duplicates."""
        hashtags: dict[str, str] = {}
        # The list has one post more than the limit, so that the caller notices a cut list.
        max_posts = self._source.max_posts + 1
        for hashtag in destination.hashtags:
            if len(hashtags) >= max_posts:
                break
            read_list = partial(
                listed_shortcodes, site=self._source.site, hashtag=hashtag, max_posts=max_posts
            )
            for shortcode in self._with_restarts(read_list):
                hashtags.setdefault(shortcode, hashtag)
        for shortcode, hashtag in hashtags.items():
            permalink = f"{self._source.site}/p/{shortcode}/"
            fetch = partial(self._fetch, shortcode, permalink)
            yield ListedPost(shortcode, fetch, permalink, hashtag)

    def close(self) -> None:
        """End the browser."""
        opener, self._opener = self._opener, None
        if opener is not None:
            opener.chromium.stop()

    def _fetch(self, shortcode: str, permalink: str) -> FetchedPost:
        if self._posts_in_browser >= _POSTS_PER_BROWSER:
            self.close()
        try:
            post = self._with_restarts(partial(post_on_page, url=permalink))
        except PageFailed as error:
            return self._after_failure(shortcode, error)
        except PostGone as error:
            self._failures_in_a_row = 0
            self._count_empty_post(str(error))
            raise
        self._failures_in_a_row = 0
        self._posts_in_browser += 1
        return FetchedPost(post.taken_at, self._photos(shortcode, post))

    def _photos(self, shortcode: str, post: PostOnPage) -> Iterator[FoundPhoto | UnavailablePhoto]:
        found, reason = 0, ""
        for number, url in enumerate(post.photo_urls, start=1):
            self._check_first_host(url)
            photo = self._downloads.fetch_photo(url, f"{shortcode}-{number}.jpg")
            if isinstance(photo, UnavailablePhoto):
                reason = photo.reason
            else:
                found += 1
                self._empty_in_a_row, self._has_photo = 0, True
            yield photo
        if reason and not found:
            self._count_empty_post(reason)
        if not post.whole:
            name = f"{shortcode}-{len(post.photo_urls) + 1}.jpg"
            yield UnavailablePhoto(name, "the page did not show this slide and those after it")

    def _after_failure(self, shortcode: str, error: PageFailed) -> FetchedPost:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
            raise SourceBusy(
                f"{self._failures_in_a_row} posts in a row were not shown, the last because of "
                f"{error}; run this again later"
            ) from error
        return FetchedPost(
            None, [UnavailablePhoto(f"{shortcode}-1.jpg", f"its page fails: {error}")]
        )

    def _check_first_host(self, url: str) -> None:
        """Stop before the first photo if its host is not permitted.

        The hosts of the other photos would not be permitted either.
        """
        if not self._has_photo and host_of(url):
            self._permission.require(url)

    def _count_empty_post(self, reason: str) -> None:
        self._empty_in_a_row += 1
        if self._empty_in_a_row >= _MAX_EMPTY_POSTS_IN_A_ROW:
            raise SourceBusyForHours(
                f"{self._empty_in_a_row} posts in a row are gone or have no photo, the last "
                f"because: {reason}; the site may block this account: check it in a browser, then "
                "run this again"
            )

    def _with_restarts(self, work: Callable[[PageOpener], _Result]) -> _Result:
        """Do ``work`` in the browser, and repeat it in a new one if the browser dies."""
        while True:
            try:
                return work(self._current_opener())
            except BrowserDied as error:
                self._after_death(error)

    def _current_opener(self) -> PageOpener:
        if self._opener is None:
            source = self._source
            programs = limited_to_hosts(source.programs, source.site, source.permitted_hosts)
            chromium = Chromium(programs, source.timeouts, source.crawler_name)
            self._opener = PageOpener(chromium, self._permission, source.interval, self._log_in)
            self._posts_in_browser = 0
        return self._opener

    def _after_death(self, error: BrowserDied) -> None:
        self.close()
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            raise SourceBusy(
                f"the browser died {self._restarts} times, the last because: {error}; run this "
                "again, with more memory if the machine has little"
            ) from error
        _log.warning("the browser died and is restarted: %s", error)
