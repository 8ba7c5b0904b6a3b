"""A month is worked on by one process at a time, also if two machines share a bucket.

The process that replaces the manifest first succeeds. The other one stops before it can overwrite
the result, and a retry of it succeeds.
"""

import logging
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from oott_assets.detection_store import DetectionStore
from oott_assets.forgetting import Forgetting
from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.photos.collection import Collected, Collector
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.photo_retention import PhotoRetention
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.stores.blobs import BlobChanged, BlobNotFound
from tests.object_store import Bucket
from tests.oott_assets.trends.posts import FakeSource, Post, jpeg
from tests.oott_assets.trends_pipeline import SEPTEMBER, TrendsPipeline, failures

PARTITION = MonthAndDestination(SEPTEMBER, destinations.destination("hongdae"))


def collect(store: PhotoStore, source: FakeSource) -> Collected:
    collector = Collector(source, store, "Asia/Seoul", 10)
    return collector.collect(PARTITION, logging.getLogger("collection"))


def assert_whole(stored: StoredMonth) -> None:
    """Check that exactly the photos of the manifest are stored, and no journal."""
    assert {sha256 for sha256 in stored.kept() if stored.content(sha256)} == stored._stored()
    assert stored.journal.posts() == []


@pytest.mark.parametrize("uses_network", [True, False])
@pytest.mark.parametrize("when", ["first", "second"])
def test_two_machines_that_collect_one_month_never_mix_their_photos(
    when: str, uses_network: bool, bucket: Bucket
) -> None:
    store = PhotoStore(root=f"{bucket.url}/oott", max_pixels=10_000, hide_faces=False)
    stored = store.month("hongdae", SEPTEMBER)
    collect(store, FakeSource([Post("before", [jpeg(0)])]))
    # The sources differ, so no machine continues the journal of the other one.
    theirs = FakeSource(
        [Post("first", [jpeg(1)]), Post("theirs", [jpeg(2)])], name="b", uses_network=uses_network
    )

    def collect_theirs(shortcode: str) -> None:
        if shortcode == when and not theirs.fetched:
            collect(store, theirs)

    ours = FakeSource(
        [Post("first", [jpeg(1)]), Post("second", [jpeg(3)])],
        before=collect_theirs,
        uses_network=uses_network,
    )
    with pytest.raises(BlobChanged, match=r"gs://.* was changed by another .* run again"):
        collect(store, ours)

    assert [row.shortcode for row in stored.manifest()] == ["first", "theirs"]
    assert {sha256 for sha256 in stored.kept() if stored.content(sha256)}
    collect(store, ours)
    assert [row.shortcode for row in stored.manifest()] == ["first", "second"]
    assert_whole(stored)


def test_a_photo_that_another_machine_deleted_meanwhile_is_fetched_again(bucket: Bucket) -> None:
    store = PhotoStore(root=f"{bucket.url}/oott", max_pixels=10_000, hide_faces=False)
    stored = store.month("hongdae", SEPTEMBER)

    def delete_the_photos(shortcode: str) -> None:
        if shortcode == "second" and len(source.fetched) == 1:
            for photo in bucket.client().list_blobs(bucket.name, prefix="oott/photos"):
                photo.delete()

    posts = [Post("first", [jpeg(1)]), Post("second", [jpeg(2)])]
    source = FakeSource(posts, before=delete_the_photos)
    with pytest.raises(BlobChanged):
        collect(store, source)

    assert collect(store, source).resumed == 1
    assert source.fetched == ["first", "second", "first"]
    assert_whole(stored)


@pytest.fixture
def month(tmp_path: Path) -> StoredMonth:
    """Collect a month with one photo in a folder."""
    store = PhotoStore(root=str(tmp_path / "photos"), max_pixels=10_000, hide_faces=False)
    collect(store, FakeSource([Post("look", [jpeg(1)])]))
    return store.month("hongdae", SEPTEMBER)


@pytest.fixture
def changed_after_it_is_read(month: StoredMonth, monkeypatch: pytest.MonkeyPatch) -> StoredMonth:
    """Give a month whose manifest another machine replaces each time it was read."""
    read = StoredMonth.rows

    def read_and_change(stored: StoredMonth) -> list[ManifestRow]:
        rows = read(stored)
        _change(stored)
        return rows

    monkeypatch.setattr(StoredMonth, "rows", read_and_change)
    return month


def _change(stored: StoredMonth) -> None:
    """Write the manifest again without a lock, as another machine does."""
    stored._blobs.write(stored._manifest, stored._blobs.read(stored._manifest))


def test_a_month_that_changed_meanwhile_is_not_swept(changed_after_it_is_read: StoredMonth) -> None:
    before = changed_after_it_is_read.manifest()
    records = dg.DagsterInstance.ephemeral()
    sweep = PhotoRetention(days=1).sweep(datetime(2100, 1, 1, tzinfo=UTC), records)

    with pytest.raises(BlobChanged):
        sweep.month(changed_after_it_is_read, "hongdae", SEPTEMBER)

    assert changed_after_it_is_read.manifest() == before
    assert_whole(changed_after_it_is_read)


def test_a_removal_leaves_a_month_that_changed_meanwhile(
    changed_after_it_is_read: StoredMonth, tmp_path: Path
) -> None:
    before = changed_after_it_is_read.manifest()
    root = str(tmp_path / "photos")
    photos = PhotoStore(root=root, max_pixels=10_000, hide_faces=False)
    batches = LabelBatches(root=str(tmp_path / "label-tasks"))
    detections = DetectionStore(root=root)
    forgetting = Forgetting(photos, batches, detections, TrendDatabase(), records=None)

    with pytest.raises(BlobChanged):
        list(forgetting.forget("look"))

    assert changed_after_it_is_read.manifest() == before
    assert_whole(changed_after_it_is_read)


def test_a_detection_leaves_the_detections_of_a_month_that_changed(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends_pipeline.run(only="instagram_images")
    read = StoredMonth.manifest

    def read_and_change(stored: StoredMonth) -> list[ManifestRow]:
        rows = read(stored)
        _change(stored)
        return rows[:1]

    monkeypatch.setattr(StoredMonth, "manifest", read_and_change)

    [failure] = failures(trends_pipeline.run(only="garment_detections"))

    assert "was changed by another process" in failure
    with pytest.raises(BlobNotFound):
        trends_pipeline.detections()
