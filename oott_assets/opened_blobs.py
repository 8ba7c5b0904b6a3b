"""Opens a blob store, which is a folder, or a bucket with the credentials of dagster-gcp."""

from functools import cache
from typing import TYPE_CHECKING

from oott_fashion.stores.blobs import Blobs
from oott_fashion.stores.object_blobs import blobs_at

if TYPE_CHECKING:
    from google.cloud import storage


@cache
def opened_blobs(root: str) -> Blobs:
    """Open the blobs under ``root``, a folder or gs://BUCKET/PREFIX, once per process.

    Only this user can read a folder, or its group if the folder is shared, because it contains what
    people posted.

    Raises:
        ValueError: ``root`` is another kind of address.
        StoreUnreachable: there are no credentials for the bucket.
    """
    return blobs_at(root, dagster_client, readers="group")


@cache
def dagster_client() -> "storage.Client":
    """Log in as dagster-gcp does, once per process."""
    # The import is here, because it loads many Google Cloud libraries. Most stores are folders.
    from dagster_gcp.gcs import GCSResource

    return GCSResource().get_client()
