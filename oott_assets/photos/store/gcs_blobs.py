"""Blobs in a bucket of Google Cloud Storage, or of a server that speaks as it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import storage

from oott_assets.photos.store.gcs_leases import Lease, renewed_lease
from oott_assets.photos.store.gcs_requests import Timeouts, storage_errors
from oott_fashion.stores.blobs import BlobNotFound, Lock, checked_name

# As many as the store gives at once.
_PAGE_BLOBS = 1000

_LEASES = ".holds"


class GcsBlobs:
    """Blobs under ``prefix`` in ``bucket``; every name must pass ``checked_name``.

    A fault is waited out for ``patience_seconds``; with the defaults, a dead server is told of
    after some 40 s at most. A hold whose holder is dead ends after ``lease_seconds``.
    """

    def __init__(
        self,
        client: storage.Client,
        bucket: str,
        prefix: str = "",
        patience_seconds: float = 20.0,
        lease_seconds: float = 120.0,
    ) -> None:
        self._client = client
        self._bucket = client.bucket(bucket)
        self._prefix = f"{checked_name(prefix)}/" if prefix else ""
        self._root = f"gs://{bucket}/{self._prefix}"
        self._patience = Timeouts(patience_seconds)
        self._lease_seconds = lease_seconds
        self._bucket_was_seen = False

    def read(self, name: str) -> bytes:
        blob = self._blob(name)
        # The library would go on after a cut without checking the whole; we begin anew.
        whole = self._patience.retry()(blob.download_as_bytes)
        with storage_errors(self.where(name)):
            try:
                content: bytes = whole(retry=None, timeout=self._patience.timeout())
            except NotFound:
                self._look_for_bucket()
                raise BlobNotFound(f"{self.where(name)} does not exist") from None
        return content

    def write(self, name: str, content: bytes) -> None:
        blob = self._blob(name)
        with storage_errors(self.where(name)):
            blob.upload_from_string(
                content,
                content_type="application/octet-stream",
                retry=self._patience.retry(),
                timeout=self._patience.timeout(len(content)),
            )

    def delete(self, name: str) -> None:
        blob = self._blob(name)
        with storage_errors(self.where(name)):
            try:
                blob.delete(retry=self._patience.retry(), timeout=self._patience.timeout())
            except NotFound:
                self._look_for_bucket()

    def delete_all(self, folder: str) -> None:
        inside = f"{self._prefix}{checked_name(folder)}/"
        with storage_errors(self.where(folder)):
            names = [blob.name for blob in self._listed(prefix=inside)]
        for name in names:
            self.delete(name.removeprefix(self._prefix))

    def exists(self, name: str) -> bool:
        blob = self._blob(name)
        with storage_errors(self.where(name)):
            found = blob.exists(retry=self._patience.retry(), timeout=self._patience.timeout())
            if not found:
                self._look_for_bucket()
        return bool(found)

    def names(self, folder: str) -> Iterator[str]:
        inside = self._inside(folder)
        with storage_errors(self.where(folder)):
            for blob in self._listed(prefix=inside, delimiter="/"):
                last = blob.name.removeprefix(inside)
                # An empty one marks a folder for the bucket's web page.
                if last and not last.startswith("."):
                    yield blob.name.removeprefix(self._prefix)

    def folders(self, folder: str) -> Iterator[str]:
        inside = self._inside(folder)
        with storage_errors(self.where(folder)):
            listing = self._listed(prefix=inside, delimiter="/")
            for _ in listing:
                pass  # the folders are known at the end
        # Sorted without the slash, as on a disk.
        for found in sorted(prefix.removesuffix("/") for prefix in listing.prefixes):
            if not found.removeprefix(inside).startswith("."):
                yield found.removeprefix(self._prefix)

    def where(self, name: str) -> str:
        return f"{self._root}{checked_name(name) if name else ''}"

    @contextmanager
    def locked(self, folder: str) -> Iterator[Lock]:
        name = f"{self._prefix}{_LEASES}/{checked_name(folder) if folder else ''}.lease"
        lease = Lease(self._bucket, name, self.where(folder), self._lease_seconds, self._patience)
        with renewed_lease(lease, self._lease_seconds):
            yield lease

    def _blob(self, name: str) -> storage.Blob:
        return self._bucket.blob(f"{self._prefix}{checked_name(name)}")

    def _inside(self, folder: str) -> str:
        return f"{self._prefix}{checked_name(folder)}/" if folder else self._prefix

    def _listed(self, prefix: str, delimiter: str | None = None) -> Any:
        return self._client.list_blobs(
            self._bucket,
            prefix=prefix,
            delimiter=delimiter,
            page_size=_PAGE_BLOBS,
            fields="items(name),prefixes,nextPageToken",
            retry=self._patience.retry(),
            timeout=self._patience.timeout(),
        )

    def _look_for_bucket(self) -> None:
        """Let NotFound through if it was not a blob but the whole bucket that is missing."""
        if not self._bucket_was_seen:
            next(iter(self._listed(prefix=self._prefix)), None)
            self._bucket_was_seen = True
