"""Faults of the site, the browser, the crawler and the store, and the stored result of each."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_assets.photos.store import photo_store
from oott_fashion.stores.blobs import AlreadyLocked, BlobNotFound, StoreUnreachable
from oott_fashion.stores.gcs_blobs import GcsBlobs
from tests.instagram import faults
from tests.instagram.posts import Post, make_post, make_posts
from tests.instagram.responses import Response
from tests.instagram.site import InstagramSite
from tests.object_store import Bucket
from tests.oott_assets.crawled_store import HASHTAG, CrawledStore
from tests.oott_assets.killed_crawls import POSTS
from tests.oott_assets.killed_runs import WHOLE
from tests.oott_assets.photos.sources.browser.crawls import (
    SEPTEMBER,
    Waits,
    browser_at,
    comes_true_soon,
    kill,
    processes_in,
)

TAKEN = datetime(2026, 9, 5, 3, tzinfo=UTC)
SOON = 7


def in_nine_minutes() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=9)


PHOTO_FAULTS = {
    "429 without Retry-After": (faults.rate_limited(), 1, "kept"),
    "429 with Retry-After": (faults.rate_limited(SOON), 1, "kept"),
    "500 once": (faults.status(500), 1, "kept"),
    "500 always": (faults.status(500), None, "refused"),
    "no fault": (None, None, "kept"),
    "reset before the response": (faults.reset_before_response, None, "refused"),
    "reset in the middle once": (faults.reset_midway, 1, "kept"),
    "half a JPEG with the full length declared": (faults.cut_short, None, "refused"),
    "half a JPEG": (faults.half, None, "unreadable"),
    "HTML named .jpg": (faults.html_instead, None, "unreadable"),
    "40 MB": (faults.huge, None, "refused"),
    "40 MB without a declared length": (faults.huge_without_length, None, "refused"),
    "900 megapixels": (faults.bomb, None, "unreadable"),
    "403": (faults.status(403), None, "refused"),
    "404": (faults.status(404), None, "refused"),
}

PAGE_FAULTS = {
    "429 without Retry-After": (faults.rate_limited(), 1, "kept"),
    "429 with Retry-After": (faults.rate_limited(SOON), 1, "kept"),
    "429 until a date": (
        lambda response: faults.rate_limited(in_nine_minutes())(response),
        1,
        "kept",
    ),
    "500 once": (faults.status(500), 1, "kept"),
    "500 always": (faults.status(500), None, "refused"),
    "no fault": (None, None, "kept"),
    "reset once": (faults.reset_before_response, 1, "kept"),
    "an error page once": (faults.error_page, 1, "kept"),
    "removed": (faults.gone, None, "gone"),
    "soft 404": (faults.gone_with_status_200, None, "gone"),
}


@pytest.fixture
def store(tmp_path: Path) -> CrawledStore:
    return CrawledStore(str(tmp_path / "photos"))


def named_posts(names: dict[str, object]) -> dict[str, Post]:
    """Make a post for each fault; its shortcode has the number of the fault."""
    return {
        name: make_post(f"post{number:02}", HASHTAG, TAKEN, plain=True)
        for number, name in enumerate(names)
    }


@pytest.mark.usefixtures("shared_browser")
def test_each_photo_fault_gives_its_post_the_right_state(
    tmp_path: Path, store: CrawledStore
) -> None:
    posts, waits = named_posts(dict(PHOTO_FAULTS)), Waits()
    with InstagramSite(posts.values()) as site:
        for name, (fault, times, _) in PHOTO_FAULTS.items():
            if fault is not None:
                site.faults.on(f"/cdn/{posts[name].photos[0].name}", fault, times)
        store.crawl(browser_at(site.url, tmp_path, waits=waits))

    states = store.states()
    assert {name: states[post.shortcode] for name, post in posts.items()} == {
        name: state for name, (_, _, state) in PHOTO_FAULTS.items()
    }
    assert SOON in waits.seconds
    assert "40" in store.reason(posts["40 MB"].shortcode)
    assert "pixels" in store.reason(posts["900 megapixels"].shortcode)
    store.assert_sound(posts.values())


@pytest.mark.usefixtures("shared_browser")
def test_each_page_fault_gives_its_post_the_right_state(
    tmp_path: Path, store: CrawledStore
) -> None:
    posts, waits = named_posts(dict(PAGE_FAULTS)), Waits()
    with InstagramSite(posts.values()) as site:
        for name, (fault, times, _) in PAGE_FAULTS.items():
            if fault is not None:
                site.faults.on(posts[name].path, fault, times)
        store.crawl(browser_at(site.url, tmp_path, waits=waits))

    states = store.states()
    assert {name: states[post.shortcode] for name, post in posts.items()} == {
        name: state for name, (_, _, state) in PAGE_FAULTS.items()
    }
    assert SOON in waits.seconds
    assert any(500 < seconds < 541 for seconds in waits.seconds)
    store.assert_sound(posts.values())


@pytest.mark.usefixtures("shared_browser")
def test_a_session_that_expires_is_renewed_once_and_no_post_is_lost(
    tmp_path: Path, store: CrawledStore
) -> None:
    posts = some(4)
    with InstagramSite(posts, pages_per_session=4) as site:
        store.crawl(browser_at(site.url, tmp_path))
        assert site.log_ins == [True, True]

    assert set(store.states().values()) == {"kept"}
    store.assert_sound(posts)


@pytest.mark.usefixtures("shared_browser")
def test_a_challenge_stops_the_run_and_the_next_run_resumes(
    tmp_path: Path, store: CrawledStore
) -> None:
    posts = some(4)
    with InstagramSite(posts) as site:
        site.faults.on("post", faults.challenged, after=2)
        with pytest.raises(PhotosUnknown, match="challenge"):
            store.crawl(browser_at(site.url, tmp_path))
        assert len(site.requests_for("post")) == 3
        with pytest.raises(BlobNotFound):
            store.rows()

        site.faults.off()
        assert store.crawl(browser_at(site.url, tmp_path)).resumed == 2
        assert len(site.requests_for("post")) == 5
        assert len(site.requests_for("photo")) == 4
    store.assert_sound(posts)


@pytest.mark.usefixtures("shared_browser")
def test_a_wrong_password_is_sent_once_for_all_partitions(
    tmp_path: Path, store: CrawledStore
) -> None:
    with InstagramSite(some(2), password="another") as site:
        for _ in range(2):
            with pytest.raises(PhotosUnknown, match="OOTT_INSTAGRAM_PASSWORD"):
                store.crawl(browser_at(site.url, tmp_path))
        assert site.log_ins == [False]

    with pytest.raises(BlobNotFound):
        store.rows()


def test_a_killed_renderer_browser_or_driver_loses_no_post(
    tmp_path: Path, store: CrawledStore
) -> None:
    posts = some(5)
    killed: list[str] = []

    def killing(part: str) -> Callable[[Response], Response]:
        def fault(response: Response) -> Response:
            killed.append(part)
            kill(tmp_path, part)
            return response

        return fault

    with InstagramSite(posts) as site:
        for number, kind in ((1, "renderer"), (2, "browser"), (3, "driver")):
            site.faults.on(posts[number].path, killing(kind), times=1)
        store.crawl(browser_at(site.url, tmp_path))

    assert sorted(killed) == ["browser", "driver", "renderer"]
    assert comes_true_soon(lambda: processes_in(tmp_path) == {})
    assert set(store.states().values()) == {"kept"}
    store.assert_sound(posts)


def test_a_crawler_killed_at_any_write_loses_nothing_and_leaves_no_process(tmp_path: Path) -> None:
    with InstagramSite(POSTS) as site:
        subprocess.run(
            [sys.executable, "-m", "tests.oott_assets.killed_crawls", site.url, str(tmp_path)],
            check=True,
            capture_output=True,
            timeout=300,
        )

    kills = [*(tmp_path / "browser").glob("write-*"), *(tmp_path / "fake").glob("write-*")]
    # A fake source writes two photos, the journal of their post, and the manifest.
    assert len(kills) == 1 + 4
    for home in kills:
        whole = CrawledStore(str(home.with_name(WHOLE) / "photos"))
        again = CrawledStore(str(home / "photos"))
        for crawled in (whole, again):
            crawled.assert_sound(POSTS)
        assert again.states() == whole.states(), home
    for home in (tmp_path / "browser").glob("write-*"):
        assert (home / "left running").read_text() == "[]", home


@pytest.mark.usefixtures("shared_browser")
def test_a_full_disk_stops_the_run_and_the_next_run_resumes(
    tmp_path: Path, store: CrawledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = some(3)
    sync, full = os.fsync, [False]

    def no_space(descriptor: int) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    def fill(response: Response) -> Response:
        full[0] = True
        return response

    monkeypatch.setattr(os, "fsync", no_space)
    with InstagramSite(posts) as site:
        site.faults.on(posts[1].path, fill)
        with pytest.raises(OSError, match="No space left"):
            store.crawl(browser_at(site.url, tmp_path))
        with pytest.raises(BlobNotFound):
            store.rows()
        site.faults.off()
        full[0] = False
        assert store.crawl(browser_at(site.url, tmp_path)).resumed == 1
    store.assert_sound(posts)


@pytest.mark.usefixtures("shared_browser")
def test_a_killed_object_store_stops_the_run_and_the_next_run_resumes(
    tmp_path: Path, mortal_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts, store = some(3), CrawledStore(f"{mortal_bucket.url}/oott")
    blobs = GcsBlobs(mortal_bucket.client(), mortal_bucket.name, "oott", retry_seconds=2.0)
    monkeypatch.setattr(photo_store, "opened_blobs", lambda _root: blobs)

    def die(response: Response) -> Response:
        mortal_bucket.store.kill()
        return response

    with InstagramSite(posts) as site:
        site.faults.on(posts[1].path, die, times=1)
        with pytest.raises(StoreUnreachable, match=mortal_bucket.name):
            store.crawl(browser_at(site.url, tmp_path))

        mortal_bucket.store.start()
        assert store.crawl(browser_at(site.url, tmp_path)).resumed == 1
    store.assert_sound(posts)
    kinds = sorted(name.split("/")[1] for name in mortal_bucket.contents())
    assert kinds == ["manifests", *["photos"] * 3]


@pytest.mark.usefixtures("shared_browser")
def test_the_second_crawler_of_a_partition_sends_the_site_no_request(
    tmp_path: Path, store: CrawledStore
) -> None:
    posts, held = some(2), faults.HeldResponses()
    with InstagramSite(posts) as site:
        site.faults.on("photo", held)
        first = threading.Thread(target=store.crawl, args=(browser_at(site.url, tmp_path),))
        first.start()
        assert held.reached.wait(60)
        requests = len(site.requests)
        with pytest.raises(AlreadyLocked, match=str(os.getpid())):
            store.crawl(browser_at(site.url, tmp_path / "second"))
        assert len(site.requests) == requests
        held.release()
        first.join()
    store.assert_sound(posts)


def some(count: int) -> list[Post]:
    return make_posts(count, HASHTAG, SEPTEMBER, plain=True)
