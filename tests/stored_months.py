"""Changes of stored months that tests make by hand."""

from collections.abc import Sequence

from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.stored_month import StoredMonth


def write_manifest(stored: StoredMonth, rows: Sequence[ManifestRow]) -> None:
    """Replace the manifest of a month."""
    with stored.locked() as lock:
        lock.write_manifest(rows)
