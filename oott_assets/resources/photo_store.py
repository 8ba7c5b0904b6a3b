"""The stored photos, and a manifest of which photos each destination has in each month.

A photo is kept under the hash of its content and never changed; a manifest is flipped into place
last, so that a partition is as the old run or the new one left it.
"""

import hashlib
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from oott_assets.parquet import parquet_of
from oott_fashion.stores.blobs import LocalBlobs, NoBlob
from oott_fashion.vision.photos import Photo, UnreadablePhoto, read_photo


class ManifestRow(NamedTuple):
    """A photo of a partition: stored under ``sha256``, or unreadable for the reason given."""

    name: str
    sha256: str | None
    width: int | None
    height: int | None
    taken_at: datetime | None
    source: str
    fetched_at: datetime
    unreadable: str | None


_MOMENT = pa.timestamp("us", tz="UTC")
_MANIFEST = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("sha256", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("taken_at", _MOMENT),
        pa.field("source", pa.string(), nullable=False),
        pa.field("fetched_at", _MOMENT, nullable=False),
        pa.field("unreadable", pa.string()),
    ]
)


class StoredPhoto(NamedTuple):
    """A photo in the store, and its size in pixels, upright."""

    sha256: str
    width: int
    height: int


class PhotoStore(dg.ConfigurableResource[None]):
    """Photos and manifests under one folder."""

    root: str
    most_pixels: int

    def keep(self, content: bytes) -> StoredPhoto:
        """Store a photo, unless it is stored already; a damaged one is stored anew.

        Raises:
            UnreadablePhoto: it is none, or damaged; nothing was stored.
            PhotoTooLarge: it has too many pixels; nothing was stored.
        """
        height, width = read_photo(content, self.most_pixels).shape[:2]
        sha256 = hashlib.sha256(content).hexdigest()
        if not self._is_whole(sha256):
            self._blobs.write(_photo_named(sha256), content)
        return StoredPhoto(sha256, width, height)

    def content(self, sha256: str) -> bytes:
        """Read the file of a stored photo.

        Raises:
            UnreadablePhoto: it is gone, or its content has changed.
        """
        try:
            content = self._blobs.read(_photo_named(sha256))
        except NoBlob as error:
            raise UnreadablePhoto(f"the stored photo {sha256[:12]}… is gone") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise UnreadablePhoto(f"the stored photo {sha256[:12]}… is damaged")
        return content

    def pixels(self, sha256: str) -> Photo:
        """Read a stored photo as RGB pixels, shape (height, width, 3), 0..255.

        Raises:
            UnreadablePhoto: it is gone, or its content has changed.
            PhotoTooLarge: fewer pixels are allowed now than when it was stored.
        """
        return read_photo(self.content(sha256), self.most_pixels)

    def _is_whole(self, sha256: str) -> bool:
        try:
            self.content(sha256)
        except UnreadablePhoto:
            return False
        return True

    def write_manifest(self, destination: str, month: date, rows: Sequence[ManifestRow]) -> None:
        """Put ``rows`` in the place of the partition's manifest."""
        table = pa.Table.from_pylist([row._asdict() for row in rows], schema=_MANIFEST)
        self._blobs.write(_manifest_named(destination, month), parquet_of(table))

    def manifest(self, destination: str, month: date) -> list[ManifestRow]:
        """Read the partition's manifest.

        Raises:
            NoBlob: the partition was never collected, so its photos are unknown.
        """
        content = self._blobs.read(_manifest_named(destination, month))
        return [ManifestRow(**row) for row in pq.read_table(io.BytesIO(content)).to_pylist()]

    @property
    def _blobs(self) -> LocalBlobs:
        return LocalBlobs(self.root)


def _photo_named(sha256: str) -> str:
    return f"photos/{sha256[:2]}/{sha256}"


def _manifest_named(destination: str, month: date) -> str:
    return f"manifests/{destination}/{month:%Y-%m}.parquet"
