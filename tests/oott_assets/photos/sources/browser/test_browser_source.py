from contextlib import closing, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from oott_assets.photos.sources.browser import browser_start
from oott_assets.photos.sources.browser.browser_start import Programs, limited_to_hosts
from oott_assets.photos.sources.photo_source import (
    FoundPhoto,
    ListedPost,
    PhotosUnknown,
    PostGone,
    SourceBusy,
    SourceBusyForHours,
    UnavailablePhoto,
)
from oott_assets.photos.sources.request_interval import RequestInterval
from tests.instagram import faults
from tests.instagram.posts import Post, make_post, make_posts
from tests.instagram.responses import Response
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import (
    HONGDAE,
    PROGRAMS,
    SEPTEMBER,
    Waits,
    browser_at,
    comes_true_soon,
    processes_in,
)

HASHTAG = "홍대"
BOTH = HONGDAE._replace(hashtags=(HASHTAG, "hongdae"))


def some(count: int, photos: int = 1) -> list[Post]:
    return make_posts(count, HASHTAG, SEPTEMBER, photos_each=(photos,), plain=True)


def names(post: ListedPost) -> list[str]:
    return [photo.name for photo in post.fetch().photos if isinstance(photo, FoundPhoto)]


class OtherServer(BaseHTTPRequestHandler):
    """Another server on this machine, which records requests."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Do not log."""


def test_a_crawl_fetches_every_photo_once_and_leaves_only_its_profile(
    tmp_path: Path,
) -> None:
    posts = some(4, photos=2)
    shared = replace(posts[0], hashtags=(HASHTAG, "hongdae"))
    second = make_post("second", "hongdae", None, plain=True)
    unlimited = replace(PROGRAMS, flags=())
    with (
        ThreadingHTTPServer(("127.0.0.2", 0), OtherServer) as other,
        InstagramSite([shared, *posts[1:], second], separate_cdn=True) as site,
    ):
        Thread(target=other.serve_forever, daemon=True).start()
        # Parsing a page waits for this script, on a host that is not permitted.
        script = f'<script src="http://127.0.0.2:{other.server_port}/a"></script></head>'.encode()
        site.faults.on(
            "page",
            lambda response: replace(response, body=response.body.replace(b"</head>", script)),
        )
        fetched = {}
        browser = browser_at(site.url, tmp_path, programs=unlimited)
        for post in browser.posts(BOTH, SEPTEMBER):
            assert processes_in(tmp_path)
            fetched[post] = post.fetch()
            photos = list(fetched[post].photos)
            shown = site.posts[post.shortcode]
            assert fetched[post].taken_at == shown.taken_at
            assert photos == [
                FoundPhoto(f"{post.shortcode}-{number}.jpg", photo.jpeg())
                for number, photo in enumerate(shown.photos, start=1)
            ]
        other.shutdown()
        site.faults.off()

        # Photos are requested without cookies.
        assert {request.headers.get("cookie") for request in site.requests_for("photo")} == {None}
        assert len(site.requests_for("photo")) == 9

        again = browser_at(site.url, tmp_path, user=None).posts(BOTH, SEPTEMBER)
        with closing(again):
            assert next(again).shortcode == shared.shortcode
        assert site.log_ins == [True]

    assert OtherServer.asked == []
    assert [(post.shortcode, post.hashtag) for post in fetched] == [
        *((post.shortcode, HASHTAG) for post in posts),
        ("second", "hongdae"),
    ]
    assert [post.permalink for post in fetched][-1] == f"{site.url}/p/second/"
    assert comes_true_soon(lambda: processes_in(tmp_path) == {})
    # No file is left that may contain a photo, such as the browser's cache.
    assert not (tmp_path / "browser/scratch").exists()


def test_a_site_on_the_internet_is_not_crawled_without_permission(tmp_path: Path) -> None:
    browser = browser_at("https://www.example.com", tmp_path)

    with pytest.raises(
        PhotosUnknown, match=r"OOTT_PERMITTED_HOSTS=www\.example\.com once .*graph_"
    ):
        next(browser.posts(HONGDAE, SEPTEMBER))


@pytest.mark.parametrize("path", ["/explore/", "/p/"])
def test_no_page_is_requested_if_robots_txt_forbids_posts(tmp_path: Path, path: str) -> None:
    with InstagramSite(some(1), robots=f"User-agent: OOTT\nDisallow: {path}\n") as site:
        with pytest.raises(PhotosUnknown, match="does not allow OOTT to read"):
            next(browser_at(site.url, tmp_path).posts(HONGDAE, SEPTEMBER))

        assert [request.path for request in site.requests] == ["/robots.txt"]


def test_the_error_of_a_missing_browser_names_package_and_settings(tmp_path: Path) -> None:
    programs = replace(PROGRAMS, chromedriver=Path("/tmp"))
    with InstagramSite(some(1)) as site:
        browser = browser_at(site.url, tmp_path, programs=programs)

        with pytest.raises(PhotosUnknown, match=r"install .* chromium-driver, or set OOTT_CHROMI"):
            next(browser.posts(HONGDAE, SEPTEMBER))


