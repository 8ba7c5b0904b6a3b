"""The files of the training pipeline: data sets, JSON records, weights and candidates."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import dagster as dg
from pydantic import BaseModel, ValidationError

from oott_assets.parquet import damage_reported
from oott_assets.setting_fields import from_setting
from oott_assets.training.labels.labelled_photos import (
    LabelledPhoto,
    parquet_of_photos,
    photos_of_parquet,
    version_of,
)
from oott_assets.training.settings import TrainingSettings
from oott_fashion.stores.blobs import BlobNotFound, LocalBlobs

Record = TypeVar("Record", bound=BaseModel)

_CLOSET = "closet"

# The folder of detectors that were made, whether they are published or not.
CANDIDATES = "candidates"


class TrainingStore(dg.ConfigurableResource[None]):
    """Files in one folder; writing a data set replaces the earlier one."""

    root: str = from_setting(TrainingSettings, "training_folder", required=True)

    def write_photos(self, name: str, photos: Sequence[LabelledPhoto]) -> None:
        """Replace the data set ``name`` by ``photos``."""
        self.blobs.write(_data_set_named(name), parquet_of_photos(photos))

    def write_version(self, name: str, photos: Sequence[LabelledPhoto]) -> None:
        """Replace the data set ``name`` by ``photos``, and keep them under their version, too.

        ``photos`` of the name ``NAME/VERSION`` reads them again.
        """
        self.write_photos(f"{name}/{version_of(photos)}", photos)
        self.write_photos(name, photos)

    def photos_or_none(self, name: str) -> list[LabelledPhoto] | None:
        """Read the data set ``name``, or return None if it was never materialised.

        Raises:
            DamagedBlob: its file is damaged, or another program or release wrote it.
        """
        try:
            content = self.blobs.read(_data_set_named(name))
        except BlobNotFound:
            return None
        return self._photos_in(content, name, name)

    def photos(self, name: str) -> list[LabelledPhoto]:
        """Read the data set ``name``.

        Raises:
            Failure: it was never materialised.
        """
        return self._photos_in(self._written_by(name, _data_set_named(name)), name, name)

    def write_closet(self, photos: Sequence[LabelledPhoto]) -> None:
        """Replace the held-out closet photos, on which detectors are measured."""
        self.write_photos(_CLOSET, photos)

    def closet(self) -> list[LabelledPhoto]:
        """Read the held-out closet photos, on which detectors are measured.

        Raises:
            Failure: merged_data was never materialised; that asset writes them.
        """
        content = self._written_by("merged_data", _data_set_named(_CLOSET))
        return self._photos_in(content, _CLOSET, "merged_data")

    def record(self, asset: str, blob: str, kind: type[Record]) -> Record:
        """Read the JSON record that ``asset`` wrote.

        Raises:
            Failure: the asset was never materialised, or an older OOTT wrote other fields.
        """
        try:
            return kind.model_validate_json(self._written_by(asset, blob))
        except ValidationError as error:
            raise dg.Failure(
                f"{self.blobs.path_of(blob)} is not the JSON that {asset} writes now "
                f"({error.error_count()} fields are wrong); materialise {asset} again",
                allow_retries=False,
            ) from error

    def _photos_in(self, content: bytes, name: str, asset: str) -> list[LabelledPhoto]:
        with damage_reported(self.blobs.where(_data_set_named(name)), f"materialise {asset} again"):
            return photos_of_parquet(content)

    def _written_by(self, asset: str, blob: str) -> bytes:
        try:
            return self.blobs.read(blob)
        except BlobNotFound as error:
            raise dg.Failure(
                f"{asset} was never materialised ({error}); materialise it first",
                allow_retries=False,
            ) from error

    def folder(self, name: str) -> Path:
        """Make the folder ``name``, for files that are not blobs, such as checkpoints."""
        folder = self.blobs.path_of(name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def candidates(self) -> Path:
        """The folder of the candidates, each in a folder of its own; it may be missing."""
        return self.blobs.path_of(CANDIDATES)

    @property
    def blobs(self) -> LocalBlobs:
        return LocalBlobs(self.root)


def _data_set_named(name: str) -> str:
    return f"data-sets/{name}.parquet"


def fingerprint_of(facts: Mapping[str, object]) -> str:
    """Hash ``facts`` to a short name; other facts give another name."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
