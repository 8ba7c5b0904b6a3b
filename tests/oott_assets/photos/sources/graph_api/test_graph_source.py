"""Tests of the Graph API source over real HTTP, with a loopback server that imitates the API."""

import logging
import unicodedata
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from oott_assets.photos.sources.photo_source import FoundPhoto, UnavailablePhoto
from tests.oott_assets.photos.sources.graph_api.loopback_api import (
    HAEUNDAE,
    HONGDAE,
    IN_SEPTEMBER,
    SEPTEMBER,
    Sleeper,
    api_with,
    fetched,
    graph_api,
    listed,
    many_posts,
    shortcodes,
)
from tests.oott_assets.photos.sources.graph_server import FakePost, GraphServer
from tests.oott_assets.photos.sources.photo_server import Reply


def test_a_post_has_its_photo_date_hashtag_and_permalink(ids_file: Path, sleeper: Sleeper) -> None:
    with (
        api_with(ids_file, sleeper, FakePost("Cab_-1")) as (_, source),
        closing(source.posts(HONGDAE, SEPTEMBER)) as posts,
    ):
        post = next(posts)
        fetched_post = post.fetch()

        assert (post.shortcode, post.hashtag) == ("Cab_-1", "홍대")
        assert post.permalink == "https://www.instagram.com/p/Cab_-1/"
        assert post.taken_at == fetched_post.taken_at == IN_SEPTEMBER
        assert list(fetched_post.photos) == [FoundPhoto("Cab_-1-1.jpg", b"a photo")]


def test_recent_and_popular_posts_are_each_listed_once(ids_file: Path, sleeper: Sleeper) -> None:
    posts = (
        FakePost("recent", IN_SEPTEMBER, popular=False),
        FakePost("both", IN_SEPTEMBER),
        FakePost("popular", IN_SEPTEMBER - timedelta(days=9)),
    )
    with api_with(ids_file, sleeper, *posts) as (_, source):
        assert shortcodes(source) == ["recent", "both", "popular"]


