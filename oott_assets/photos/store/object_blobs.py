"""Opens the place where blobs are kept, a folder or a bucket."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from oott_fashion.stores.blobs import Blobs, LocalBlobs

if TYPE_CHECKING:
    from google.cloud import storage

# A Path makes one slash of two.
_URL = re.compile(r"(?P<kind>[A-Za-z][A-Za-z0-9+.-]*):/{1,2}(?P<place>.*)")


def blobs_at(
    root: str | Path, client: "Callable[[], storage.Client]", private: bool = False
) -> Blobs:
    """Open the blobs under ``root``, a folder or gs://BUCKET/PREFIX; a bucket by ``client``.

    Of a folder, what is ``private`` only this user can read; a bucket has its own rules.

    Raises:
        ValueError: ``root`` is another kind of address, or names no bucket.
        StoreMisconfigured: there are no credentials.
    """
    url = _URL.fullmatch(str(root))
    if url is None:
        return LocalBlobs(root, private)
    bucket, _, prefix = url["place"].partition("/")
    if url["kind"] != "gs" or not bucket:
        # Not the whole of it, which may hold a password.
        raise ValueError(
            f"blobs cannot be kept at {url['kind']}://{bucket and '…'}; give a folder or "
            "gs://BUCKET/PREFIX"
        )
    return _bucket_blobs(client, bucket, prefix.strip("/"))


def _bucket_blobs(client: "Callable[[], storage.Client]", bucket: str, prefix: str) -> Blobs:
    # Imported late: who keeps blobs in folders needs none of Google's cloud.
    from oott_assets.photos.store.gcs_blobs import GcsBlobs
    from oott_assets.photos.store.gcs_requests import storage_errors

    with storage_errors(f"gs://{bucket}/{prefix}"):
        return GcsBlobs(client(), bucket, prefix)
