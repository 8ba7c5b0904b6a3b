"""A writer that lost its lock stops before it writes what another writer may have replaced."""

import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg
import pytest

from oott_assets.forget import Forgetting
from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.photos.collection import Collector
from oott_assets.photos.photo_retention import PhotoRetention
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.trends.detection_store import DetectionStore
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.settings import read_settings
from oott_fashion.stores.blobs import LockLost
from tests.oott_assets.street import SEPTEMBER, Street
from tests.oott_assets.trends.posts import Post, ToldSource, jpeg

LOOK = "look-0000.jpg"
PARTITION = MonthAndDestination(SEPTEMBER, destinations.destination("hongdae"))


def lose_the_lock(street: Street) -> None:
    """Take the locked folder away, as a person does who deletes photos by hand."""
    shutil.rmtree(f"{street.photo_store.root}/photos/hongdae/2026-09")


@pytest.fixture
def lost_after_the_manifest_is_read(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Give a function; once called, whoever reads the manifest in a lock loses that lock."""
    read = StoredMonth.rows

    def read_and_lose(stored: StoredMonth) -> list[ManifestRow]:
        rows = read(stored)
        lose_the_lock(street)
        return rows

    return lambda: monkeypatch.setattr(StoredMonth, "rows", read_and_lose)


def test_a_collection_that_lost_its_lock_leaves_the_manifest(street: Street) -> None:
    def collect(source: ToldSource) -> None:
        Collector(source, street.photo_store, "Asia/Seoul", 10).collect(
            PARTITION, logging.getLogger("collection")
        )

    collect(ToldSource([Post("a", [jpeg(1)])], uses_network=False))
    before = street.manifest()

    with pytest.raises(LockLost):
        collect(
            ToldSource(
                [Post("b", [jpeg(2)])],
                before=lambda _shortcode: lose_the_lock(street),
                uses_network=False,
            )
        )

    assert street.manifest() == before


def test_a_sweep_that_lost_its_lock_leaves_the_manifest(
    street: Street, lost_after_the_manifest_is_read: Callable[[], None]
) -> None:
    street.run(only="instagram_images")
    before = street.manifest()
    records = dg.DagsterInstance.ephemeral()
    sweep = PhotoRetention(days=1).sweep(datetime(2100, 1, 1, tzinfo=UTC), records)
    lost_after_the_manifest_is_read()

    with pytest.raises(LockLost):
        sweep.month(street.stored(), "hongdae", SEPTEMBER)

    assert street.manifest() == before


def test_a_removal_that_lost_its_lock_leaves_the_manifest(
    street: Street, lost_after_the_manifest_is_read: Callable[[], None]
) -> None:
    street.run(only="instagram_images")
    before = street.manifest()
    store = DetectionStore(root=read_settings(PhotoSettings).photo_store_root)
    forgetting = Forgetting(street.photo_store, store, TrendDatabase(), records=None)
    removal = forgetting.forget(LOOK)
    lost_after_the_manifest_is_read()

    with pytest.raises(LockLost):
        list(removal)

    assert street.manifest() == before
