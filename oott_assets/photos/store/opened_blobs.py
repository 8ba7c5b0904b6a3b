"""Opens the place where blobs are kept: a folder, or a bucket by dagster-gcp's credentials."""

from functools import cache
from typing import TYPE_CHECKING

from oott_assets.photos.store.object_blobs import blobs_at
from oott_fashion.stores.blobs import Blobs

if TYPE_CHECKING:
    from google.cloud import storage


@cache
def opened_blobs(root: str) -> Blobs:
    """Open, once in a process, the blobs under ``root``, a folder or gs://BUCKET/PREFIX.

    What people posted is for the eyes of this user alone.

    Raises:
        ValueError: ``root`` is another kind of address.
        StoreUnreachable: there are no credentials for the bucket.
    """
    return blobs_at(root, _client, private=True)


def _client() -> "storage.Client":
    # Imported late: it brings much of Google's cloud with it, and most stores are folders.
    from dagster_gcp.gcs import GCSResource

    return GCSResource().get_client()
