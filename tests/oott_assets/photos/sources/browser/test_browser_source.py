import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from oott_assets.photos.sources.browser import browser_source, browser_start
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
    TIMEOUTS,
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


def test_a_crawl_fetches_every_photo_once_and_leaves_no_process(
    tmp_path: Path, programs: Programs
) -> None:
    posts = some(4, photos=2)
    shared = replace(posts[0], hashtags=(HASHTAG, "hongdae"))
    second = make_post("second", "hongdae", None, plain=True)
    with InstagramSite([shared, *posts[1:], second], separate_cdn=True) as site:
        fetched = {}
        browser = browser_at(f"{site.url}/", tmp_path, programs=programs)
        for post in browser.posts(BOTH, SEPTEMBER):
            assert processes_in(programs.browser_folders)
            fetched[post] = post.fetch()
            photos = list(fetched[post].photos)
            shown = site.posts[post.shortcode]
            assert fetched[post].taken_at == shown.taken_at
            assert photos == [
                FoundPhoto(f"{post.shortcode}-{number}.jpg", photo.jpeg())
                for number, photo in enumerate(shown.photos, start=1)
            ]

        # Photos are requested without cookies.
        assert {request.headers.get("cookie") for request in site.requests_for("photo")} == {None}
        assert len(site.requests_for("photo")) == 9
        assert site.log_ins == [True]

        for post in browser_at(site.url, tmp_path, programs=programs).posts(BOTH, SEPTEMBER):
            assert post.shortcode == shared.shortcode
            break
        assert site.log_ins == [True]

    assert [(post.shortcode, post.hashtag) for post in fetched] == [
        *((post.shortcode, HASHTAG) for post in posts),
        ("second", "hongdae"),
    ]
    assert [post.permalink for post in fetched][-1] == f"{site.url}/p/second/"
    assert processes_in(programs.browser_folders) == {}
    assert list(programs.browser_folders.iterdir()) == []


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


@pytest.mark.parametrize(
    ("programs", "setting"),
    [
        (replace(PROGRAMS, chromium=Path("/nowhere/chromium")), "OOTT_CHROMIUM"),
        (replace(PROGRAMS, chromedriver=Path("/tmp")), "OOTT_CHROMEDRIVER"),
    ],
)
def test_the_error_of_a_missing_browser_names_package_and_setting(
    tmp_path: Path, programs: Programs, setting: str
) -> None:
    with InstagramSite(some(1)) as site:
        browser = browser_at(site.url, tmp_path, programs=programs)

        with pytest.raises(PhotosUnknown, match=f"install .* chromium-driver, or set {setting} "):
            next(browser.posts(HONGDAE, SEPTEMBER))


def test_a_browser_that_never_starts_is_retried_and_the_reason_reported(
    tmp_path: Path,
) -> None:
    programs = replace(PROGRAMS, chromedriver=Path("/bin/false"))
    with InstagramSite(some(1)) as site:
        browser = browser_at(site.url, tmp_path, programs=programs)

        with pytest.raises(SourceBusy, match=r"died 4 times, .*: it did not start: the driver did"):
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
def test_failing_posts_and_photos_on_hosts_that_are_not_permitted_are_unavailable(
    tmp_path: Path,
) -> None:
    posts = some(7)
    with InstagramSite(posts) as site:
        site.faults.on(posts[1].path, moved_photos)
        site.faults.on(posts[2].path, faults.status(500))
        for post in posts[4:]:
            site.faults.on(post.path, faults.status(500))
        with closing(browser_at(site.url, tmp_path).posts(HONGDAE, SEPTEMBER)) as listed:
            names(next(listed))
            elsewhere, broken, whole = (list(next(listed).fetch().photos) for _ in range(3))
            assert elsewhere == [
                UnavailablePhoto(
                    f"{posts[1].shortcode}-1.jpg", "its host is not allowed: cdn.example.com"
                )
            ]
            [refused] = broken
            assert isinstance(refused, UnavailablePhoto)
            assert "with status 500" in refused.reason
            assert isinstance(whole[0], FoundPhoto)

            # One broken post does not end the run; three in a row do.
            next(listed).fetch()
            next(listed).fetch()
            with pytest.raises(SourceBusy, match="3 posts in a row were not shown"):
                next(listed).fetch()


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
    ("target", "fault"), [("post", faults.gone_with_status_200), ("photo", faults.status(404))]
)
def test_ten_posts_in_a_row_without_photos_end_the_run(
    tmp_path: Path, target: str, fault: faults.Fault
) -> None:
    with InstagramSite(some(12)) as site:
        site.faults.on(target, fault, after=1)
        with closing(browser_at(site.url, tmp_path).posts(HONGDAE, SEPTEMBER)) as listed:
            assert len(names(next(listed))) == 1
            for _ in range(9):
                with suppress(PostGone):
                    assert names(next(listed)) == []
            with pytest.raises(
                SourceBusyForHours, match="10 posts in a row are gone or have no photo"
            ):
                names(next(listed))


