"""What the training pipeline keeps: labelled data sets, pseudo-labels, weights and candidates."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import dagster as dg
from pydantic import BaseModel, ValidationError

from oott_assets.training.labels.labelled_photos import (
    LabelledPhoto,
    parquet_of_photos,
    photos_of_parquet,
)
from oott_fashion.stores.blobs import BlobNotFound, LocalBlobs

Note = TypeVar("Note", bound=BaseModel)

_CLOSET = "closet"


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
        return photos_of_parquet(self._left_by(name, _data_set_named(name)))

    def write_closet(self, photos: Sequence[LabelledPhoto]) -> None:
        """Put ``photos`` in the place of the closet photos that detectors are measured by."""
        self.write_photos(_CLOSET, photos)

    def closet(self) -> list[LabelledPhoto]:
        """Read the closet photos that detectors are measured by.

        Raises:
            Failure: merged_data, which leaves them, was never materialised.
        """
        return photos_of_parquet(self._left_by("merged_data", _data_set_named(_CLOSET)))

    def note(self, asset: str, blob: str, kind: type[Note]) -> Note:
        """Read the note that ``asset`` left.

        Raises:
            Failure: it was never materialised, or by a version of OOTT that noted other things.
        """
        try:
            return kind.model_validate_json(self._left_by(asset, blob))
        except ValidationError as error:
            raise dg.Failure(
                f"{self.blobs.path_of(blob)} is not what {asset} leaves now "
                f"({error.error_count()} fields differ); materialise {asset} again",
                allow_retries=False,
            ) from error

    def _left_by(self, asset: str, blob: str) -> bytes:
        try:
            return self.blobs.read(blob)
        except BlobNotFound as error:
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


def fingerprint_of(facts: Mapping[str, object]) -> str:
    """Name what is made of ``facts`` so that what is made of others has another name."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
