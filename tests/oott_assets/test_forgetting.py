"""A removed post takes its pictures with it, also where they were kept for other posts."""

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from oott_assets.detection_store import DetectionStore
from oott_assets.forgetting import Forgetting
from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.photos.collection import Collector
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.stores.blobs import LocalBlobs
from tests.oott_assets.trends.posts import FakeSource, Post, jpeg

SEPTEMBER = date(2026, 9, 1)

POSTS = [
    Post("first", [jpeg(1), jpeg(3)]),
    # Its first photo is the first one in another size.
    Post("mine", [jpeg(1, side=128), jpeg(2)]),
    Post("copy", [jpeg(2)]),
    Post("other", [jpeg(4)]),
]


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(root=str(tmp_path / "photos"), max_pixels=100_000, hide_faces=False)


def collect(store: PhotoStore, posts: list[Post], destination: str = "hongdae") -> None:
    partition = MonthAndDestination(SEPTEMBER, destinations.destination(destination))
    source = FakeSource(posts)
    Collector(source, store, "Asia/Seoul", 100).collect(partition, logging.getLogger("forget"))


def forget(store: PhotoStore, post: str, tmp_path: Path) -> list[str]:
    batches = LabelBatches(root=str(tmp_path / "label-tasks"))
    detections = DetectionStore(root=store.root)
    return list(Forgetting(store, batches, detections, TrendDatabase(), None).forget(post))


def states(store: PhotoStore, destination: str = "hongdae") -> dict[str, str]:
    return {row.name: row.state for row in store.month(destination, SEPTEMBER).rows()}


def photos(store: PhotoStore, destination: str = "hongdae") -> int:
    return len(list(Path(store.root, "photos", destination, "2026-09").glob("[!.]*")))


WITHOUT_MINE = {
    "first-1.jpg": "forgotten",
    "first-2.jpg": "kept",
    "copy-1.jpg": "forgotten",
    "other-1.jpg": "kept",
}


def test_pictures_of_a_removed_post_are_removed_from_other_posts_too(
    store: PhotoStore, tmp_path: Path
) -> None:
    collect(store, POSTS)
    collect(store, [Post("jeju", [jpeg(1), jpeg(9)])], "jeju")
    assert (photos(store), photos(store, "jeju")) == (4, 2)

    removed = forget(store, "mine", tmp_path)

    one_more = "1 photo of others with the same picture"
    assert removed[:2] == [
        f"removed from hongdae 2026-09: 1 photo of the post, {one_more}",
        f"removed from jeju 2026-09: 0 photos of the post, {one_more}",
    ]
    assert removed[2].startswith("kept: copies of its photos in another size")
    assert states(store) == WITHOUT_MINE
    assert states(store, "jeju") == {"jeju-1.jpg": "forgotten", "jeju-2.jpg": "kept"}
    assert (photos(store), photos(store, "jeju")) == (2, 1)
    assert forget(store, "mine", tmp_path)[0].startswith("no stored photo belongs to mine")


def test_pictures_of_a_removed_post_are_not_collected_again(
    store: PhotoStore, tmp_path: Path
) -> None:
    collect(store, POSTS)
    forget(store, "mine", tmp_path)

    collect(store, POSTS)

    assert states(store) == WITHOUT_MINE
    assert photos(store) == 2


def test_pictures_of_an_unfinished_crawl_are_removed(store: PhotoStore, tmp_path: Path) -> None:
    with pytest.raises(PhotosUnknown):
        collect(store, [*POSTS[:3], Post("blocked", error=PhotosUnknown("log in"))])
    assert photos(store) == 4

    forget(store, "mine", tmp_path)

    assert photos(store) == 1
    collect(store, POSTS)
    assert states(store) == WITHOUT_MINE


def test_a_removal_that_is_killed_at_any_step_is_completed_by_the_next_one(
    store: PhotoStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(store, POSTS)
    collect(store, [Post("jeju", [jpeg(1), jpeg(9)])], "jeju")
    steps = 0

    def killed_after(limit: int, method: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            nonlocal steps
            if steps == limit:
                raise KeyboardInterrupt
            steps += 1
            return method(*arguments)

        return call

    kills = 0
    while True:
        steps = 0
        with monkeypatch.context() as killing:
            for name in ("write", "delete", "replace"):
                method = getattr(LocalBlobs, name)
                killing.setattr(LocalBlobs, name, killed_after(kills, method))
            try:
                forget(store, "mine", tmp_path)
                break
            except KeyboardInterrupt:
                kills += 1

    assert kills > 5
    assert states(store) == WITHOUT_MINE
    assert states(store, "jeju") == {"jeju-1.jpg": "forgotten", "jeju-2.jpg": "kept"}
    assert (photos(store), photos(store, "jeju")) == (2, 1)
