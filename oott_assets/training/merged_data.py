"""Labelled and pseudo-labelled photos in one data set, and the closet photos to measure by."""

from collections.abc import Sequence
from typing import Self

import dagster as dg
from pydantic import BaseModel, ConfigDict

from oott_assets.training.label_tables import described
from oott_assets.training.labels.labelled_photos import (
    LabelledPhoto,
    in_split,
    pixels_of,
    version_of,
)
from oott_assets.training.main_data import main_data
from oott_assets.training.sub_data import sub_data
from oott_assets.training.training_failures import as_failures
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation_photos import Yardstick
from oott_fashion.vision.near_duplicates import near_duplicates, perceptual_hash_of

MERGER = "data-sets/merged_data.json"


class Merger(BaseModel):
    """Which merged_data is there, and which main_data and closet photos it was made with."""

    model_config = ConfigDict(frozen=True)

    merged_data: str
    yardstick: str

    @classmethod
    def of(cls, photos: Sequence[LabelledPhoto], yardstick: Yardstick) -> Self:
        return cls(merged_data=version_of(photos), yardstick=yardstick.version)


@dg.asset(deps=[main_data, sub_data], group_name="training", kinds={"parquet"})
def merged_data(training_store: TrainingStore) -> dg.MaterializeResult[None]:
    """The photos of main_data and sub_data, validated with main_data's alone.

    A pseudo-labelled photo that shows the same picture as one of main_data is left out: people
    have labelled it already, or it would let a detector learn what it is measured by. So is a
    closet photo held out that shows the same as one main_data trains on: nothing is measured by it.
    """
    main, sub = training_store.photos("main_data"), training_store.photos("sub_data")
    with as_failures():
        pairs = same_pictures(sub, main)
        known = {photo for photo, _ in pairs}
        learnt = {photo for photo, other in pairs if other.split == "train"}
        added = [photo for photo in in_split(sub, "train") if photo not in known]
        held_out = in_split(sub, "valid")
        closet = [photo for photo in held_out if photo not in learnt]
        photos = [*main, *added]
        metadata = described(photos)
    training_store.write_photos("merged_data", photos)
    training_store.write_closet(closet)
    merger = Merger.of(photos, Yardstick(main, closet))
    training_store.blobs.write(MERGER, merger.model_dump_json().encode())
    return dg.MaterializeResult(
        metadata={
            "pseudo-labelled photos": len(added),
            "left out, as main_data shows the same": len(in_split(sub, "train")) - len(added),
            "closet photos to measure by": len(closet),
            "not measured by, as main_data trains on the same": len(held_out) - len(closet),
            **metadata,
        },
        data_version=dg.DataVersion(version_of(photos)),
    )


def same_pictures(
    photos: Sequence[LabelledPhoto], others: Sequence[LabelledPhoto]
) -> list[tuple[LabelledPhoto, LabelledPhoto]]:
    """Pair those of ``photos`` with those of ``others`` that show the same picture.

    Raises:
        PhotoChanged: a photo is no longer what was labelled.
    """
    perceptual_hashes = [perceptual_hash_of(pixels_of(it)) for it in (*photos, *others)]
    count = len(photos)
    return [
        (photos[one], others[other - count])
        for one, other in near_duplicates(perceptual_hashes)
        if one < count <= other
    ]
