"""Opens a blob store, which is a folder or a bucket, with a given client."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from oott_fashion.stores.blobs import Blobs, LocalBlobs, Readers

if TYPE_CHECKING:
    from google.cloud import storage

GoogleClient = Callable[[], "storage.Client"]

# The pattern also accepts one slash, because ``Path`` changes "gs://" to "gs:/".
_URL = re.compile(r"(?P<kind>[A-Za-z][A-Za-z0-9+.-]*):/{1,2}(?P<place>.*)")


def blobs_at(
    root: str | Path, client: GoogleClient, readers: Readers = "all", retry_seconds: float = 20.0
) -> Blobs:
    """Open the blobs under ``root``, a folder or gs://BUCKET/PREFIX; ``client`` opens a bucket.

    Only ``readers`` can read a folder; a bucket has its own access rules. Failed
    requests to a bucket are retried for ``retry_seconds``.

    Raises:
        ValueError: ``root`` is another kind of address, or has no bucket name.
        StoreMisconfigured: there are no credentials.
    """
    url = _URL.fullmatch(str(root))
    if url is None:
        return LocalBlobs(root, readers)
    bucket, _, prefix = url["place"].partition("/")
    if url["kind"] != "gs" or not bucket:
        # The message omits the rest of the address, because it may contain a password.
        raise ValueError(
            f"blobs cannot be stored at {url['kind']}://{bucket and '…'}; use a folder or "
            "gs://BUCKET/PREFIX"
        )
    # These imports are here, because the Google Cloud libraries are not needed for folders.
    from oott_fashion.stores.gcs_blobs import GcsBlobs
    from oott_fashion.stores.gcs_requests import storage_errors

    prefix = prefix.strip("/")
    with storage_errors(f"gs://{bucket}/{prefix}"):
        return GcsBlobs(client(), bucket, prefix, retry_seconds)


@cache
def google_client() -> "storage.Client":
    """Log in with Google's default credentials, once per process."""
    from google.cloud import storage

    return storage.Client()
