"""The source over real HTTP, against a loopback server of the API's shapes and limits."""

import logging
import unicodedata
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from oott_assets.photos.sources.photo_source import FoundPhoto, UnavailablePhoto
from tests.oott_assets.photos.sources.graph_api.rehearsal import (
    HAEUNDAE,
    HONGDAE,
    IN_SEPTEMBER,
    SEPTEMBER,
    Sleeper,
    asking,
    brought,
    graph_api,
    listed,
    many,
    shortcodes,
)
from tests.oott_assets.photos.sources.graph_server import FakePost, GraphServer
from tests.oott_assets.photos.sources.photo_server import Reply


def test_a_post_comes_with_its_photo_and_where_it_is_from(ids_file: Path, sleeper: Sleeper) -> None:
    with (
        asking(ids_file, sleeper, FakePost("Cab_-1")) as (_, source),
        closing(source.posts(HONGDAE, SEPTEMBER)) as posts,
    ):
        post = next(posts)
        bring = post.fetch()

        assert (post.shortcode, post.hashtag) == ("Cab_-1", "홍대")
        assert post.permalink == "https://www.instagram.com/p/Cab_-1/"
        assert post.taken_at == bring.taken_at == IN_SEPTEMBER
        assert list(bring.photos) == [FoundPhoto("Cab_-1-1.jpg", b"a photo")]


def test_recent_posts_and_popular_ones_are_listed_once_each(
    ids_file: Path, sleeper: Sleeper
) -> None:
    posts = (
        FakePost("recent", IN_SEPTEMBER, popular=False),
        FakePost("both", IN_SEPTEMBER),
        FakePost("popular", IN_SEPTEMBER - timedelta(days=9)),
    )
    with asking(ids_file, sleeper, *posts) as (_, source):
        assert shortcodes(source) == ["recent", "both", "popular"]


