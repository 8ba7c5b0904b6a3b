"""Whether a site may be asked at all: by this machine's owner, by its own owner, by robots.txt."""

import logging
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

from oott_assets.photos.sources.browser.robots import (
    ALL_ALLOWED,
    MAX_BYTES,
    NONE_ALLOWED,
    Robots,
    robots_for,
)
from oott_assets.photos.sources.hosts import host_of, is_loopback, is_permitted
from oott_assets.photos.sources.http_requests import (
    RequestFailed,
    open_response,
    raise_for_failure,
    with_retries,
)
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy
from oott_assets.photos.sources.request_interval import MAX_WAIT_SECONDS, RequestInterval

_ROBOTS_SECONDS = 60.0
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))

_log = logging.getLogger(__name__)


class CrawlPermission:
    """Allows what ``permitted`` hosts and their robots.txt allow ``crawler_name``."""

    def __init__(
        self,
        site: str,
        permitted: Iterable[str],
        crawler_name: str,
        client: httpx.Client,
        interval: RequestInterval,
    ) -> None:
        self.site = site
        self.permitted = tuple(permitted)
        self.crawler_name = crawler_name
        self._client = client
        self._interval = interval
        self._robots: dict[str, Robots] = {}

    def permits_host(self, url: str) -> bool:
        """Tell whether the host of ``url`` may be asked at all."""
        # A page of a site out there must not send the crawler to this machine's own servers.
        if is_loopback(url) and not is_loopback(self.site):
            return False
        return is_permitted(url, self.permitted)

    def permits(self, url: str) -> bool:
        """Tell whether the photo at ``url`` may be fetched, by its host and its robots.txt.

        Raises:
            SourceBusy: its robots.txt cannot be read now.
            PhotosUnknown: its robots.txt is where one may not ask.
        """
        return self.permits_host(url) and self.robots_of(url).allows(url)

    def require(self, url: str) -> None:
        """Refuse what may not be asked for.

        Raises:
            PhotosUnknown: the host or its robots.txt does not allow ``url``.
            SourceBusy: its robots.txt cannot be read now.
        """
        host = urlsplit(url).hostname or url
        if not self.permits_host(url):
            raise PhotosUnknown(
                f"collecting from {host} needs its owner's permission: set "
                f"OOTT_PERMITTED_HOSTS={host} once you have it in writing; the source graph_api "
                "is the way that needs none"
            )
        if not self.robots_of(url).allows(url):
            raise PhotosUnknown(
                f"{host} does not allow {self.crawler_name} to read {urlsplit(url).path}: its "
                "robots.txt says so, and that is obeyed always"
            )

    def robots_of(self, url: str) -> Robots:
        """Read the robots.txt that rules ``url``, once in a run, and slow down if it says so."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            robots = self._fetched(f"{origin}/robots.txt")
            if robots.delay_seconds > MAX_WAIT_SECONDS:
                raise PhotosUnknown(
                    f"{origin} asks for {robots.delay_seconds:,.0f} s between requests, which is "
                    "to say for none: a run would not end"
                )
            if robots.delay_seconds > self._interval.seconds:
                _log.info("%s asks for %s s between requests", origin, robots.delay_seconds)
                self._interval.seconds = robots.delay_seconds
            self._robots[origin] = robots
        return self._robots[origin]

    def _fetched(self, url: str) -> Robots:
        try:
            return with_retries(
                lambda until: self._asked_for(url, until), self._interval, _ROBOTS_SECONDS
            )
        except RequestFailed as failure:
            raise SourceBusy(
                f"{url} is not to be had, and without it nothing else may be asked for: {failure}; "
                "run it again later"
            ) from failure

    def _asked_for(self, url: str, until: float) -> Robots:
        """Ask for ``url``, over redirects to where one may go."""
        origin = host_of(url)
        for _ in range(1 + _MAX_REDIRECTS):
            if not self.permits_host(url):
                raise PhotosUnknown(
                    f"{origin} has its robots.txt at {host_of(url) or 'no address'}, which may not "
                    "be asked, so that what it allows is not known: set OOTT_PERMITTED_HOSTS to "
                    "that host too, if its owner permits it"
                )
            with open_response(self._client, url) as response:
                if response.status_code not in _REDIRECTS:
                    raise_for_failure(response)
                    return self._robots_in(response, until)
                url = str(response.url.join(response.headers.get("Location", "")))
        # As RFC 9309 has it: a file that so many redirects do not lead to is none.
        return ALL_ALLOWED

    def _robots_in(self, response: httpx.Response, until: float) -> Robots:
        if response.status_code in (401, 403):
            return NONE_ALLOWED
        if response.status_code != 200:
            return ALL_ALLOWED
        text = _start_of(response, until).decode("utf-8", errors="replace")
        return robots_for(self.crawler_name, text)


def _start_of(response: httpx.Response, until: float) -> bytes:
    """Read as much of a robots.txt as one has to."""
    body = b""
    for block in response.iter_raw():
        body += block
        if len(body) >= MAX_BYTES:
            break
        if time.monotonic() > until:
            raise RequestFailed(f"{response.url.host} is too slow")
    return body[:MAX_BYTES]
