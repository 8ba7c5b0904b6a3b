"""The stored photos of one destination in one month, and the manifest that lists them.

A photo is kept under the hash of its content and never changed. The manifest is flipped into place
last, so that a partition is as the old run or the new one left it; then what it does not list is
deleted.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple

from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.privacy.stored_form import stored_form
from oott_assets.photos.store.crawl_journal import CrawlJournal
from oott_assets.photos.store.manifest import ManifestRow, kept_in, manifest_file, rows_in
from oott_fashion.stores.blobs import BlobNotFound, Blobs, Lock
from oott_fashion.vision.near_duplicates import PerceptualHash, perceptual_hash_of
from oott_fashion.vision.photos import Photo, UnreadablePhoto, read_photo


class StoredPhoto(NamedTuple):
    """A photo in the store: its size in pixels, upright, and what recognises it."""

    sha256: str
    width: int
    height: int
    faces_hidden: int
    perceptual_hash: PerceptualHash

    def on(self, row: ManifestRow) -> ManifestRow:
        """Write on the manifest's ``row`` what is stored."""
        return row._replace(
            sha256=self.sha256,
            width=self.width,
            height=self.height,
            faces_hidden=self.faces_hidden,
        )


class StoredMonth:
    """The photos of ``destination``, a slug, in the month that starts on ``month``."""

    def __init__(self, blobs: Blobs, destination: str, month: date, max_pixels: int) -> None:
        self._blobs = blobs
        self._max_pixels = max_pixels
        self._photos = f"photos/{destination}/{month:%Y-%m}"
        self._manifest = f"manifests/{destination}/{month:%Y-%m}.parquet"
        self.journal = CrawlJournal(blobs, f"journals/{destination}/{month:%Y-%m}")

    @contextmanager
    def locked(self) -> Iterator[Lock]:
        """Be the only one who writes this month.

        Raises:
            AlreadyLocked: another run writes it.
        """
        with self._blobs.locked(self._photos) as lock:
            yield lock

    def keep(self, content: bytes, faces: FaceHider | None) -> StoredPhoto:
        """Store what may be kept of a photo, unless it is stored already.

        Faces are hidden by ``faces``, if there is one; a damaged copy is stored anew.

        Raises:
            UnreadablePhoto: it is none, or damaged; nothing was stored.
            PhotoTooLarge: it has too many pixels; nothing was stored.
        """
        form = stored_form(content, self._max_pixels, faces)
        sha256 = hashlib.sha256(form.content).hexdigest()
        if not self._is_whole(sha256):
            self._blobs.write(f"{self._photos}/{sha256}", form.content)
        perceptual_hash = perceptual_hash_of(read_photo(form.content, self._max_pixels))
        return StoredPhoto(sha256, form.width, form.height, form.faces, perceptual_hash)

    def content(self, sha256: str) -> bytes:
        """Read the file of a stored photo.

        Raises:
            UnreadablePhoto: it is gone, or its content has changed.
        """
        try:
            content = self._blobs.read(f"{self._photos}/{sha256}")
        except BlobNotFound as error:
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
        return read_photo(self.content(sha256), self._max_pixels)

    def manifest(self) -> list[ManifestRow]:
        """Read the manifest.

        Raises:
            BlobNotFound: the month was never collected, so its photos are unknown.
            ValueError: the manifest is of an earlier release.
        """
        return rows_in(self._blobs.read(self._manifest))

    def kept(self) -> list[str]:
        """List the hashes of the photos that the manifest keeps.

        Raises:
            BlobNotFound: the month was never collected, so its photos are unknown.
        """
        return kept_in(self.manifest())

    def rows(self) -> list[ManifestRow]:
        """Read the manifest; no rows where the month was never collected.

        Raises:
            ValueError: the manifest is of an earlier release.
        """
        try:
            return self.manifest()
        except BlobNotFound:
            return []

    def write_manifest(self, rows: Sequence[ManifestRow]) -> None:
        """Put ``rows`` in the place of the manifest."""
        self._blobs.write(self._manifest, manifest_file(rows))

    def delete_unlisted(self) -> int:
        """Delete every photo that neither the manifest nor the journal lists; count them."""
        listed = {row.sha256 for post in self.journal.posts() for row in post.rows}
        listed |= set(kept_in(self.rows()))
        stored = {name.rpartition("/")[2] for name in self._blobs.names(self._photos)}
        for sha256 in stored - listed:
            self._blobs.delete(f"{self._photos}/{sha256}")
        return len(stored - listed)

    def _is_whole(self, sha256: str) -> bool:
        try:
            self.content(sha256)
        except UnreadablePhoto:
            return False
        return True
