"""The photos of public posts, read off Instagram's pages as a logged-in guest sees them."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
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
from oott_assets.photos.sources.browser.session_file import Account, SessionFile
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

_MAX_RESTARTS = 3

# One post's page may be broken; so many in a row are an outage, and no empty month.
_MAX_FAILURES_IN_A_ROW = 3

# Some posts are removed after they are listed; so many in a row are a site that hides them.
_MAX_EMPTY_POSTS_IN_A_ROW = 10

# A page's process grows by some 60 KB with each post that it has shown.
_POSTS_PER_BROWSER = 500

_TIMEOUTS = Timeouts()

_Result = TypeVar("_Result")

_log = logging.getLogger(__name__)


class Browser:
    """Lists what a destination's hashtags show, and brings the photos of each post."""

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
        session_folder: Path,
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
        self._session = SessionFile(session_folder)

    def posts(self, destination: Destination, month: date) -> Generator[ListedPost, None, None]:
        """List the posts under the hashtags of ``destination``, whenever they were made.

        A post can be brought until the generator is closed, which ends the browser.

        Raises:
            PhotosUnknown: the site may not be asked, or does not show its posts.
        """
        _log.info("looking for posts of %s in %s", destination.slug, f"{month:%Y-%m}")
        # A proxy of this machine knows no site that is on this machine alone.
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
            log_in = LogIn(self.site, self._account, self._session, self.interval)
            with closing(_Run(self, permission, downloads, log_in)) as run:
                yield from run.posts(destination)


class _Run:
    """One browser at a time, begun anew when it dies, from the first page to the last photo."""

    def __init__(
        self, source: Browser, permission: CrawlPermission, downloads: Downloads, log_in: LogIn
    ) -> None:
        self._source = source
        self._permission = permission
        self._downloads = downloads
        self._log_in = log_in
        self._opener: PageOpener | None = None
        self._restarts = 0
        self._in_vain_in_a_row = 0
        self._has_found = False
        self._posts_in_browser = 0
        self._failures_in_a_row = 0

    def posts(self, destination: Destination) -> Iterator[ListedPost]:
        """List the posts of all hashtags, each once."""
        hashtags: dict[str, str] = {}
        # One more than may be listed, so that whoever counts sees that it is cut.
        most = self._source.max_posts + 1
        for hashtag in destination.hashtags:
            if len(hashtags) >= most:
                break
            list_it = partial(listed_shortcodes, site=self._source.site, hashtag=hashtag, most=most)
            for shortcode in self._surviving(list_it):
                hashtags.setdefault(shortcode, hashtag)
        for shortcode, hashtag in hashtags.items():
            permalink = f"{self._source.site}/p/{shortcode}/"
            fetch = partial(self._fetch, shortcode, permalink)
            yield ListedPost(shortcode, fetch, permalink, hashtag)

    def close(self) -> None:
        """End the browser, and keep its session for later runs."""
        opener, self._opener = self._opener, None
        if opener is None:
            return
        try:
            self._log_in.save_session(opener.chromium)
        except BrowserDied:
            _log.warning("the browser died before its session was kept")
        # What was brought is whole without it, and what ends the run may be something else.
        except OSError as error:
            _log.warning("the session is not kept for later runs: %s", error)
        finally:
            opener.chromium.stop()

    def _fetch(self, shortcode: str, permalink: str) -> FetchedPost:
        if self._posts_in_browser >= _POSTS_PER_BROWSER:
            self.close()
        try:
            post = self._surviving(partial(post_on_page, url=permalink))
        except PageFailed as error:
            return self._refused(shortcode, error)
        except PostGone as error:
            self._failures_in_a_row = 0
            self._note_in_vain(str(error))
            raise
        self._failures_in_a_row = 0
        self._posts_in_browser += 1
        return FetchedPost(post.taken_at, self._photos(shortcode, post))

    def _photos(self, shortcode: str, post: PostOnPage) -> Iterator[FoundPhoto | UnavailablePhoto]:
        found, reason = 0, ""
        for number, url in enumerate(post.photo_urls, start=1):
            self._refuse_first_host(url)
            photo = self._downloads.fetch_photo(url, f"{shortcode}-{number}.jpg")
            if isinstance(photo, UnavailablePhoto):
                reason = photo.reason
            else:
                found += 1
                self._in_vain_in_a_row, self._has_found = 0, True
            yield photo
        if reason and not found:
            self._note_in_vain(reason)
        if not post.whole:
            name = f"{shortcode}-{len(post.photo_urls) + 1}.jpg"
            yield UnavailablePhoto(name, "the page did not show this slide, nor those after it")

    def _refused(self, shortcode: str, error: PageFailed) -> FetchedPost:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
            raise SourceBusy(
                f"{self._failures_in_a_row} posts in a row were not shown, the last because of "
                f"{error}; run it again later"
            ) from error
        return FetchedPost(
            None, [UnavailablePhoto(f"{shortcode}-1.jpg", f"its page fails: {error}")]
        )

    def _refuse_first_host(self, url: str) -> None:
        """Stop before the first photo if it may not be asked for, for then none may."""
        if not self._has_found and host_of(url):
            self._permission.require(url)

    def _note_in_vain(self, reason: str) -> None:
        self._in_vain_in_a_row += 1
        if self._in_vain_in_a_row >= _MAX_EMPTY_POSTS_IN_A_ROW:
            raise SourceBusyForHours(
                f"{self._in_vain_in_a_row} posts in a row are gone or gave no photo, the last "
                f"because: {reason}; the site may block this account: look at it by hand, and run "
                "it again later"
            )

    def _surviving(self, work: Callable[[PageOpener], _Result]) -> _Result:
        """Do ``work`` in a browser, and again in a new one if it dies of it."""
        while True:
            try:
                return work(self._visits_now())
            except BrowserDied as death:
                self._bury(death)

    def _visits_now(self) -> PageOpener:
        if self._opener is None:
            source = self._source
            programs = limited_to_hosts(source.programs, source.site, source.permitted_hosts)
            chromium = Chromium(programs, source.timeouts, source.crawler_name)
            self._opener = PageOpener(chromium, self._permission, source.interval, self._log_in)
            self._posts_in_browser = 0
            self._log_in.restore_session(chromium)
        return self._opener

    def _bury(self, death: BrowserDied) -> None:
        if self._opener is not None:
            self._opener.chromium.stop()
            self._opener = None
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            raise SourceBusy(
                f"the browser died {self._restarts} times, the last time because: {death}; run it "
                "again, with more memory if there is little"
            ) from death
        _log.warning("the browser died and is started again: %s", death)
