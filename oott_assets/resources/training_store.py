"""What the training street keeps: labelled data sets, pseudo-labels, weights and candidates."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from oott_assets.labels.labelled_photos import (
    LabelledPhoto,
    parquet_of_photos,
    photos_of_parquet,
)
from oott_fashion.stores.blobs import LocalBlobs, NoBlob


class TrainingStore(dg.ConfigurableResource[None]):
    """Files under one folder; a data set is replaced whole."""

    root: str

    def write_photos(self, name: str, photos: Sequence[LabelledPhoto]) -> None:
        """Put ``photos`` in the place of the data set ``name``."""
        self.blobs.write(_data_set_named(name), parquet_of_photos(photos))

    def photos(self, name: str) -> list[LabelledPhoto]:
        """Read the data set ``name``.

        Raises:
            Failure: it was never materialised.
        """
        return photos_of_parquet(self.left_by(name, _data_set_named(name)))

    def left_by(self, asset: str, blob: str) -> bytes:
        """Read what ``asset`` left.

        Raises:
            Failure: it was never materialised.
        """
        try:
            return self.blobs.read(blob)
        except NoBlob as error:
            raise dg.Failure(
                f"{asset} was never materialised ({error}); materialise it first",
                allow_retries=False,
            ) from error

    def folder(self, name: str) -> Path:
        """Make and name a folder for what is no blob, such as a training."""
        folder = self.blobs.path_of(name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def blobs(self) -> LocalBlobs:
        return LocalBlobs(self.root)


def _data_set_named(name: str) -> str:
    return f"data-sets/{name}.parquet"
