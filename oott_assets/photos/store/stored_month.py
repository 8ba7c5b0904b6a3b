"""The stored photos of one destination in one month, and the manifest that lists them.

A photo is stored under the hash of its content and never changes. A run replaces the manifest
last, in one step, so a reader never sees a mixture of the old and the new month. Then the run
deletes the photos that are not in the manifest. In a bucket, two machines may work on one month at
the same time: only the one that replaces the manifest first succeeds.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple

from oott_assets.parquet import damage_reported
from oott_assets.photos.privacy.faces import FaceHider
from oott_assets.photos.privacy.stored_form import stored_form
from oott_assets.photos.store.crawl_journal import CrawlJournal, JournalledPost
from oott_assets.photos.store.manifest import ManifestRow, kept_in, manifest_file, rows_in
from oott_fashion.stores.blobs import BlobChanged, BlobNotFound, Blobs
from oott_fashion.vision.near_duplicates import PerceptualHash, perceptual_hash_of
from oott_fashion.vision.photos import Photo, UnreadablePhoto, read_photo


class StoredPhoto(NamedTuple):
    """A photo in the store: its size in pixels when upright, and its perceptual hash."""

    sha256: str
    width: int
    height: int
    faces_hidden: int
    perceptual_hash: PerceptualHash

    def fill(self, row: ManifestRow) -> ManifestRow:
        """Fill in the hash, size and number of hidden faces of a manifest row."""
        return row._replace(
            sha256=self.sha256,
            width=self.width,
            height=self.height,
            faces_hidden=self.faces_hidden,
        )


class MonthLock:
    """A locked month; nobody else has replaced its manifest, or the next call raises an error."""

    def __init__(self, blobs: Blobs, manifest: str) -> None:
        self._blobs = blobs
        self._manifest = manifest
        self._version = blobs.version(manifest)

    def check(self) -> None:
        """Check that the month is still as it was; call this before each important write.

        Raises:
            BlobChanged: a process on another machine has replaced the manifest.
        """
        if self._blobs.version(self._manifest) != self._version:
            raise BlobChanged(self._blobs.where(self._manifest))

    def write_manifest(self, rows: Sequence[ManifestRow]) -> None:
        """Replace the manifest with ``rows``.

        Raises:
            BlobChanged: a process on another machine has replaced the manifest.
        """
        content = manifest_file(rows)
        self._version = self._blobs.replace(self._manifest, content, self._version)


class StoredMonth:
    """The photos of ``destination``, a slug, in the month that starts on ``month``."""

    def __init__(self, blobs: Blobs, destination: str, month: date, max_pixels: int) -> None:
        self._blobs = blobs
        self.max_pixels = max_pixels
        self._photos = f"photos/{destination}/{month:%Y-%m}"
        self._manifest = f"manifests/{destination}/{month:%Y-%m}.parquet"
        self._remedy = f"materialise instagram_images of {destination}|{month:%Y-%m} again"
        self.journal = CrawlJournal(blobs, f"journals/{destination}/{month:%Y-%m}")

    @contextmanager
    def locked(self) -> Iterator[MonthLock]:
        """Lock this month for writing.

        Raises:
            AlreadyLocked: another run on this machine has locked this month.
        """
        with self._blobs.locked(self._photos):
            yield MonthLock(self._blobs, self._manifest)

    def keep(self, content: bytes, faces: FaceHider | None) -> StoredPhoto:
        """Store a photo without its metadata, unless it is stored already.

        Faces are hidden by ``faces`` if given. A damaged stored copy is replaced.

        Raises:
            UnreadablePhoto: the content is not a photo, or is damaged; nothing was stored.
            PhotoTooLarge: the photo has too many pixels; nothing was stored.
        """
        form = stored_form(content, self.max_pixels, faces)
        sha256 = hashlib.sha256(form.content).hexdigest()
        try:
            self.content(sha256)
        except UnreadablePhoto:
            self._blobs.write(f"{self._photos}/{sha256}", form.content)
        height, width = form.pixels.shape[:2]
        return StoredPhoto(sha256, width, height, form.faces, perceptual_hash_of(form.pixels))

    def content(self, sha256: str) -> bytes:
        """Read the file of a stored photo.

        Raises:
            UnreadablePhoto: the file is missing, or its content has changed.
        """
        try:
            content = self._blobs.read(f"{self._photos}/{sha256}")
        except BlobNotFound as error:
            raise UnreadablePhoto(f"the stored photo {sha256[:12]}… is missing") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise UnreadablePhoto(f"the stored photo {sha256[:12]}… is damaged")
        return content

    def pixels(self, sha256: str) -> Photo:
        """Read a stored photo as RGB pixels, shape (height, width, 3), 0..255.

        Raises:
            UnreadablePhoto: the file is missing, or its content has changed.
            PhotoTooLarge: the pixel limit was lowered after the photo was stored.
        """
        return read_photo(self.content(sha256), self.max_pixels)

    def manifest(self) -> list[ManifestRow]:
        """Read the manifest.

        Raises:
            BlobNotFound: the month was never collected, so its photos are unknown.
            DamagedBlob: the manifest is damaged, or another program or release wrote it.
        """
        content = self._blobs.read(self._manifest)
        with damage_reported(self._blobs.where(self._manifest), self._remedy):
            return rows_in(content)

    def kept(self) -> list[str]:
        """List the hashes of the photos in state "kept".

        Raises:
            BlobNotFound: the month was never collected, so its photos are unknown.
        """
        return kept_in(self.manifest())

    def rows(self) -> list[ManifestRow]:
        """Read the manifest; no rows if the month was never collected.

        Raises:
            DamagedBlob: the manifest is damaged, or another program or release wrote it.
        """
        try:
            return self.manifest()
        except BlobNotFound:
            return []

    def journalled(self) -> list[JournalledPost]:
        """Read the posts in the journal of which all photos are still stored."""
        stored = self._stored()
        return [post for post in self.journal.posts() if post.hashes <= stored]

    def reject_missing(self, rows: Sequence[ManifestRow]) -> None:
        """Check that the photos of ``rows`` are stored.

        Raises:
            BlobChanged: a process on another machine has deleted photos of this month.
        """
        if not set(kept_in(rows)) <= self._stored():
            raise BlobChanged(self._blobs.where(self._photos))

    def delete_unlisted(self) -> int:
        """Delete the photos that are not in the manifest or the journal; return their number."""
        listed = {sha256 for post in self.journal.posts() for sha256 in post.hashes}
        unlisted = self._stored() - listed - set(kept_in(self.rows()))
        self.delete(unlisted)
        return len(unlisted)

    def delete(self, hashes: Iterable[str]) -> None:
        """Delete photos, whether they are listed or not."""
        for sha256 in hashes:
            self._blobs.delete(f"{self._photos}/{sha256}")

    def _stored(self) -> set[str]:
        return {name.rpartition("/")[2] for name in self._blobs.names(self._photos)}
