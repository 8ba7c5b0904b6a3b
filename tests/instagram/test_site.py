import threading
from datetime import UTC, date, datetime
from io import BytesIO

import httpx
import pytest
from PIL import Image

from oott_fashion.vision.near_duplicates import groups_of, perceptual_hash_of
from oott_fashion.vision.photos import read_photo
from tests.instagram import faults
from tests.instagram.faults import HeldResponses
from tests.instagram.posts import make_post, make_posts
from tests.instagram.site import InstagramSite

HASHTAG, DECOMPOSED = "홍대", "\u1112\u1169\u11bc\u1103\u1162"
SEPTEMBER = date(2026, 9, 1)
NOON = datetime(2026, 9, 5, 12, tzinfo=UTC)


def logged_in_client(site: InstagramSite) -> httpx.Client:
    """An HTTP client with a logged-in session."""
    cookie = f"sessionid={site.sessions.new()}"
    return httpx.Client(base_url=site.url, headers={"Cookie": cookie}, timeout=20)


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


def test_an_endless_response_ends_with_the_site_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    site = InstagramSite(make_posts(1, HASHTAG, SEPTEMBER, plain=True))
    with httpx.Client() as idle, site:
        idle.get(site.url)
        [post] = site.posts.values()
        [url], photo = site.photo_urls(post), post.photos[0].jpeg()
        site.faults.on("photo", faults.endless)
        with httpx.stream("GET", url) as answer:
            pieces = answer.iter_raw()
            received = b""
            while len(received) < len(photo) // 2 + 3:
                received += next(pieces)

    assert received.endswith(b"  ")
    assert set(threading.enumerate()) <= before


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


def test_an_error_in_the_site_itself_fails_the_test() -> None:
    with (
        pytest.raises(ValueError, match="invalid literal"),
        InstagramSite() as site,
        logged_in_client(site) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get("/api/tags/x/?cursor=no-number")
