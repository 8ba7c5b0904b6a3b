"""Checks whether a URL may be crawled: by the permitted hosts and by robots.txt."""

import logging
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from protego import Protego

from oott_assets.photos.sources.hosts import host_of, is_loopback, is_permitted
from oott_assets.photos.sources.http_requests import (
    RequestFailed,
    ResponseTooLarge,
    body_of,
    open_response,
    raise_for_failure,
    with_retries,
)
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy
from oott_assets.photos.sources.request_interval import MAX_WAIT_SECONDS, RequestInterval

_ROBOTS_SECONDS = 60.0
# RFC 9309 requires reading this many bytes, and following this many redirects.
_MAX_BYTES = 500 * 1024
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))

_ALL_ALLOWED = Protego.parse("")
_NONE_ALLOWED = Protego.parse("User-agent: *\nDisallow: /")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrawlPermission:
    """Allows the URLs of ``permitted`` hosts that their robots.txt allows ``crawler_name``."""

    site: str
    permitted: tuple[str, ...]
    crawler_name: str
    client: httpx.Client
    interval: RequestInterval
    _robots: dict[str, Protego] = field(default_factory=dict, init=False)

    def permits_host(self, url: str) -> bool:
        """Tell whether the host of ``url`` is permitted."""
        # A page on the Internet must not make the crawler send requests to this machine.
        if is_loopback(url) and not is_loopback(self.site):
            return False
        return is_permitted(url, self.permitted)

    def permits(self, url: str) -> bool:
        """Tell whether host and robots.txt allow downloading the photo at ``url``.

        Raises:
            SourceBusy: its robots.txt cannot be read now.
            PhotosUnknown: its robots.txt is on a host that is not permitted.
        """
        return self.permits_host(url) and self._robots_allow(url)

    def require(self, url: str) -> None:
        """Check that ``url`` may be crawled.

        Raises:
            PhotosUnknown: the host or its robots.txt does not allow ``url``.
            SourceBusy: its robots.txt cannot be read now.
        """
        host = urlsplit(url).hostname or url
        if not self.permits_host(url):
            raise PhotosUnknown(
                f"collecting from {host} needs its owner's permission: set "
                f"OOTT_PERMITTED_HOSTS={host} once you have it in writing; the source graph_api "
                "does not need it"
            )
        if not self._robots_allow(url):
            raise PhotosUnknown(
                f"{host} does not allow {self.crawler_name} to read {urlsplit(url).path}: its "
                "robots.txt forbids it, and OOTT always obeys robots.txt"
            )

    def _robots_allow(self, url: str) -> bool:
        """Ask the robots.txt of the host, which is read once per run; apply its Crawl-delay."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            robots = self._read_robots(f"{origin}/robots.txt")
            delay = robots.crawl_delay(self.crawler_name) or 0.0
            if delay > MAX_WAIT_SECONDS:
                raise PhotosUnknown(
                    f"{origin} asks for {delay:,.0f} s between requests; with so long a delay a "
                    "run would never end"
                )
            if delay > self.interval.seconds:
                _log.info("%s asks for %s s between requests", origin, delay)
                self.interval.seconds = delay
            self._robots[origin] = robots
        return self._robots[origin].can_fetch(url, self.crawler_name)

    def _read_robots(self, url: str) -> Protego:
        try:
            return with_retries(
                lambda until: self._download(url, until), self.interval, _ROBOTS_SECONDS
            )
        except (RequestFailed, ResponseTooLarge, httpx.InvalidURL) as failure:
            raise SourceBusy(
                f"{url} cannot be read, and crawling without it is not allowed: {failure}; run "
                "this again later"
            ) from failure

    def _download(self, url: str, until: float) -> Protego:
        """Download ``url``, following redirects to permitted hosts."""
        origin = host_of(url)
        for _ in range(1 + _MAX_REDIRECTS):
            if not self.permits_host(url):
                raise PhotosUnknown(
                    f"{origin} has its robots.txt at {host_of(url) or 'no address'}, which is not "
                    "a permitted host, so its rules are unknown: add that host to "
                    "OOTT_PERMITTED_HOSTS if its owner permits it"
                )
            with open_response(self.client, url, until) as response:
                if response.status_code not in _REDIRECTS:
                    raise_for_failure(response)
                    return self._robots_in(response)
                url = str(response.url.join(response.headers.get("Location", "")))
        # RFC 9309: after this many redirects the file counts as missing.
        return _ALL_ALLOWED

    def _robots_in(self, response: httpx.Response) -> Protego:
        if response.status_code in (401, 403):
            return _NONE_ALLOWED
        if response.status_code != 200:
            return _ALL_ALLOWED
        return Protego.parse(body_of(response, _MAX_BYTES).decode("utf-8-sig", errors="replace"))
