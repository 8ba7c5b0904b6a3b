import io
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import StoredMonth
from oott_fashion.stores.blobs import AlreadyLocked, BlobNotFound, DamagedBlob
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto
from tests.stored_months import write_manifest

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
NOON = datetime(2026, 9, 3, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(root=str(tmp_path), max_pixels=1200)


@pytest.fixture
def stored(store: PhotoStore) -> StoredMonth:
    return store.month("hongdae", SEPTEMBER)


def png(width: int = 30, height: int = 40, grey: int = 128) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height), grey).save(file, "PNG")
    return file.getvalue()


def row(name: str = "a.jpg", sha256: str | None = "0" * 64) -> ManifestRow:
    return ManifestRow(
        shortcode=name,
        name=name,
        state="kept" if sha256 else "unreadable",
        reason=None if sha256 else "damaged",
        sha256=sha256,
        width=30,
        height=40,
        faces_hidden=1,
        taken_at=NOON,
        permalink="https://www.instagram.com/p/a/",
        hashtag="홍대",
        source="browser",
        fetched_at=NOON,
    )


def files(store: PhotoStore) -> list[Path]:
    return sorted(path for path in Path(store.root).rglob("*") if path.is_file())


def test_a_stored_photo_has_its_size_and_can_be_read(stored: StoredMonth) -> None:
    photo = stored.keep(png(), None)

    assert (photo.width, photo.height) == (30, 40)
    np.testing.assert_array_equal(stored.pixels(photo.sha256), np.full((40, 30, 3), 128))


def test_the_same_photo_is_stored_once(store: PhotoStore, stored: StoredMonth) -> None:
    assert stored.keep(png(), None).sha256 == stored.keep(png(), None).sha256
    assert len(files(store)) == 1


def test_a_text_or_a_large_photo_is_not_stored(store: PhotoStore, stored: StoredMonth) -> None:
    with pytest.raises(UnreadablePhoto):
        stored.keep(b"a text", None)
    with pytest.raises(PhotoTooLarge):
        stored.keep(png(width=31), None)

    assert files(store) == []


def test_a_changed_or_missing_photo_is_unreadable(store: PhotoStore, stored: StoredMonth) -> None:
    photo = stored.keep(png(), None)
    [file] = files(store)

    file.write_bytes(png(grey=99))
    with pytest.raises(UnreadablePhoto, match="is damaged"):
        stored.pixels(photo.sha256)
    file.unlink()
    with pytest.raises(UnreadablePhoto, match="is missing"):
        stored.pixels(photo.sha256)


def test_a_written_manifest_can_be_read(stored: StoredMonth) -> None:
    rows = [row(), row("b.jpg", None)._replace(taken_at=None, permalink=None, hashtag=None)]

    write_manifest(stored, rows)

    assert stored.manifest() == rows
    assert stored.kept() == ["0" * 64]


def test_an_empty_month_differs_from_one_never_collected(
    store: PhotoStore, stored: StoredMonth
) -> None:
    write_manifest(stored, [])

    assert stored.manifest() == []
    with pytest.raises(BlobNotFound):
        store.month("hongdae", OCTOBER).manifest()


def test_a_manifest_without_a_column_is_rejected(store: PhotoStore, stored: StoredMonth) -> None:
    write_manifest(stored, [row()])
    [file] = files(store)
    pd.read_parquet(file).drop(columns=["state"]).to_parquet(file)

    with pytest.raises(DamagedBlob, match=rf"{file} is damaged, or another program or release"):
        stored.manifest()


def test_other_tools_read_a_manifest(store: PhotoStore, stored: StoredMonth) -> None:
    write_manifest(stored, [row()])

    table = pd.read_parquet(Path(store.root) / "manifests/hongdae/2026-09.parquet")

    assert list(table.columns) == list(ManifestRow._fields)
    assert table.taken_at[0] == pd.Timestamp(NOON)


def test_photos_not_in_the_manifest_are_deleted(stored: StoredMonth) -> None:
    listed, stray = stored.keep(png(), None).sha256, stored.keep(png(grey=5), None).sha256
    write_manifest(stored, [row(sha256=listed)])

    assert stored.delete_unlisted() == 1
    assert stored.content(listed)
    with pytest.raises(UnreadablePhoto, match="is missing"):
        stored.content(stray)


def test_one_month_can_be_locked_only_once(store: PhotoStore, stored: StoredMonth) -> None:
    with (
        stored.locked(),
        store.month("hongdae", OCTOBER).locked(),
        pytest.raises(AlreadyLocked),
        store.month("hongdae", SEPTEMBER).locked(),
    ):
        pass


def test_months_with_photos_or_a_manifest_are_listed(
    store: PhotoStore, stored: StoredMonth
) -> None:
    stored.keep(png(), None)
    write_manifest(store.month("jeju", OCTOBER), [])

    assert store.months() == [("hongdae", SEPTEMBER), ("jeju", OCTOBER)]


def test_a_forgotten_post_is_stored_only_as_a_hash(store: PhotoStore) -> None:
    store.forget("ABC123")

    assert "ABC123" in store.forgotten()
    assert "ABC124" not in store.forgotten()
    assert all(b"ABC123" not in file.read_bytes() for file in files(store))
    assert all("ABC123" not in str(file) for file in files(store))