def test_a_browser_that_never_starts_is_retried_and_the_reason_reported(
    tmp_path: Path,
) -> None:
    programs = replace(PROGRAMS, chromedriver=Path("/bin/false"))
    with InstagramSite(some(1)) as site:
        browser = browser_at(site.url, tmp_path, programs=programs)

        with pytest.raises(SourceBusy, match=r"died 4 times, .*/bin/false unexp"):
            next(browser.posts(HONGDAE, SEPTEMBER))


@pytest.mark.usefixtures("shared_browser")
def test_pages_and_photos_are_requested_at_the_crawl_delay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Requests to a site on this machine do not use the proxy.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    waits = Waits()
    interval = RequestInterval(1, sleep=waits, clock=lambda: 0.0)
    robots = "User-agent: *\nCrawl-delay: 10\n"
    with InstagramSite(some(2), robots=robots) as site:
        for post in browser_at(site.url, tmp_path, interval=interval).posts(HONGDAE, SEPTEMBER):
            names(post)

    # The requests are the grid, the log-in, the grid again, two posts and their photos. The wait
    # before the first of them is 0 seconds, because robots.txt does not count as a request.
    assert len(waits.seconds) == 7
    assert all(7 <= wait <= 13 for wait in waits.seconds[1:])


def moved_photos(answer: Response) -> Response:
    """Show photos that are on another host."""
    return replace(answer, body=answer.body.replace(b"/cdn/", b"https://cdn.example.com/cdn/"))


@pytest.mark.usefixtures("shared_browser")
def test_a_failing_post_and_a_photo_on_a_host_that_is_not_permitted_are_unavailable(
    tmp_path: Path,
) -> None:
    posts = some(4)
    with InstagramSite(posts) as site:
        site.faults.on(posts[1].path, moved_photos)
        site.faults.on(posts[2].path, faults.status(500))
        with closing(browser_at(site.url, tmp_path).posts(HONGDAE, SEPTEMBER)) as listed:
            names(next(listed))
            elsewhere, broken, whole = (list(next(listed).fetch().photos) for _ in range(3))

    assert elsewhere == [
        UnavailablePhoto(f"{posts[1].shortcode}-1.jpg", "its host is not allowed: cdn.example.com")
    ]
    [refused] = broken
    assert isinstance(refused, UnavailablePhoto)
    assert "with status 500" in refused.reason
    assert isinstance(whole[0], FoundPhoto)


@pytest.mark.usefixtures("shared_browser")
def test_if_the_first_photo_is_on_a_host_that_is_not_permitted_the_run_stops(
    tmp_path: Path,
) -> None:
    posts = some(2)
    with InstagramSite(posts) as site:
        site.faults.on("post", moved_photos)
        with (
            closing(browser_at(site.url, tmp_path).posts(HONGDAE, SEPTEMBER)) as listed,
            pytest.raises(PhotosUnknown, match=r"OOTT_PERMITTED_HOSTS=cdn\.example\.com"),
        ):
            names(next(listed))


@pytest.mark.usefixtures("shared_browser")
@pytest.mark.parametrize(
    ("target", "fault", "is_for_hours"),
    [
        ("post", faults.gone_with_status_200, True),
        ("photo", faults.status(404), True),
        ("post", faults.status(500), False),
    ],
)
def test_five_posts_in_a_row_without_photos_end_the_run(
    tmp_path: Path, target: str, fault: faults.Fault, is_for_hours: bool
) -> None:
    with InstagramSite(some(6)) as site:
        site.faults.on(target, fault, after=1)
        with closing(browser_at(site.url, tmp_path).posts(HONGDAE, SEPTEMBER)) as listed:
            assert len(names(next(listed))) == 1
            for _ in range(4):
                with suppress(PostGone):
                    assert names(next(listed)) == []
            with pytest.raises(SourceBusy, match="5 posts in a row fail, are gone or have") as stop:
                names(next(listed))

    assert isinstance(stop.value, SourceBusyForHours) is is_for_hours


@pytest.mark.usefixtures("shared_browser")
def test_a_session_in_korean_collects_whole_albums_and_knows_a_removed_post(
    tmp_path: Path,
) -> None:
    posts = some(2, photos=3)
    with InstagramSite(posts, language="ko") as site:
        site.faults.on(posts[1].path, faults.gone_with_status_200)
        with closing(browser_at(site.url, tmp_path).posts(HONGDAE, SEPTEMBER)) as listed:
            assert len(names(next(listed))) == 3
            with pytest.raises(PostGone):
                next(listed).fetch()


def test_the_browser_resolves_only_permitted_hosts_and_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        browser_start, "getproxies", lambda: {"https": "http://proxy.example.org:80"}
    )
    [flag] = limited_to_hosts(Programs(Path()), "https://www.example.com", ("example.com",)).flags

    assert flag == (
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE example.com, EXCLUDE *.example.com, "
        "EXCLUDE proxy.example.org"
    )
