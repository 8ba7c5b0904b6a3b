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
    kept_to,
)
from oott_assets.photos.sources.browser.chromium import Chromium
from oott_assets.photos.sources.browser.hashtag_page import hashtag_url, listed_shortcodes
from oott_assets.photos.sources.browser.log_in import LogIn
from oott_assets.photos.sources.browser.permission import Permission
from oott_assets.photos.sources.browser.post_page import PostOnPage, post_on_page
from oott_assets.photos.sources.browser.session_file import Account, SessionFile
from oott_assets.photos.sources.browser.visits import PageFailed, Visits
from oott_assets.photos.sources.downloads import Downloads
from oott_assets.photos.sources.photo_source import (
    BroughtPost,
    FoundPhoto,
    ListedPost,
    PostGone,
    RefusedPhoto,
    SourceBusy,
)
from oott_assets.photos.sources.politeness import Pace, host_of, is_loopback
from oott_fashion.destinations import Destination

_MAX_RESTARTS = 3

# One post's page may be broken; so many in a row are an outage, and no empty month.
_MAX_FAILURES_IN_A_ROW = 3

# Some posts are removed after they are listed; so many in a row are a site that hides them.
_MAX_EMPTY_POSTS_IN_A_ROW = 10

# A page's process grows by some 60 KB with each post that it has shown.
_POSTS_PER_BROWSER = 500

_PATIENCE = Timeouts()

_Result = TypeVar("_Result")

_log = logging.getLogger(__name__)


class Browser:
    """Lists what a destination's hashtags show, and brings the photos of each post."""

    name = "browser"
    shows_people = True
    asks_a_site = True

    def __init__(
        self,
        site: str,
        user: str | None,
        password: SecretStr | None,
        *,
        permitted_hosts: Iterable[str],
        crawler_name: str,
        pace: Pace,
        max_posts: int,
        max_photo_bytes: int,
        session_folder: Path,
        programs: Programs,
        patience: Timeouts = _PATIENCE,
    ) -> None:
        self.site = site.rstrip("/")
        self.permitted_hosts = tuple(permitted_hosts)
        self.crawler_name = crawler_name
        self.pace = pace
        self.max_posts = max_posts
        self.max_photo_bytes = max_photo_bytes
        self.programs = programs
        self.patience = patience
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
            permission = Permission(
                self.site, self.permitted_hosts, self.crawler_name, client, self.pace
            )
            for hashtag in destination.hashtags:
                permission.require(hashtag_url(self.site, hashtag))
            permission.require(f"{self.site}/p/any/")
            self.programs.refuse_missing()
            downloads = Downloads(client, permission.may_fetch, self.max_photo_bytes, self.pace)
            log_in = LogIn(self.site, self._account, self._session, self.pace)
            with closing(_Run(self, permission, downloads, log_in)) as run:
                yield from run.posts(destination)


class _Run:
    """One browser at a time, begun anew when it dies, from the first page to the last photo."""

    def __init__(
        self, source: Browser, permission: Permission, downloads: Downloads, log_in: LogIn
    ) -> None:
        self._source = source
        self._permission = permission
        self._downloads = downloads
        self._log_in = log_in
        self._visits: Visits | None = None
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
            bring = partial(self._bring, shortcode, permalink)
            yield ListedPost(shortcode, bring, permalink, hashtag)

    def close(self) -> None:
        """End the browser, and keep its session for later runs."""
        visits, self._visits = self._visits, None
        if visits is None:
            return
        try:
            self._log_in.keep_session(visits.chromium)
        except BrowserDied:
            _log.warning("the browser died before its session was kept")
        # What was brought is whole without it, and what ends the run may be something else.
        except OSError as error:
            _log.warning("the session is not kept for later runs: %s", error)
        finally:
            visits.chromium.stop()

    def _bring(self, shortcode: str, permalink: str) -> BroughtPost:
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
        return BroughtPost(post.taken_at, self._photos(shortcode, post))

    def _photos(self, shortcode: str, post: PostOnPage) -> Iterator[FoundPhoto | RefusedPhoto]:
        found, reason = 0, ""
        for number, url in enumerate(post.photo_urls, start=1):
            self._refuse_first_host(url)
            photo = self._downloads.photo(url, f"{shortcode}-{number}.jpg")
            if isinstance(photo, RefusedPhoto):
                reason = photo.reason
            else:
                found += 1
                self._in_vain_in_a_row, self._has_found = 0, True
            yield photo
        if reason and not found:
            self._note_in_vain(reason)
        if not post.whole:
            name = f"{shortcode}-{len(post.photo_urls) + 1}.jpg"
            yield RefusedPhoto(name, "the page did not show this slide, nor those after it")

    def _refused(self, shortcode: str, error: PageFailed) -> BroughtPost:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
            raise SourceBusy(
                f"{self._failures_in_a_row} posts in a row were not shown, the last because of "
                f"{error}; run it again later"
            ) from error
        return BroughtPost(None, [RefusedPhoto(f"{shortcode}-1.jpg", f"its page fails: {error}")])

    def _refuse_first_host(self, url: str) -> None:
        """Stop before the first photo if it may not be asked for, for then none may."""
        if not self._has_found and host_of(url):
            self._permission.require(url)

    def _note_in_vain(self, reason: str) -> None:
        self._in_vain_in_a_row += 1
        if self._in_vain_in_a_row >= _MAX_EMPTY_POSTS_IN_A_ROW:
            raise SourceBusy(
                f"{self._in_vain_in_a_row} posts in a row are gone or gave no photo, the last "
                f"because: {reason}; the site may block this account: look at it by hand, and run "
                "it again later"
            )

    def _surviving(self, work: Callable[[Visits], _Result]) -> _Result:
        """Do ``work`` in a browser, and again in a new one if it dies of it."""
        while True:
            try:
                return work(self._visits_now())
            except BrowserDied as death:
                self._bury(death)

    def _visits_now(self) -> Visits:
        if self._visits is None:
            source = self._source
            programs = kept_to(source.programs, source.site, source.permitted_hosts)
            chromium = Chromium(programs, source.patience, source.crawler_name)
            self._visits = Visits(chromium, self._permission, source.pace, self._log_in)
            self._posts_in_browser = 0
            self._log_in.bring_session(chromium)
        return self._visits

    def _bury(self, death: BrowserDied) -> None:
        if self._visits is not None:
            self._visits.chromium.stop()
            self._visits = None
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            raise SourceBusy(
                f"the browser died {self._restarts} times, the last time because: {death}; run it "
                "again, with more memory if there is little"
            ) from death
        _log.warning("the browser died and is started again: %s", death)
