from dataclasses import replace
from datetime import UTC, datetime

import pytest

from oott_assets.photos.sources.browser.page_opener import PageFailed
from oott_assets.photos.sources.browser.post_page import PostOnPage, post_on_page
from oott_assets.photos.sources.photo_source import PostGone
from tests.instagram import faults
from tests.instagram.posts import Post, make_post
from tests.instagram.responses import Response, moved_to
from tests.instagram.site import InstagramSite
from tests.oott_assets.photos.sources.browser.crawls import Guest

TAKEN = datetime(2026, 9, 5, 3, tzinfo=UTC)
OTHER = make_post("other", "a", TAKEN, plain=True)


def site_with(post: Post, language: str = "en") -> InstagramSite:
    return InstagramSite([post, OTHER], posts_need_session=False, language=language)


def shown(guest: Guest, site: InstagramSite, post: Post) -> PostOnPage:
    return post_on_page(guest.opener(site), f"{site.url}{post.path}")


def names(found: PostOnPage) -> list[str]:
    return [url.rpartition("/")[2].partition(".")[0] for url in found.photo_urls]


def test_a_post_has_its_date_and_its_full_size_photo_and_loads_no_image(guest: Guest) -> None:
    post = make_post("one", "a", TAKEN, plain=True)
    with site_with(post) as site:
        found = shown(guest, site, post)

        # The page also shows the author's picture and other posts. No image was loaded.
        assert site.requests_for("small") == []
        assert site.requests_for("photo") == []

    assert found.taken_at == TAKEN
    assert names(found) == ["one-1"]
    assert "width=" not in found.photo_urls[0]
    assert found.whole


@pytest.mark.parametrize(("count", "language"), [(2, "en"), (20, "en"), (3, "ko")])
def test_all_slides_of_an_album_are_read_in_order(guest: Guest, count: int, language: str) -> None:
    post = make_post("many", "a", TAKEN, photos=count, plain=True)
    with site_with(post, language) as site:
        found = shown(guest, site, post)

    assert names(found) == [f"many-{number}" for number in range(1, count + 1)]
    assert found.whole


def test_an_album_that_gets_stuck_is_not_whole(guest: Guest) -> None:
    post = make_post("many", "a", TAKEN, photos=4, plain=True)

    def stuck(answer: Response) -> Response:
        return replace(
            answer, body=answer.body.replace(b'addEventListener("click"', b'dispatch?.("click"')
        )

    with site_with(post) as site:
        site.faults.on("post", stuck)
        found = shown(guest, site, post)

    assert names(found) == ["many-1", "many-2"]
    assert not found.whole


def test_a_post_without_a_date_is_undated(guest: Guest) -> None:
    post = make_post("undated", "a", None, plain=True)
    with site_with(post) as site:
        assert shown(guest, site, post).taken_at is None


def test_a_video_has_no_photos_and_is_whole(guest: Guest) -> None:
    post = make_post("video", "a", TAKEN, photos=0)
    with site_with(post) as site:
        assert shown(guest, site, post) == PostOnPage(TAKEN, (), True)


def test_an_album_without_known_buttons_is_not_whole(guest: Guest) -> None:
    post = make_post("many", "a", TAKEN, photos=3, plain=True)

    def other(answer: Response) -> Response:
        return replace(
            answer, body=answer.body.replace(b'createElement("button")', b'createElement("i")')
        )

    with site_with(post) as site:
        site.faults.on("post", other)

        assert not shown(guest, site, post).whole


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_removed_post_is_gone_with_any_status_and_in_any_language(
    guest: Guest, language: str
) -> None:
    post = make_post("gone", "a", TAKEN, plain=True)
    with site_with(post, language) as site:
        site.faults.on("post", faults.gone, times=1)
        site.faults.on("post", faults.gone_with_status_200, times=1)
        for status in (404, 200):
            with pytest.raises(PostGone, match=f"with status {status}"):
                shown(guest, site, post)

        assert len(site.requests_for("post")) == 2


def test_another_post_than_the_requested_one_is_a_failure(guest: Guest) -> None:
    post = make_post("one", "a", TAKEN, plain=True)
    with site_with(post) as site:
        site.faults.on(post.path, lambda _: moved_to(OTHER.path))

        with pytest.raises(PageFailed, match="the site shows another post"):
            shown(guest, site, post)
