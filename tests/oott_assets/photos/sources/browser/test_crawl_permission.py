from collections.abc import Iterator

import httpx
import pytest

from oott_assets.photos.sources.browser.crawl_permission import CrawlPermission
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy
from oott_assets.photos.sources.request_interval import RequestInterval
from tests.instagram import faults
from tests.instagram.responses import moved_to
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import Waits


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(headers={"User-Agent": "OOTT"}) as client:
        yield client


def permission(
    site: InstagramSite, client: httpx.Client, interval: RequestInterval | None = None
) -> CrawlPermission:
    return CrawlPermission(
        site.url, (), "OOTT", client, interval or RequestInterval(0, sleep=Waits())
    )


def test_robots_txt_is_read_once_and_by_crawler_name(client: httpx.Client) -> None:
    with InstagramSite(robots="User-agent: OOTT\nDisallow: /p/\n") as site:
        asked = permission(site, client)
        asked.require(f"{site.url}/explore/tags/a/")
        with pytest.raises(PhotosUnknown, match=r"does not allow OOTT to read /p/a/: its robots"):
            asked.require(f"{site.url}/p/a/")

        [request] = site.requests

    assert request.headers["user-agent"] == "OOTT"


# What a parser other than protego could read differently.
@pytest.mark.parametrize(
    ("rules", "forbidden"),
    [
        # The longest matching rule decides, in any order.
        ("User-agent: *\nAllow: /\nDisallow: /p/\n", True),
        ("User-agent: *\nDisallow: /\nAllow: /p/\n", False),
        # A crawler with its own group ignores the group for all crawlers.
        ("User-agent: *\nDisallow: /\n\nUser-agent: oott\nAllow: /\n", False),
        ("\ufeffUser-agent: *\r\nDisallow: /*/%ed%99%8d$ # 홍\r\n", True),
        # With backtracking, this would take extremely long.
        (f"User-agent: *\nDisallow: /{'*p' * 50}*b\n", False),
        ("<html>not found</html>", False),
    ],
)
def test_robots_txt_is_read_as_rfc_9309_says(
    client: httpx.Client, rules: str, forbidden: bool
) -> None:
    with InstagramSite(robots=rules) as site:
        permits = permission(site, client).permits

        assert permits(f"{site.url}/p/{'p' * 500}/홍") is not forbidden


def test_a_site_without_robots_txt_allows_everything(client: httpx.Client) -> None:
    with InstagramSite(robots=None) as site:
        permission(site, client).require(f"{site.url}/p/a/")


@pytest.mark.parametrize("code", [401, 403])
def test_a_denied_robots_txt_allows_nothing(client: httpx.Client, code: int) -> None:
    with InstagramSite() as site:
        site.faults.on("robots", faults.status(code))

        with pytest.raises(PhotosUnknown, match="does not allow OOTT to read /p/a/"):
            permission(site, client).require(f"{site.url}/p/a/")


@pytest.mark.parametrize("fault", [faults.status(500), faults.reset_before_response])
def test_a_failing_robots_txt_ends_the_run(client: httpx.Client, fault: faults.Fault) -> None:
    with InstagramSite() as site:
        site.faults.on("robots", fault)

        with pytest.raises(SourceBusy, match=r"robots.txt cannot be read"):
            permission(site, client).require(f"{site.url}/p/a/")


def test_robots_txt_is_retried(client: httpx.Client) -> None:
    with InstagramSite(robots="User-agent: *\nDisallow: /p/\n") as site:
        site.faults.on("robots", faults.status(503), times=1)

        with pytest.raises(PhotosUnknown, match="does not allow"):
            permission(site, client).require(f"{site.url}/p/a/")


def test_a_huge_robots_txt_is_not_read(client: httpx.Client) -> None:
    with InstagramSite() as site:
        site.faults.on("robots", faults.huge_without_length)

        with pytest.raises(SourceBusy, match=r"cannot be read.* 512,000 bytes"):
            permission(site, client).require(f"{site.url}/p/a/")


def test_a_crawl_delay_can_only_lengthen_the_request_interval(
    client: httpx.Client,
) -> None:
    slow, slower = RequestInterval(3, sleep=Waits()), RequestInterval(9, sleep=Waits())
    with InstagramSite(robots="User-agent: *\nCrawl-delay: 7\n") as site:
        permission(site, client, slow).require(f"{site.url}/p/a/")
        permission(site, client, slower).require(f"{site.url}/p/a/")

    assert (slow.seconds, slower.seconds) == (7, 9)


def test_a_page_on_the_internet_cannot_send_the_crawler_to_this_machine(
    client: httpx.Client,
) -> None:
    asked = CrawlPermission(
        "https://www.example.com",
        ("example.com",),
        "OOTT",
        client,
        RequestInterval(0, sleep=Waits()),
    )

    assert asked.permits_host("https://cdn.example.com/a.jpg")
    assert not asked.permits_host("http://127.0.0.1:80/a.jpg")
    assert not asked.permits_host("file://localhost/etc/passwd")


def test_a_robots_txt_on_a_host_that_is_not_permitted_allows_nothing(client: httpx.Client) -> None:
    with InstagramSite() as site:
        site.faults.on("robots", lambda _: moved_to("https://rules.example.com/robots.txt"))

        with pytest.raises(PhotosUnknown, match=r"robots.txt at rules\.example\.com, which is not"):
            permission(site, client).require(f"{site.url}/p/a/")


def test_a_robots_txt_at_an_invalid_address_allows_nothing(client: httpx.Client) -> None:
    with InstagramSite() as site:
        site.faults.on("robots", lambda _: moved_to("https://[::1/robots.txt"))

        with pytest.raises(SourceBusy, match=r"robots\.txt cannot be read, and crawling without"):
            permission(site, client).require(f"{site.url}/p/a/")
