"""Labelled and pseudo-labelled photos in one data set, and the held-out closet photos."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import dagster as dg
from pydantic import BaseModel, ConfigDict, Field

from oott_assets.failure_rules import failures_of
from oott_assets.training.label_tables import data_set_metadata
from oott_assets.training.labels.labelled_photos import (
    LabelledPhoto,
    in_split,
    version_of,
)
from oott_assets.training.labels.same_pictures import same_pictures
from oott_assets.training.main_data import main_data
from oott_assets.training.sub_data import sub_data
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation_photos import ValidationPhotos

MERGED_DATA_VERSIONS = "data-sets/merged_data.json"


class MergedDataVersions(BaseModel):
    """The version of merged_data, and the version of the validation photos at that time."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    merged_data: str
    validation_photos: str = Field(alias="yardstick")

    @classmethod
    def of(cls, photos: Sequence[LabelledPhoto], validation_photos: ValidationPhotos) -> Self:
        return cls(merged_data=version_of(photos), validation_photos=validation_photos.version)


class _Merged(NamedTuple):
    """The photos of the merged data set, and the closet photos that detectors are measured on."""

    photos: list[LabelledPhoto]
    closet: list[LabelledPhoto]


@dg.asset(deps=[main_data, sub_data], group_name="training", kinds={"parquet"})
def merged_data(
    context: dg.AssetExecutionContext, training_store: TrainingStore
) -> dg.MaterializeResult[None]:
    """The photos of main_data, and the training photos of sub_data.

    All photos of the valid split come from main_data. A training photo of sub_data is left out if
    it shows the same picture as a photo of main_data. If the photo of main_data is for training,
    people have already labelled that picture. If it is for validation, detectors are measured on
    that picture, so none may be trained on it. A held-out closet photo is left out if it shows the
    same picture as a training photo of main_data, because detectors are trained on that picture.
    Every version is kept in data-sets/merged_data of OOTT_TRAINING_FOLDER.
    """
    main, sub = training_store.photos("main_data"), training_store.photos("sub_data")
    with failures_of(context, TRAINING_FAILURES):
        merged = merge(main, sub)
        metadata = data_set_metadata(merged.photos)
        training_store.write_version("merged_data", merged.photos)
        training_store.write_closet(merged.closet)
        versions = MergedDataVersions.of(merged.photos, ValidationPhotos(main, merged.closet))
        training_store.blobs.write(
            MERGED_DATA_VERSIONS, versions.model_dump_json(by_alias=True).encode()
        )
    added = len(merged.photos) - len(main)
    return dg.MaterializeResult(
        metadata={
            "pseudo_labelled_photos": added,
            "pseudo_labelled_photos_also_in_main_data": len(in_split(sub, "train")) - added,
            "closet_photos": len(merged.closet),
            "closet_photos_also_in_main_data": len(in_split(sub, "valid")) - len(merged.closet),
            **metadata,
        },
        data_version=dg.DataVersion(versions.merged_data),
    )


def merge(main: Sequence[LabelledPhoto], sub: Sequence[LabelledPhoto]) -> _Merged:
    """Add the photos of ``sub`` to ``main`` by the rules in the docstring of ``merged_data``.

    Raises:
        PhotoChanged: a photo file has changed since it was labelled.
    """
    pairs = same_pictures(sub, main)
    known = {photo for photo, _ in pairs}
    trained_on = {photo for photo, other in pairs if other.split == "train"}
    added = [photo for photo in in_split(sub, "train") if photo not in known]
    closet = [photo for photo in in_split(sub, "valid") if photo not in trained_on]
    return _Merged([*main, *added], closet)
