import io
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from oott_assets.resources.photo_store import ManifestRow, PhotoStore
from oott_fashion.stores.blobs import NoBlob
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto

SEPTEMBER = date(2026, 9, 1)
NOON = datetime(2026, 9, 3, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(root=str(tmp_path), most_pixels=1200)


def png(width: int = 30, height: int = 40, grey: int = 128) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height), grey).save(file, "PNG")
    return file.getvalue()


def files(store: PhotoStore) -> list[str]:
    return sorted(path.name for path in Path(store.root).rglob("*") if path.is_file())


def test_a_photo_is_kept_with_its_size_and_read_back(store: PhotoStore) -> None:
    stored = store.keep(png())

    assert (stored.width, stored.height) == (30, 40)
    assert store.content(stored.sha256) == png()
    np.testing.assert_array_equal(store.pixels(stored.sha256), np.full((40, 30, 3), 128))


def test_the_same_photo_is_kept_once(store: PhotoStore) -> None:
    assert store.keep(png()) == store.keep(png())
    assert len(files(store)) == 1


def test_what_is_no_photo_is_not_kept(store: PhotoStore) -> None:
    with pytest.raises(UnreadablePhoto):
        store.keep(b"a text")
    with pytest.raises(PhotoTooLarge):
        store.keep(png(width=31))

    assert files(store) == []


def test_a_photo_that_was_changed_or_taken_away_is_unreadable(store: PhotoStore) -> None:
    stored = store.keep(png())
    [file] = [path for path in Path(store.root).rglob("*") if path.is_file()]

    file.write_bytes(png(grey=99))
    with pytest.raises(UnreadablePhoto, match="is damaged"):
        store.pixels(stored.sha256)
    file.unlink()
    with pytest.raises(UnreadablePhoto, match="is gone"):
        store.pixels(stored.sha256)


def test_a_manifest_comes_back_as_it_was_written(store: PhotoStore) -> None:
    rows = [
        ManifestRow("a.jpg", "0" * 64, 30, 40, NOON, "folder", NOON, None),
        ManifestRow("b.jpg", None, None, None, None, "folder", NOON, "damaged"),
    ]

    store.write_manifest("hongdae", SEPTEMBER, rows)

    assert store.manifest("hongdae", SEPTEMBER) == rows


def test_an_empty_month_is_known_and_one_never_collected_is_not(store: PhotoStore) -> None:
    store.write_manifest("hongdae", SEPTEMBER, [])

    assert store.manifest("hongdae", SEPTEMBER) == []
    with pytest.raises(NoBlob):
        store.manifest("hongdae", date(2026, 10, 1))


def test_other_tools_read_a_manifest(store: PhotoStore) -> None:
    row = ManifestRow("a.jpg", "0" * 64, 30, 40, NOON, "folder", NOON, None)
    store.write_manifest("hongdae", SEPTEMBER, [row])

    table = pd.read_parquet(Path(store.root) / "manifests/hongdae/2026-09.parquet")

    assert list(table.columns) == list(ManifestRow._fields)
    assert table.taken_at[0] == pd.Timestamp(NOON)
