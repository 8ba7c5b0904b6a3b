import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from oott_assets.photos.sources.request_interval import retry_after_seconds
from oott_fashion.vision.near_duplicates import groups_of, perceptual_hash_of
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo
from tests.instagram import faults
from tests.instagram.faults import Fault, HeldResponses
from tests.instagram.posts import make_post, make_posts
from tests.instagram.site import InstagramSite

HASHTAG, DECOMPOSED = "홍대", "\u1112\u1169\u11bc\u1103\u1162"
SEPTEMBER = date(2026, 9, 1)
NOON = datetime(2026, 9, 5, 12, tzinfo=UTC)
LINKS = "main a[href^='/p/']"
MAX_LINKS = 36
# The list is drawn again one frame after a scroll.
SCROLL = f"""
const root = document.documentElement, done = arguments[0];
scrollTo(0, root.scrollHeight);
requestAnimationFrame(() => requestAnimationFrame(() => done([
  [...document.querySelectorAll("{LINKS}")].map((link) => link.getAttribute("href")),
  document.querySelector("[role=progressbar]") !== null
    || scrollY < root.scrollHeight - innerHeight - 1,
])));
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1200,900",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> Iterator["Visitor"]:
    visitor = Visitor(chromium)
    yield visitor
    chromium.execute_cdp_cmd("Network.enable", {})
    chromium.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    # Cookies ignore ports, so the site of the next test would get the cookies of this one.
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})


class Visitor:
    """A user of the real browser."""

    def __init__(self, chromium: webdriver.Chrome) -> None:
        self.chromium = chromium

    def is_logged_in(self, site: InstagramSite) -> None:
        """Set a session and the cookie choice of an earlier visit."""
        for name, value in (("sessionid", site.sessions.new()), ("ig_consent", "declined")):
            cookie = {"name": name, "value": value, "url": site.url}
            self.chromium.execute_cdp_cmd("Network.setCookie", cookie)

    def opens(self, site: InstagramSite, path: str) -> None:
        self.chromium.get(site.url + path)

    def sees(self, css: str) -> list[Any]:
        return self.chromium.find_elements(By.CSS_SELECTOR, css)

    def waits_for(self, css: str, text: str = "") -> None:
        WebDriverWait(self.chromium, 20, 0.02).until(
            lambda _: any(text in element.text for element in self.sees(css))
        )

    def waits_until_at(self, path: str) -> None:
        WebDriverWait(self.chromium, 20, 0.02).until(
            lambda chromium: chromium.current_url.endswith(path)
        )

    def clicks(self, text: str) -> None:
        self.chromium.find_element(By.XPATH, f"//button[text()='{text}']").click()

    def logs_in(self, name: str, password: str) -> None:
        for field, value in (("username", name), ("password", password)):
            element = self.chromium.find_element(By.NAME, field)
            element.clear()
            element.send_keys(value)
        self.clicks("Log in")

    def scrolls(self) -> tuple[list[str], bool]:
        """Scroll to the bottom; return the posts in the page, and whether more will load."""
        links, more = self.chromium.execute_async_script(SCROLL)
        return links, more


def logged_in_client(site: InstagramSite) -> httpx.Client:
    """An HTTP client with a logged-in session."""
    cookie = f"sessionid={site.sessions.new()}; ig_consent=declined"
    return httpx.Client(base_url=site.url, headers={"Cookie": cookie}, timeout=20)


def test_scrolling_shows_every_post_with_at_most_twelve_rows_at_a_time(
    browser: Visitor,
) -> None:
    with InstagramSite(make_posts(100, HASHTAG, SEPTEMBER, plain=True)) as site:
        browser.is_logged_in(site)
        browser.opens(site, site.grid_path(HASHTAG))
        seen: dict[str, None] = {}
        most, more = 0, True
        while more:
            links, more = browser.scrolls()
            seen |= dict.fromkeys(links)
            most = max(most, len(links))

        assert list(seen) == [post.path for post in site.posts.values()]
        assert most <= MAX_LINKS


def test_without_images_the_grid_collapses_and_shows_24_posts(browser: Visitor) -> None:
    with InstagramSite(make_posts(100, HASHTAG, SEPTEMBER, plain=True)) as site:
        browser.is_logged_in(site)
        browser.chromium.execute_cdp_cmd("Network.enable", {})
        browser.chromium.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*.jpg*"]})
        browser.opens(site, site.grid_path(HASHTAG))
        WebDriverWait(browser.chromium, 20).until(lambda _: len(browser.sees(LINKS)) == 24)
        for _ in range(20):
            browser.scrolls()

        assert len(browser.sees(LINKS)) == 24
        assert len(site.requests_for("/api/tags/")) == 1


def test_a_log_in_needs_an_answer_about_cookies_and_the_right_password(browser: Visitor) -> None:
    with InstagramSite(make_posts(3, HASHTAG, SEPTEMBER, plain=True)) as site:
        browser.opens(site, site.grid_path(HASHTAG))
        browser.clicks("Decline optional cookies")
        browser.logs_in(site.username, "guessed")
        browser.waits_for("[role=alert]", "your password was incorrect")
        browser.logs_in(site.username, site.password)
        browser.waits_for("h2", "Save your login info?")
        browser.clicks("Not now")
        browser.waits_until_at(site.grid_path(HASHTAG))

        assert "3 posts" in browser.sees("main")[0].text
        assert site.log_ins == [False, True]
        cookies = {cookie["name"]: cookie for cookie in browser.chromium.get_cookies()}
        assert cookies["sessionid"]["httpOnly"]
        assert "expiry" in cookies["sessionid"]


def test_the_cookie_dialog_covers_the_log_in_form(browser: Visitor) -> None:
    with InstagramSite() as site:
        browser.opens(site, "/")
        before = browser.chromium.execute_script(
            "const {x, y} = document.querySelector('[name=username]').getBoundingClientRect();"
            "return document.elementFromPoint(x + 1, y + 1).name"
        )
        browser.clicks("Allow all cookies")

        assert before is None
        assert browser.sees("[role=dialog]") == []
        browser.opens(site, "/")
        assert browser.sees("[role=dialog]") == []


def test_after_a_refused_request_the_grid_stays_loading(
    browser: Visitor,
) -> None:
    with InstagramSite(make_posts(100, HASHTAG, SEPTEMBER, plain=True)) as site:
        site.faults.on("/api/tags/", faults.rate_limited(), after=2)
        browser.is_logged_in(site)
        browser.opens(site, site.grid_path(HASHTAG))
        WebDriverWait(browser.chromium, 20, 0.02).until(
            lambda _: browser.scrolls() and browser.sees("[role=alert]")
        )

        assert browser.scrolls()[1]
        assert [request.status for request in site.requests_for("/api/tags/")] == [200, 200, 429]


def test_the_grid_repeats_a_failed_request(browser: Visitor) -> None:
    with InstagramSite(make_posts(30, HASHTAG, SEPTEMBER, plain=True)) as site:
        site.faults.on("/api/tags/", faults.status(500), times=1)
        site.faults.on("/api/tags/", faults.reset_before_response, times=1)
        browser.is_logged_in(site)
        browser.opens(site, site.grid_path(HASHTAG))
        WebDriverWait(browser.chromium, 20, 0.02).until(lambda _: not browser.scrolls()[1])

        assert len(browser.scrolls()[0]) == 30
        assert [request.status for request in site.requests_for("/api/tags/")] == [500, 0, 200, 200]


def test_a_session_that_ends_while_scrolling_leads_to_the_log_in(browser: Visitor) -> None:
    with InstagramSite(make_posts(100, HASHTAG, SEPTEMBER, plain=True)) as site:
        browser.is_logged_in(site)
        browser.opens(site, site.grid_path(HASHTAG))
        WebDriverWait(browser.chromium, 20).until(lambda _: len(browser.sees(LINKS)) >= 24)
        site.sessions.end()
        to_the_bottom = "scrollTo(0, document.documentElement.scrollHeight)"
        WebDriverWait(browser.chromium, 20, 0.02).until(
            lambda chromium: (
                chromium.execute_script(to_the_bottom) or browser.sees("[name=password]")
            )
        )

        assert "/accounts/login/?next=" in browser.chromium.current_url


def test_a_carousel_has_two_slides_in_the_page_and_can_be_turned_to_the_last(
    browser: Visitor,
) -> None:
    post = make_post("CAROUSEL", HASHTAG, NOON, photos=4, plain=True)
    with InstagramSite([post, *make_posts(3, HASHTAG, SEPTEMBER, plain=True)]) as site:
        browser.is_logged_in(site)
        browser.opens(site, post.path)
        shown = "return document.querySelector('article ul li img').srcset.split(' ').at(-2)"
        photos, most = [], 0
        while True:
            photos.append(browser.chromium.execute_script(shown))
            most = max(most, len(browser.sees("article ul > li img")))
            if not (next_button := browser.sees("button[aria-label=Next]")):
                break
            next_button[0].click()
            WebDriverWait(browser.chromium, 20, 0.01).until(
                lambda chromium: chromium.execute_script(shown) not in photos
            )

        assert photos == [url.removeprefix(site.url) for url in site.photo_urls(post)]
        assert most == 2
        assert browser.sees("time")[0].get_attribute("datetime") == "2026-09-05T12:00:00.000Z"


def test_a_post_page_also_shows_images_of_other_posts(browser: Visitor) -> None:
    post = make_post("SINGLE", HASHTAG, None, plain=True)
    with InstagramSite([post, *make_posts(9, HASHTAG, SEPTEMBER, plain=True)]) as site:
        browser.is_logged_in(site)
        browser.opens(site, post.path)

        sources = [image.get_attribute("srcset") for image in browser.sees("article img")]
        assert sources[0] == ""  # the profile picture
        assert site.photo_urls(post)[0].removeprefix(site.url) in sources[1]
        assert len(sources) == 2
        assert len(browser.sees("section a[href^='/p/'] img")) == 6
        assert browser.sees("time") == []


def test_a_video_shows_no_photo() -> None:
    [video] = make_posts(1, HASHTAG, SEPTEMBER, photos_each=(0,))
    with InstagramSite([video]) as site, logged_in_client(site) as client:
        article = client.get(video.path).text.partition("<article>")[2].partition("</article>")[0]

    assert "<video" in article
    assert article.count("<img") == 1  # the profile picture


def test_a_log_in_needs_its_csrf_token_and_can_be_refused_or_challenged() -> None:
    with InstagramSite() as site, httpx.Client(base_url=site.url) as client:
        client.get("/")
        right = {"username": site.username, "password": site.password}
        token = {"X-CSRFToken": client.cookies["csrftoken"]}
        site.faults.on("/api/login", faults.log_in_refused, times=1)
        site.faults.on("/api/login", faults.log_in_challenged, times=1)

        assert client.post("/api/login", headers=token, data=right).json() == {
            "authenticated": False
        }
        assert "checkpoint_url" in client.post("/api/login", headers=token, data=right).json()
        assert client.post("/api/login", data=right).status_code == 403


def test_a_decomposed_hashtag_has_no_posts() -> None:
    with (
        InstagramSite(make_posts(3, HASHTAG, SEPTEMBER, plain=True)) as site,
        logged_in_client(site) as client,
    ):
        assert "3 posts" in client.get(site.grid_path(HASHTAG)).text
        assert "No posts yet" in client.get(site.grid_path(DECOMPOSED)).text


def test_a_session_ends_after_pages_per_session() -> None:
    [post] = make_posts(1, HASHTAG, SEPTEMBER, plain=True)
    with InstagramSite([post], pages_per_session=2) as site, logged_in_client(site) as client:
        answers = [client.get(post.path) for _ in range(4)]

        assert [answer.status_code for answer in answers] == [200, 200, 302, 302]
        assert answers[-1].headers["Location"] == f"/accounts/login/?next={post.path}"


@pytest.mark.parametrize("plain", [True, False])
def test_photos_have_gps_and_a_date_in_exif(plain: bool) -> None:
    [photo] = make_post("A", HASHTAG, NOON, plain=plain).photos

    with Image.open(BytesIO(photo.jpeg())) as image:
        exif = image.getexif()

    assert exif.get_ifd(0x8825)[2] == (37.0, 33.0, 23.0)
    assert exif.get_ifd(0x8769)[0x9003] == "2026:09:05 12:00:00"


def test_plain_photos_are_not_near_duplicates() -> None:
    posts = make_posts(300, HASHTAG, SEPTEMBER, plain=True)

    perceptual_hashes = [perceptual_hash_of(read_photo(post.photos[0].jpeg())) for post in posts]

    assert groups_of(perceptual_hashes) == list(range(300))
    assert len({post.shortcode for post in posts}) == 300


def test_a_separate_cdn_serves_photos_only_on_its_port_and_with_a_signature() -> None:
    [post] = make_posts(1, HASHTAG, SEPTEMBER, plain=True)
    with InstagramSite([post], separate_cdn=True) as site:
        [url] = site.photo_urls(post)

        assert url.startswith(site.cdn_url)
        assert site.cdn_url != site.url
        assert httpx.get(url).content == post.photos[0].jpeg()
        assert httpx.get(url.replace(site.cdn_url, site.url)).status_code == 404
        assert httpx.get(url.partition("?")[0]).status_code == 403


def test_faults_apply_in_order_and_as_often_as_planned() -> None:
    [post] = make_posts(1, HASHTAG, SEPTEMBER, plain=True)
    with InstagramSite([post]) as site, logged_in_client(site) as client:
        site.faults.on("post", faults.status(500), times=2, after=1)
        site.faults.on("/p/", faults.status(503), after=1)
        statuses = [client.get(post.path).status_code for _ in range(4)]
        site.faults.off("/p/")

        assert statuses == [200, 500, 500, 503]
        assert client.get(post.path).status_code == 200
        assert client.get(site.grid_path(HASHTAG)).status_code == 200
        assert [request.status for request in site.requests_for("post")] == [
            200,
            500,
            500,
            503,
            200,
        ]


@pytest.mark.parametrize(
    ("fault", "status", "shown"),
    [
        (faults.rate_limited(), 429, "Please wait a few minutes before you try again."),
        (faults.status(500), 500, "an error occurred"),
        (faults.gone, 404, "Sorry, this page isn't available."),
        (faults.gone_with_status_200, 200, "Sorry, this page isn't available."),
        (faults.error_page, 200, "Something went wrong"),
        (faults.challenged, 200, "Help us confirm it's you"),
        (faults.suspended, 200, "We suspended your account"),
        (faults.unknown_page, 200, "Threads of spring"),
    ],
)
def test_a_planned_fault_changes_a_page(fault: Fault, status: int, shown: str) -> None:
    with InstagramSite() as site, logged_in_client(site) as client:
        site.faults.on("page", fault)
        answer = client.get("/p/ANY/", follow_redirects=True)

    assert answer.status_code == status
    assert shown in answer.text.replace("&#x27;", "'")


@pytest.mark.parametrize(("retry_after", "seconds"), [(None, None), (7, 7), (NOON, 3600)])
def test_a_rate_limit_has_a_retry_after_header(
    retry_after: int | datetime | None, seconds: float | None
) -> None:
    with InstagramSite() as site:
        site.faults.on("page", faults.rate_limited(retry_after))
        answer = httpx.get(site.url)

    header = answer.headers.get("Retry-After")
    assert retry_after_seconds(header, now=NOON.replace(hour=11)) == seconds


@pytest.fixture
def photo_site() -> Iterator[InstagramSite]:
    with InstagramSite(make_posts(1, HASHTAG, SEPTEMBER, plain=True)) as site:
        yield site


def the_photo(site: InstagramSite) -> tuple[str, bytes]:
    [post] = site.posts.values()
    return site.photo_urls(post)[0], post.photos[0].jpeg()


@pytest.mark.parametrize(
    "fault", [faults.reset_before_response, faults.reset_midway, faults.cut_short]
)
def test_a_photo_is_truncated_once_and_then_complete(
    photo_site: InstagramSite, fault: Fault
) -> None:
    url, photo = the_photo(photo_site)
    photo_site.faults.on("photo", fault, times=1)

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)) as error:
        httpx.get(url)

    reason = str(error.value)
    assert (
        "reset" in reason if fault is not faults.cut_short else "without sending complete" in reason
    )
    assert httpx.get(url).content == photo


def test_half_a_photo_can_have_a_matching_content_length(photo_site: InstagramSite) -> None:
    url, photo = the_photo(photo_site)
    photo_site.faults.on("photo", faults.half)

    half = httpx.get(url).content

    assert photo.startswith(half)
    with pytest.raises(UnreadablePhoto):
        read_photo(half)


def test_a_photo_url_can_return_a_page(photo_site: InstagramSite) -> None:
    url, _ = the_photo(photo_site)
    photo_site.faults.on("photo", faults.html_instead)

    assert httpx.get(url).content.startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    ("fault", "declared"), [(faults.huge, 40 << 20), (faults.huge_without_length, None)]
)
def test_a_photo_of_40_mb_is_sent_with_or_without_content_length(
    photo_site: InstagramSite, fault: Fault, declared: int | None
) -> None:
    url, photo = the_photo(photo_site)
    photo_site.faults.on("photo", fault)

    with httpx.stream("GET", url) as answer:
        length = answer.headers.get("Content-Length")
        received = sum(len(piece) for piece in answer.iter_bytes())

    assert length == (declared and str(declared))
    assert 40 << 20 <= received <= (40 << 20) + len(photo)


def test_a_bomb_is_a_small_file_of_900_megapixels(photo_site: InstagramSite) -> None:
    url, _ = the_photo(photo_site)
    photo_site.faults.on("photo", faults.bomb)

    bomb = httpx.get(url).content

    assert len(bomb) < 120_000
    assert int.from_bytes(bomb[16:20]) * int.from_bytes(bomb[20:24]) == 900_000_000
    with pytest.raises(PhotoTooLarge):
        read_photo(bomb)


def test_an_endless_response_ends_with_the_site_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    site = InstagramSite(make_posts(1, HASHTAG, SEPTEMBER, plain=True))
    with httpx.Client() as idle, site:
        idle.get(site.url)
        url, photo = the_photo(site)
        site.faults.on("photo", faults.endless)
        with httpx.stream("GET", url) as answer:
            pieces = answer.iter_raw()
            received = b""
            while len(received) < len(photo) // 2 + 3:
                received += next(pieces)

    assert received.endswith(b"  ")
    assert set(threading.enumerate()) <= before


def test_held_responses_are_sent_when_they_are_released() -> None:
    held = HeldResponses()
    with InstagramSite(robots="Disallow: /") as site:
        site.faults.on("robots", held)
        answers: list[str] = []
        client = threading.Thread(
            target=lambda: answers.append(httpx.get(f"{site.url}/robots.txt").text)
        )
        client.start()
        assert held.reached.wait(20)
        client.join(0.2)
        assert answers == []
        held.release()
        client.join(20)

    assert answers == ["Disallow: /"]


def test_a_response_that_is_never_released_is_aborted_with_the_site() -> None:
    held, errors = HeldResponses(), []

    def ask(url: str) -> None:
        try:
            httpx.get(url, timeout=60)
        except httpx.RemoteProtocolError as error:
            errors.append(error)

    with InstagramSite() as site:
        site.faults.on("page", held)
        client = threading.Thread(target=ask, args=(site.url,))
        client.start()
        assert held.reached.wait(20)
    client.join(20)

    assert len(errors) == 1


def test_the_site_counts_connections_and_measures_the_time_between_pages() -> None:
    with InstagramSite() as site:
        with httpx.Client() as one, httpx.Client() as other:
            for client in (one, other, one):
                client.get(site.url)
        while site.connections:
            time.sleep(0.01)
        assert httpx.get(f"{site.url}/robots.txt").status_code == 200

        assert site.max_connections == 2
        assert len(site.seconds_between()) == 2
        assert all(gap > 0 for gap in site.seconds_between())


def test_an_error_in_the_site_itself_fails_the_test() -> None:
    with (
        pytest.raises(ValueError, match="invalid literal"),
        InstagramSite() as site,
        logged_in_client(site) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get("/api/tags/x/?cursor=no-number")