def test_a_post_with_two_hashtags_is_listed_once_under_the_first(
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


def test_a_month_begins_at_midnight_in_the_timezone_of_the_destinations(
    ids_file: Path, sleeper: Sleeper
) -> None:
    posts = (
        FakePost("august", datetime(2026, 8, 31, 14, 59, 59, tzinfo=UTC)),
        FakePost("september", datetime(2026, 8, 31, 15, tzinfo=UTC)),
    )
    with api_with(ids_file, sleeper, *posts) as (_, source):
        assert shortcodes(source) == ["september"]


def test_an_undated_post_belongs_to_the_requested_month(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("undated", taken_at=None)) as (_, source):
        [post] = listed(source, month=date(2026, 5, 1))

    assert post.taken_at is None


def test_the_shortcode_of_a_reel_is_read_from_its_permalink(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with api_with(ids_file, sleeper, FakePost("Creel", path="reel")) as (_, source):
        assert shortcodes(source) == ["Creel"]


def test_all_pages_are_read_even_if_cursors_repeat(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, *many_posts(120)) as (server, source):
        assert len(shortcodes(source)) == 120

    [hashtag_id] = server.searched
    assert server.paths().count(f"/{hashtag_id}/top_media") == 3


def test_every_post_is_listed_whatever_the_pages_look_like(
    ids_file: Path, sleeper: Sleeper
) -> None:
    posts = many_posts(30)
    with GraphServer({"홍대": posts}, max_limit=6) as server:
        entries = [server.entry_of(post) for post in posts]
        server.extra_pages = {
            1: [],
            3: entries[:6],
            4: [None, {"id": 7}, entries[29], "text"],
            5: [],
            6: [entries[28] | {"timestamp": "yesterday"}, entries[27] | {"media_type": None}],
            7: [None],
        }
        photos = fetched(graph_api(server, ids_file, sleeper))

    found = [photo.name for photo in photos if isinstance(photo, FoundPhoto)]
    lost = [photo for photo in photos if isinstance(photo, UnavailablePhoto)]
    assert sorted(found) == sorted(f"{post.shortcode}-1.jpg" for post in posts)
    assert len({photo.name for photo in lost}) == len(lost) == 5
    assert [photo.reason.split(": ")[1] for photo in lost] == [
        "Input should be a valid dictionary or instance of MediaItem",
        "id",
        "Input should be a valid dictionary or instance of MediaItem",
        "timestamp",
        "Input should be a valid dictionary or instance of MediaItem",
    ]
    assert all(photo.permanent for photo in lost)


def test_a_listing_that_only_repeats_itself_ends(
    ids_file: Path, sleeper: Sleeper, caplog: pytest.LogCaptureFixture
) -> None:
    with GraphServer({"홍대": many_posts(60)}, repeats_pages=True) as server:
        assert len(shortcodes(graph_api(server, ids_file, sleeper))) == 60

    assert len(server.requests) < 30
    assert "#홍대: the last 10 pages have no new posts" in caplog.text


def test_no_page_beyond_max_posts_is_requested(ids_file: Path, sleeper: Sleeper) -> None:
    posts = [FakePost(f"C{number}", IN_SEPTEMBER) for number in range(200)]
    with api_with(ids_file, sleeper, *posts, max_posts=70) as (server, source):
        assert len(shortcodes(source)) == 70

    [hashtag_id] = server.searched
    assert server.paths().count(f"/{hashtag_id}/top_media") == 2


def test_the_next_page_is_requested_only_when_its_posts_are_needed(
    ids_file: Path, sleeper: Sleeper
) -> None:
    with (
        api_with(ids_file, sleeper, *many_posts(120)) as (server, source),
        closing(source.posts(HONGDAE, SEPTEMBER)) as posts,
    ):
        next(posts)

        assert len([path for path in server.paths() if path.endswith("_media")]) == 1


def test_a_hashtag_without_posts_gives_an_empty_month(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper) as (_, source):
        assert shortcodes(source) == []


def test_an_unknown_hashtag_has_no_posts_and_the_others_are_listed(
    ids_file: Path, sleeper: Sleeper, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        GraphServer({"해운대해수욕장": [FakePost("A")]}) as server,
        caplog.at_level(logging.INFO),
    ):
        assert shortcodes(graph_api(server, ids_file, sleeper), HAEUNDAE) == ["A"]

    assert "Instagram does not know #해운대, so it has no posts" in caplog.text


def test_decomposed_hangul_finds_the_composed_hashtag(ids_file: Path, sleeper: Sleeper) -> None:
    decomposed = HONGDAE._replace(hashtags=(unicodedata.normalize("NFD", "홍대"),))
    with api_with(ids_file, sleeper, FakePost("A")) as (_, source):
        assert shortcodes(source, decomposed) == ["A"]


def test_an_album_gives_its_photos_but_not_its_videos(ids_file: Path, sleeper: Sleeper) -> None:
    album = FakePost("album", photos=(b"one", None, b"three"), media_type="CAROUSEL_ALBUM")
    with api_with(ids_file, sleeper, album) as (_, source):
        assert fetched(source) == [
            FoundPhoto("album-1.jpg", b"one"),
            FoundPhoto("album-3.jpg", b"three"),
        ]


def test_a_video_is_a_post_without_photos(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("film", media_type="VIDEO")) as (server, source):
        assert shortcodes(source) == ["film"]
        assert fetched(source) == []

    assert not any(path.startswith("/photos/") for path in server.paths())


def test_what_an_entry_lacks_is_lost_and_the_rest_is_fetched(
    ids_file: Path, sleeper: Sleeper
) -> None:
    two = (b"one", b"two")
    posts = (
        FakePost("music", with_urls=False),
        FakePost("cover", photos=two, media_type="CAROUSEL_ALBUM", album="no children"),
        FakePost("child", photos=two, media_type="CAROUSEL_ALBUM", album="null child"),
        FakePost("B"),
    )
    no_children = "the Graph API does not list the photos of this album"
    no_child = "its entry is invalid: Input should be a valid dictionary or instance of MediaFile"
    with api_with(ids_file, sleeper, *posts) as (_, source):
        assert fetched(source) == [
            UnavailablePhoto(
                "music-1.jpg", "the Graph API gives no URL for it, only its permalink", True
            ),
            FoundPhoto("cover-1.jpg", b"one"),
            UnavailablePhoto("cover-2.jpg", no_children, True),
            UnavailablePhoto("child-1.jpg", no_child, True),
            FoundPhoto("child-2.jpg", b"two"),
            FoundPhoto("B-1.jpg", b"a photo"),
        ]


def test_after_a_photo_that_is_gone_the_next_one_is_fetched(
    ids_file: Path, sleeper: Sleeper
) -> None:
    posts = (FakePost("A", photos=(Reply(404),)), FakePost("B"))
    with api_with(ids_file, sleeper, *posts) as (_, source):
        assert fetched(source) == [
            UnavailablePhoto("A-1.jpg", "gone (404)"),
            FoundPhoto("B-1.jpg", b"a photo"),
        ]


def test_a_photo_that_is_too_large_is_unavailable(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("A", photos=(bytes(10_001),))) as (_, source):
        [photo] = fetched(source)

    assert photo == UnavailablePhoto("A-1.jpg", "10,001 bytes; at most 10,000 allowed")


def test_a_redirect_to_the_private_network_is_not_followed(
    ids_file: Path, sleeper: Sleeper
) -> None:
    moved = Reply(302, headers={"Location": "https://169.254.169.254/latest/meta-data"})
    with api_with(ids_file, sleeper, FakePost("A", photos=(moved,))) as (_, source):
        [photo] = fetched(source)

    assert photo == UnavailablePhoto("A-1.jpg", "its host is not allowed: 169.254.169.254")


def test_photos_are_requested_without_the_token(ids_file: Path, sleeper: Sleeper) -> None:
    with api_with(ids_file, sleeper, FakePost("A")) as (server, source):
        fetched(source)

    [photo] = [request for request in server.requests if request.path.startswith("/photos/")]
    assert "Authorization" not in photo.headers
