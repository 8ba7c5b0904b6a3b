"""A writer that lost its lock stops before it can overwrite another writer's files."""

import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg
import pytest

from oott_assets.detection_store import DetectionStore
from oott_assets.forget import Forgetting
from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.photos.collection import Collector
from oott_assets.photos.photo_retention import PhotoRetention
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.settings import read_settings
from oott_fashion.stores.blobs import LockLost
from oott_fashion.vision.photos import Photo
from tests.oott_assets.trends.posts import FakeSource, Post, jpeg
from tests.oott_assets.trends_pipeline import SEPTEMBER, TrendsPipeline, failures

LOOK = "look-0000.jpg"
PARTITION = MonthAndDestination(SEPTEMBER, destinations.destination("hongdae"))


def lose_the_lock(trends_pipeline: TrendsPipeline) -> None:
    """Remove the locked folder, as a person may who deletes photos by hand."""
    folder = f"{trends_pipeline.photo_store.root}/photos/hongdae/2026-09"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lost_after_the_manifest_is_read(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Give a function that makes the next reader of a manifest lose its lock."""
    read = StoredMonth.rows

    def read_and_lose(stored: StoredMonth) -> list[ManifestRow]:
        rows = read(stored)
        lose_the_lock(trends_pipeline)
        return rows

    return lambda: monkeypatch.setattr(StoredMonth, "rows", read_and_lose)


def test_a_collection_that_lost_its_lock_leaves_the_manifest(
    trends_pipeline: TrendsPipeline,
) -> None:
    def collect(source: FakeSource) -> None:
        Collector(source, trends_pipeline.photo_store, "Asia/Seoul", 10).collect(
            PARTITION, logging.getLogger("collection")
        )

    collect(FakeSource([Post("a", [jpeg(1)])], uses_network=False))
    before = trends_pipeline.manifest()

    with pytest.raises(LockLost):
        collect(
            FakeSource(
                [Post("b", [jpeg(2)])],
                before=lambda _shortcode: lose_the_lock(trends_pipeline),
                uses_network=False,
            )
        )

    assert trends_pipeline.manifest() == before


def test_a_sweep_that_lost_its_lock_leaves_the_manifest(
    trends_pipeline: TrendsPipeline, lost_after_the_manifest_is_read: Callable[[], None]
) -> None:
    trends_pipeline.run(only="instagram_images")
    before = trends_pipeline.manifest()
    records = dg.DagsterInstance.ephemeral()
    sweep = PhotoRetention(days=1).sweep(datetime(2100, 1, 1, tzinfo=UTC), records)
    lost_after_the_manifest_is_read()

    with pytest.raises(LockLost):
        sweep.month(trends_pipeline.stored(), "hongdae", SEPTEMBER)

    assert trends_pipeline.manifest() == before


def test_a_removal_that_lost_its_lock_leaves_the_manifest(
    trends_pipeline: TrendsPipeline, lost_after_the_manifest_is_read: Callable[[], None]
) -> None:
    trends_pipeline.run(only="instagram_images")
    before = trends_pipeline.manifest()
    store = DetectionStore(root=read_settings(PhotoSettings).photo_store_root)
    forgetting = Forgetting(trends_pipeline.photo_store, store, TrendDatabase(), records=None)
    removal = forgetting.forget(LOOK)
    lost_after_the_manifest_is_read()

    with pytest.raises(LockLost):
        list(removal)

    assert trends_pipeline.manifest() == before


def test_a_detection_that_lost_its_lock_leaves_the_detections(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends_pipeline.run()
    before = trends_pipeline.detections()
    read = StoredMonth.pixels

    def read_and_lose(stored: StoredMonth, sha256: str) -> Photo:
        lose_the_lock(trends_pipeline)
        return read(stored, sha256)

    monkeypatch.setattr(StoredMonth, "pixels", read_and_lose)

    [failure] = failures(trends_pipeline.run(only="garment_detections"))

    assert "was removed" in failure
    assert trends_pipeline.detections() == before