def test_a_post_of_two_hashtags_is_listed_once_under_the_first(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with GraphServer(
        {"해운대": [FakePost("A")], "해운대해수욕장": [FakePost("A"), FakePost("B")]}
    ) as server:
        posts = listed(graph_api(server, ids_file, sleeper), HAEUNDAE)

    assert [(post.shortcode, post.hashtag) for post in posts] == [
        ("A", "해운대"),
        ("B", "해운대해수욕장"),
    ]


def test_a_month_begins_at_midnight_where_the_destinations_are(
    ids_file: Path, sleeper: Sleeper
) -> None:
    posts = (
        FakePost("august", datetime(2026, 8, 31, 14, 59, 59, tzinfo=UTC)),
        FakePost("september", datetime(2026, 8, 31, 15, tzinfo=UTC)),
    )
    with asking(ids_file, sleeper, *posts) as (_, source):
        assert shortcodes(source) == ["september"]


def test_an_undated_post_belongs_to_the_month_asked_for(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper, FakePost("undated", taken_at=None)) as (_, source):
        [post] = listed(source, month=date(2026, 5, 1))

    assert post.taken_at is None


def test_reels_are_known_by_their_shortcode(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper, FakePost("Creel", path="reel")) as (_, source):
        assert shortcodes(source) == ["Creel"]


def test_all_pages_are_read_though_their_cursors_are_the_same(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with asking(ids_file, sleeper, *many(120)) as (server, source):
        assert len(shortcodes(source)) == 120

    [hashtag_id] = server.searched
    assert server.paths().count(f"/{hashtag_id}/top_media") == 3


def test_pages_that_go_in_a_circle_end_when_nothing_new_comes(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with GraphServer({"홍대": many(60)}, circles=True) as server:
        assert len(shortcodes(graph_api(server, ids_file, sleeper))) == 60


def test_no_more_pages_are_asked_for_than_the_most_posts_fill(
    ids_file: Path, sleeper: Sleeper
) -> None:
    posts = [FakePost(f"C{number}", IN_SEPTEMBER) for number in range(200)]
    with asking(ids_file, sleeper, *posts, max_posts=70) as (server, source):
        assert len(shortcodes(source)) == 70

    [hashtag_id] = server.searched
    assert server.paths().count(f"/{hashtag_id}/top_media") == 2


def test_the_next_page_is_asked_for_only_when_its_posts_are(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with (
        asking(ids_file, sleeper, *many(120)) as (server, source),
        closing(source.posts(HONGDAE, SEPTEMBER)) as posts,
    ):
        next(posts)

        assert len([path for path in server.paths() if path.endswith("_media")]) == 1


def test_a_hashtag_without_posts_is_an_empty_month(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper) as (_, source):
        assert shortcodes(source) == []


def test_a_hashtag_that_nobody_uses_has_no_posts_and_the_others_do(
    ids_file: Path, sleeper: Sleeper, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        GraphServer({"해운대해수욕장": [FakePost("A")]}) as server,
        caplog.at_level(logging.INFO),
    ):
        assert shortcodes(graph_api(server, ids_file, sleeper), HAEUNDAE) == ["A"]

    assert "#해운대 is unknown to Instagram, so it has no posts" in caplog.text


def test_decomposed_hangul_finds_the_composed_hashtag(ids_file: Path, sleeper: Sleeper) -> None:
    decomposed = HONGDAE._replace(hashtags=(unicodedata.normalize("NFD", "홍대"),))
    with asking(ids_file, sleeper, FakePost("A")) as (_, source):
        assert shortcodes(source, decomposed) == ["A"]


def test_an_album_brings_its_photos_without_its_videos(ids_file: Path, sleeper: Sleeper) -> None:
    album = FakePost("album", photos=(b"one", None, b"three"), media_type="CAROUSEL_ALBUM")
    with asking(ids_file, sleeper, album) as (_, source):
        assert brought(source) == [
            FoundPhoto("album-1.jpg", b"one"),
            FoundPhoto("album-3.jpg", b"three"),
        ]


def test_a_video_is_a_post_without_photos(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper, FakePost("film", media_type="VIDEO")) as (server, source):
        assert shortcodes(source) == ["film"]
        assert brought(source) == []

    assert not any(path.startswith("/photos/") for path in server.paths())


@pytest.mark.parametrize("kind", ["IMAGE", "CAROUSEL_ALBUM"])
def test_a_photo_whose_url_is_kept_back_is_refused_with_the_reason(
    ids_file: Path, sleeper: Sleeper, kind: str
) -> None:
    post = FakePost("music", media_type=kind, with_urls=False)  # type: ignore[arg-type]
    with asking(ids_file, sleeper, post) as (_, source):
        assert brought(source) == [
            UnavailablePhoto("music-1.jpg", "the Graph API gives no URL for it, only its permalink")
        ]


def test_a_photo_that_is_gone_is_refused_and_the_next_one_comes(
    ids_file: Path, sleeper: Sleeper
) -> None:
    posts = (FakePost("A", photos=(Reply(404),)), FakePost("B"))
    with asking(ids_file, sleeper, *posts) as (_, source):
        assert brought(source) == [
            UnavailablePhoto("A-1.jpg", "gone (404)"),
            FoundPhoto("B-1.jpg", b"a photo"),
        ]


def test_a_photo_of_too_many_bytes_is_refused(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper, FakePost("A", photos=(bytes(10_001),))) as (_, source):
        [photo] = brought(source)

    assert photo == UnavailablePhoto("A-1.jpg", "10,001 bytes; at most 10,000 allowed")


def test_an_answer_cannot_send_the_source_to_a_neighbour(ids_file: Path, sleeper: Sleeper) -> None:
    moved = Reply(302, headers={"Location": "https://169.254.169.254/latest/meta-data"})
    with asking(ids_file, sleeper, FakePost("A", photos=(moved,))) as (_, source):
        [photo] = brought(source)

    assert photo == UnavailablePhoto("A-1.jpg", "its host is not allowed: 169.254.169.254")


def test_photos_are_asked_for_without_the_token(ids_file: Path, sleeper: Sleeper) -> None:
    with asking(ids_file, sleeper, FakePost("A")) as (server, source):
        brought(source)

    [photo] = [it for it in server.requests if it.path.startswith("/photos/")]
    assert "Authorization" not in photo.headers
