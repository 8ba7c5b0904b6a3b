"""Blobs in a bucket of Google Cloud Storage or a compatible server."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import storage

from oott_fashion.stores.blobs import BlobChanged, BlobNotFound, checked_name
from oott_fashion.stores.gcs_requests import limits, storage_errors

# The largest page that Google Cloud Storage returns.
_PAGE_BLOBS = 1000


class GcsBlobs:
    """Blobs under ``prefix`` in ``bucket``; every name must pass ``checked_name``.

    Failed requests are retried for ``retry_seconds``; with the default, a stopped server is
    reported after at most about 40 s.
    """

    def __init__(
        self, client: storage.Client, bucket: str, prefix: str = "", retry_seconds: float = 20.0
    ) -> None:
        self._client = client
        self._bucket = client.bucket(bucket)
        self._prefix = f"{checked_name(prefix)}/" if prefix else ""
        self._root = f"gs://{bucket}/{self._prefix}"
        self._limits = limits(retry_seconds)
        self._retry_seconds = retry_seconds
        self._bucket_was_seen = False

    def read(self, name: str) -> bytes:
        blob = self._blob(name)
        # After a broken connection the library would resume without checking the whole content,
        # so the download is retried from the start.
        download = self._limits["retry"](blob.download_as_bytes)
        with storage_errors(self.where(name)):
            try:
                content: bytes = download(retry=None, timeout=self._limits["timeout"])
            except NotFound:
                self._check_bucket()
                raise BlobNotFound(f"{self.where(name)} does not exist") from None
        return content

    def write(self, name: str, content: bytes, **condition: int) -> str:
        blob = self._blob(name)
        with storage_errors(self.where(name)):
            blob.upload_from_string(
                content,
                content_type="application/octet-stream",
                **limits(self._retry_seconds, len(content)),
                **condition,
            )
        return str(blob.generation)

    def replace(self, name: str, content: bytes, version: str | None) -> str:
        try:
            return self.write(name, content, if_generation_match=int(version or 0))
        except BlobChanged:
            # If the response to a successful upload was lost, the library has sent it again.
            written = self.version(name)
            if written is None or self.read(name) != content:
                raise
            return written

    def version(self, name: str) -> str | None:
        with storage_errors(self.where(name)):
            found = self._bucket.get_blob(self._blob(name).name, **self._limits)
            if found is None:
                self._check_bucket()
        return found and str(found.generation)

    def delete(self, name: str) -> None:
        blob = self._blob(name)
        with storage_errors(self.where(name)):
            try:
                blob.delete(**self._limits)
            except NotFound:
                self._check_bucket()

    def delete_all(self, folder: str) -> None:
        inside = f"{self._prefix}{checked_name(folder)}/"
        with storage_errors(self.where(folder)):
            names = [blob.name for blob in self._listed(prefix=inside)]
        for name in names:
            self.delete(name.removeprefix(self._prefix))

    def exists(self, name: str) -> bool:
        return self.version(name) is not None

    def names(self, folder: str) -> Iterator[str]:
        inside = self._inside(folder)
        with storage_errors(self.where(folder)):
            for blob in self._listed(prefix=inside, delimiter="/"):
                last = blob.name.removeprefix(inside)
                # The web console creates a blob with a name that ends in "/" for each folder.
                if last and not last.startswith("."):
                    yield blob.name.removeprefix(self._prefix)

    def folders(self, folder: str) -> Iterator[str]:
        inside = self._inside(folder)
        with storage_errors(self.where(folder)):
            listing = self._listed(prefix=inside, delimiter="/")
            for _ in listing:
                pass  # ``prefixes`` is complete only after the last page
        # The slash is removed before sorting, so that the order is the same as on a disk.
        for found in sorted(prefix.removesuffix("/") for prefix in listing.prefixes):
            if not found.removeprefix(inside).startswith("."):
                yield found.removeprefix(self._prefix)

    def where(self, name: str) -> str:
        return f"{self._root}{checked_name(name) if name else ''}"

    def locked(self, folder: str) -> AbstractContextManager[None]:
        # Processes on other machines are excluded by ``replace``.
        self.where(folder)
        return nullcontext()

    exclusive_lock = locked

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
            **self._limits,
        )

    def _check_bucket(self) -> None:
        """Raise NotFound if the bucket is missing; do nothing if only a blob is missing."""
        if not self._bucket_was_seen:
            next(iter(self._listed(prefix=self._prefix)), None)
            self._bucket_was_seen = True
