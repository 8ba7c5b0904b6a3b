"""Tests of the state of each listed post, and of runs that continue an interrupted one."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.photos.collection import Collected, Collector
from oott_assets.photos.sources.photo_source import (
    PhotosUnknown,
    PostGone,
    SourceBusyForHours,
    UnavailablePhoto,
)
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_fashion.stores.blobs import AlreadyLocked, BlobNotFound
from tests.object_store import Bucket
from tests.oott_assets.trends.posts import FakeSource, Post, jpeg

SEPTEMBER = MonthAndDestination(date(2026, 9, 1), destinations.destination("hongdae"))


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(root=str(tmp_path / "photos"), max_pixels=100_000)


def collect(store: PhotoStore, source: FakeSource, max_posts: int = 100) -> Collected:
    collector = Collector(source, store, "Asia/Seoul", max_posts)
    return collector.collect(SEPTEMBER, logging.getLogger("collection"))


def manifest(store: PhotoStore) -> list[ManifestRow]:
    return store.month("hongdae", date(2026, 9, 1)).manifest()


def states(store: PhotoStore) -> dict[str, str]:
    return {row.name: row.state for row in manifest(store)}


def files(store: PhotoStore) -> list[str]:
    root = Path(store.root)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_every_listed_post_gets_a_state(store: PhotoStore) -> None:
    source = FakeSource(
        [
            Post("kept", [jpeg(1)]),
            Post(
                "album",
                [
                    jpeg(2),
                    UnavailablePhoto("album-2.jpg", "the server said 403"),
                    UnavailablePhoto("album-3.jpg", "the API gives no URL", permanent=True),
                ],
            ),
            Post("damaged", [jpeg(4)[:300]]),
            Post("gone", error=PostGone("the page says it isn't available")),
            Post("video"),
            Post("earlier", [jpeg(5)], taken_at=datetime(2026, 8, 31, 14, 59, tzinfo=UTC)),
            Post("first minute", [jpeg(6)], taken_at=datetime(2026, 8, 31, 15, tzinfo=UTC)),
            Post("undated", [jpeg(7)], taken_at=None),
            Post("again", [jpeg(1)]),
        ]
    )

    collect(store, source)

    assert states(store) == {
        "kept-1.jpg": "kept",
        "album-1.jpg": "kept",
        "album-2.jpg": "refused",
        "album-3.jpg": "unreadable",
        "damaged-1.jpg": "unreadable",
        "gone": "gone",
        "video": "no photo",
        "earlier": "other month",
        "first minute-1.jpg": "kept",
        "undated-1.jpg": "kept",
        "again-1.jpg": "double",
    }
    assert {row.shortcode for row in manifest(store)} == set(source.fetched)


def test_a_row_has_the_origin_of_its_photo(store: PhotoStore) -> None:
    collect(store, FakeSource([Post("ABC", [jpeg(1, side=80)])]))

    [row] = manifest(store)
    assert (row.shortcode, row.hashtag, row.source) == ("ABC", "홍대", "fake")
    assert row.permalink == "https://www.instagram.com/p/ABC/"
    assert (row.width, row.height) == (80, 80)


def test_the_same_picture_in_another_size_counts_once(store: PhotoStore) -> None:
    collect(store, FakeSource([Post("a", [jpeg(1)]), Post("b", [jpeg(1, side=128)])]))

    assert states(store) == {"a-1.jpg": "kept", "b-1.jpg": "near-duplicate"}
    assert manifest(store)[1].reason == "same picture as a-1.jpg"
    assert len(files(store)) == 2


def test_a_post_listed_twice_is_fetched_once(store: PhotoStore) -> None:
    source = FakeSource([Post("a", [jpeg(1)]), Post("b", [jpeg(2)]), Post("a", [jpeg(1)])])

    assert collect(store, source).listed == 2
    assert source.fetched == ["a", "b"]


def test_a_photo_of_another_month_is_not_stored(store: PhotoStore) -> None:
    collect(store, FakeSource([Post("a", [jpeg(1)], taken_at=datetime(2026, 7, 1, tzinfo=UTC))]))

    assert files(store) == ["manifests/hongdae/2026-09.parquet"]


def test_a_photo_of_the_same_month_in_another_year_does_not_count(store: PhotoStore) -> None:
    last_year = datetime(2025, 9, 5, 3, tzinfo=UTC)

    collect(store, FakeSource([Post("a", [jpeg(1)], taken_at=last_year), Post("b", [jpeg(2)])]))

    assert states(store) == {"a": "other month", "b-1.jpg": "kept"}


def test_a_blocked_run_writes_no_manifest_and_the_next_run_continues(store: PhotoStore) -> None:
    posts = [Post("a", [jpeg(1)]), Post("b", [jpeg(2)]), Post("c", [jpeg(3)])]
    blocked = FakeSource([*posts[:2], Post("c", error=PhotosUnknown("log in"))])
    with pytest.raises(PhotosUnknown):
        collect(store, blocked)
    with pytest.raises(BlobNotFound):
        manifest(store)

    again = FakeSource(posts)
    collected = collect(store, again)

    assert again.fetched == ["c"]
    assert (collected.listed, collected.resumed) == (3, 2)
    assert set(states(store)) == {"a-1.jpg", "b-1.jpg", "c-1.jpg"}
    assert blocked.closed


def test_an_unavailable_photo_is_fetched_again_by_the_next_run(store: PhotoStore) -> None:
    unavailable = UnavailablePhoto("a-2.jpg", "the server said 500")
    posts = [Post("a", [jpeg(1), unavailable]), Post("b", error=PhotosUnknown("log in"))]
    with pytest.raises(PhotosUnknown):
        collect(store, FakeSource(posts))
    again = FakeSource([Post("a", [jpeg(1), jpeg(2)]), Post("b", [jpeg(3)])])

    collect(store, again)

    assert again.fetched == ["a", "b"]
    assert states(store) == {"a-1.jpg": "kept", "a-2.jpg": "kept", "b-1.jpg": "kept"}


def test_a_journalled_post_counts_even_if_it_is_no_longer_listed(store: PhotoStore) -> None:
    with pytest.raises(PhotosUnknown):
        collect(store, FakeSource([Post("a", [jpeg(1)]), Post("b", error=PhotosUnknown("?"))]))

    collect(store, FakeSource([Post("b", [jpeg(2)])]))

    assert set(states(store)) == {"a-1.jpg", "b-1.jpg"}


def test_a_finished_run_is_replaced_not_continued(store: PhotoStore) -> None:
    collect(store, FakeSource([Post("a", [jpeg(1)]), Post("b", [jpeg(2)])]))
    again = FakeSource([Post("b", [jpeg(2)])])

    collect(store, again)

    assert again.fetched == ["b"]
    assert states(store) == {"b-1.jpg": "kept"}
    assert len(files(store)) == 2


def test_the_journal_of_another_source_is_not_used(store: PhotoStore) -> None:
    with pytest.raises(PhotosUnknown):
        collect(store, FakeSource([Post("a", [jpeg(1)]), Post("b", error=PhotosUnknown("?"))]))

    collect(store, FakeSource([Post("c", [jpeg(3)])], name="another"))

    assert states(store) == {"c-1.jpg": "kept"}
    assert len(files(store)) == 2


def test_a_local_source_is_read_from_the_start(store: PhotoStore) -> None:
    with pytest.raises(PhotosUnknown):
        collect(
            store,
            FakeSource(
                [Post("a", [jpeg(1)]), Post("b", error=PhotosUnknown("?"))], uses_network=False
            ),
        )
    again = FakeSource([Post("a", [jpeg(9)])], uses_network=False)

    collect(store, again)

    assert again.fetched == ["a"]
    assert len(files(store)) == 2


@pytest.mark.parametrize(
    "post",
    [
        Post("refused", [UnavailablePhoto("refused-1.jpg", "the server said 403")]),
        Post("gone", error=PostGone("the page says it isn't available")),
    ],
)
def test_a_site_that_delivers_no_photos_does_not_empty_a_month(
    store: PhotoStore, post: Post
) -> None:
    collect(store, FakeSource([Post("a", [jpeg(1)])]))
    before = files(store)
    posts = [Post(f"{post.shortcode}{digit}", post.photos, error=post.error) for digit in "12345"]

    with pytest.raises(SourceBusyForHours, match="none of 5 listed photos could be fetched"):
        collect(store, FakeSource(posts))

    assert states(store) == {"a-1.jpg": "kept"}
    assert [file for file in files(store) if not file.startswith("journals/")] == before


def test_a_few_deleted_posts_and_photos_without_a_url_are_accepted(store: PhotoStore) -> None:
    no_url = UnavailablePhoto("c", "the API gives no URL", permanent=True)
    posts = [Post("a", error=PostGone("gone")), Post("b"), Post("c", [no_url])]

    collect(store, FakeSource(posts))

    assert states(store) == {"a": "gone", "b": "no photo", "c": "unreadable"}


def test_a_run_that_hides_faces_does_not_continue_one_that_did_not(tmp_path: Path) -> None:
    root, posts = str(tmp_path / "photos"), [Post("a", [jpeg(1)]), Post("b", [jpeg(2)])]
    with_faces = PhotoStore(root=root, max_pixels=100_000, hide_faces=False)
    without_faces = PhotoStore(root=root, max_pixels=100_000)
    blocked = [posts[0], Post("b", error=PhotosUnknown("log in"))]
    with pytest.raises(PhotosUnknown):
        collect(with_faces, FakeSource(blocked, shows_people=True))
    again = FakeSource(posts, shows_people=True)

    collect(without_faces, again)

    assert again.fetched == ["a", "b"]


def test_a_listing_is_cut_at_max_posts(store: PhotoStore) -> None:
    posts = [Post(str(number), [jpeg(number)]) for number in range(3)]

    assert not collect(store, FakeSource(posts), max_posts=3).cut
    assert collect(store, FakeSource(posts), max_posts=2).cut
    assert len(manifest(store)) == 2
    assert not collect(store, FakeSource(posts, uses_network=False), max_posts=2).cut


def test_a_forgotten_post_is_not_fetched(store: PhotoStore) -> None:
    store.forget("a")
    source = FakeSource([Post("a", [jpeg(1)]), Post("b", [jpeg(2)])])

    assert collect(store, source).forgotten == 1
    assert source.fetched == ["b"]
    assert set(states(store)) == {"b-1.jpg"}


def test_a_post_forgotten_during_the_run_is_not_kept(store: PhotoStore) -> None:
    source = FakeSource([Post("a", [jpeg(1)]), Post("b", [jpeg(2)])])
    source.before = lambda shortcode: store.forget("a") if shortcode == "b" else None

    collect(store, source)

    assert set(states(store)) == {"b-1.jpg"}
    assert len([file for file in files(store) if file.startswith("photos/")]) == 1


def test_a_near_duplicate_counts_if_the_first_post_is_forgotten(store: PhotoStore) -> None:
    posts = [Post("a", [jpeg(1)]), Post("b", [jpeg(1, side=128)]), Post("c", [jpeg(2)])]
    source = FakeSource(posts)
    source.before = lambda shortcode: store.forget("a") if shortcode == "c" else None

    collect(store, source)

    assert states(store) == {"b-1.jpg": "kept", "c-1.jpg": "kept"}


def test_two_runs_cannot_both_collect_a_partition(store: PhotoStore) -> None:
    other = FakeSource([Post("b", [jpeg(2)])])
    errors: list[str] = []

    def collect_too(_shortcode: str) -> None:
        with pytest.raises(AlreadyLocked) as error:
            collect(store, other)
        errors.append(str(error.value))

    collect(store, FakeSource([Post("a", [jpeg(1)])], before=collect_too))

    assert len(errors) == 1
    assert other.fetched == []
    assert states(store) == {"a-1.jpg": "kept"}


@pytest.mark.parametrize("root", ["folder", "bucket"])
def test_two_months_that_are_collected_at_the_same_time_count_an_undated_photo_once(
    root: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if root == "bucket":
        bucket: Bucket = request.getfixturevalue("bucket")
        monkeypatch.setattr("oott_assets.opened_blobs.dagster_client", bucket.client)
    address = str(tmp_path / "photos") if root == "folder" else f"{bucket.url}/oott"
    store = PhotoStore(root=address, max_pixels=100_000)
    august = SEPTEMBER._replace(month=date(2026, 8, 1))
    months = PhotoStore.months
    with ThreadPoolExecutor(1) as threads:
        waiting: list[Future[Collected]] = []

        def collect_month(month: MonthAndDestination) -> Collected:
            source = FakeSource([Post("undated", [jpeg(1)], taken_at=None)])
            return Collector(source, store, "Asia/Seoul", 100).collect(
                month, logging.getLogger("collection")
            )

        def read_and_pause(store: PhotoStore) -> list[tuple[str, date]]:
            """Let August be collected after September has read which months there are."""
            read = months(store)
            if not waiting:
                waiting.append(threads.submit(collect_month, august))
                wait(waiting, 0.3 if root == "folder" else 30)  # in a folder, August waits
            return read

        monkeypatch.setattr(PhotoStore, "months", read_and_pause)
        collect_month(SEPTEMBER)
        waiting[0].result(30)

    manifests = [store.month("hongdae", date(2026, month, 1)).manifest() for month in (8, 9)]
    assert sorted(row.state for rows in manifests for row in rows) == ["kept", "other month"]