@pytest.mark.usefixtures("shared_browser")
def test_a_session_that_cannot_be_saved_does_not_fail_a_finished_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with InstagramSite(some(1)) as site:
        for post in browser_at(site.url, tmp_path).posts(HONGDAE, SEPTEMBER):
            assert len(names(post)) == 1
            kept = tmp_path / "session" / "session.json"
            kept.unlink()
            kept.mkdir()

    assert "the session is not saved" in caplog.text


class OtherServer(BaseHTTPRequestHandler):
    """Another server on this machine, which records requests."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Do not log."""


def test_a_page_cannot_make_the_browser_request_a_host_that_is_not_permitted(
    tmp_path: Path, programs: Programs
) -> None:
    with (
        ThreadingHTTPServer(("127.0.0.2", 0), OtherServer) as other,
        InstagramSite(some(1)) as site,
    ):
        Thread(target=other.serve_forever, daemon=True).start()
        # Parsing the page waits for this script.
        script = f'<script src="http://127.0.0.2:{other.server_port}/a"></script></head>'.encode()
        site.faults.on(
            "page",
            lambda response: replace(response, body=response.body.replace(b"</head>", script)),
        )
        browser = browser_at(site.url, tmp_path, programs=replace(programs, flags=()))
        for post in browser.posts(HONGDAE, SEPTEMBER):
            assert len(names(post)) == 1
        other.shutdown()

    assert OtherServer.asked == []


def test_the_browser_resolves_only_permitted_hosts_and_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        browser_start, "getproxies", lambda: {"https": "http://proxy.example.org:80"}
    )
    [flag] = limited_to_hosts(Programs(), "https://www.example.com", ("example.com",)).flags

    assert flag == (
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE example.com, EXCLUDE *.example.com, "
        "EXCLUDE proxy.example.org"
    )


def kill(browser_folders: Path, part: str, signal_number: int = signal.SIGKILL) -> None:
    """Send a signal to every process of this ``part`` of the browsers in ``browser_folders``."""
    parts: dict[str, Callable[[str], bool]] = {
        "renderer": lambda command: "--type=renderer" in command,
        "browser": lambda command: "--headless" in command and "--type=" not in command,
        "driver": lambda command: "/chromedriver " in command and "guard.py" not in command,
        "guard": lambda command: "guard.py" in command,
    }
    killed = [pid for pid, command in processes_in(browser_folders).items() if parts[part](command)]
    assert killed
    for pid in killed:
        # Renderers can end at any time.
        with suppress(ProcessLookupError):
            os.kill(pid, signal_number)


def test_a_killed_browser_is_restarted_up_to_three_times(
    tmp_path: Path, programs: Programs
) -> None:
    posts = some(5)
    with InstagramSite(posts) as site:
        listed = browser_at(site.url, tmp_path, programs=programs).posts(HONGDAE, SEPTEMBER)
        with closing(listed):
            for part, post in zip(("renderer", "browser", "driver"), listed, strict=False):
                kill(programs.browser_folders, part)
                assert names(post) == [f"{post.shortcode}-1.jpg"]
            last = next(listed)
            kill(programs.browser_folders, "guard")
            with pytest.raises(SourceBusy, match="the browser died 4 times"):
                last.fetch()
        # The session survives the browsers.
        assert site.log_ins == [True]

    assert comes_true_soon(lambda: processes_in(programs.browser_folders) == {})


def test_a_browser_that_hangs_is_restarted(tmp_path: Path, programs: Programs) -> None:
    timeouts = replace(TIMEOUTS, page_seconds=3, script_seconds=3, answer_seconds=8)
    with InstagramSite(some(2)) as site:
        browser = browser_at(site.url, tmp_path, programs=programs, timeouts=timeouts)
        with closing(browser.posts(HONGDAE, SEPTEMBER)) as listed:
            first, second = next(listed), next(listed)
            kill(programs.browser_folders, "browser", signal.SIGSTOP)
            assert names(first) == [f"{first.shortcode}-1.jpg"]

            loading = faults.HeldResponses()
            site.faults.on("post", loading, times=1)
            with ThreadPoolExecutor() as pool:
                fetched = pool.submit(names, second)
                assert loading.reached.wait(30)
                kill(programs.browser_folders, "renderer", signal.SIGSTOP)
                loading.release()
                assert fetched.result() == [f"{second.shortcode}-1.jpg"]

    assert processes_in(programs.browser_folders) == {}
    assert list(programs.browser_folders.iterdir()) == []


def test_a_browser_is_replaced_after_many_posts_without_a_new_log_in(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_source, "_POSTS_PER_BROWSER", 2)
    browsers = set()
    with InstagramSite(some(9)) as site:
        browser = browser_at(site.url, tmp_path, max_posts=2, programs=programs)
        for post in browser.posts(HONGDAE, SEPTEMBER):
            names(post)
            browsers |= {
                browser_folder.name for browser_folder in programs.browser_folders.iterdir()
            }

        assert site.log_ins == [True]
        # The crawl opens one post more than the limit, to notice that there are more posts.
        assert len(site.requests_for("post")) == 3

    assert len(browsers) == 2
