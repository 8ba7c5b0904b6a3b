"""Labelled and pseudo-labelled photos in one data set."""

from collections.abc import Sequence

import dagster as dg

from oott_assets.labels.labelled_photos import LabelledPhoto, in_split, pixels_of, version_of
from oott_assets.labels.near_duplicates import glimpse_of, near_duplicates
from oott_assets.resources.training_store import TrainingStore
from oott_assets.training.label_tables import described
from oott_assets.training.labelled_data import main_data
from oott_assets.training.pseudo_labels import sub_data


@dg.asset(deps=[main_data, sub_data], group_name="training", kinds={"parquet"})
def merged_data(training_store: TrainingStore) -> dg.MaterializeResult[None]:
    """The photos of main_data and sub_data, validated with main_data's alone.

    A pseudo-labelled photo that shows the same picture as one of main_data is left out: people
    have labelled it already, or it would let a detector learn what it is measured by.
    """
    main, sub = training_store.photos("main_data"), training_store.photos("sub_data")
    known = shown_in(in_split(sub, "train"), main)
    added = [photo for photo in in_split(sub, "train") if photo not in known]
    photos = [*main, *added]
    training_store.write_photos("merged_data", photos)
    return dg.MaterializeResult(
        metadata={
            "pseudo-labelled photos": len(added),
            "left out, as main_data shows the same": len(known),
            **described(photos),
        },
        data_version=dg.DataVersion(version_of(photos)),
    )


def shown_in(
    photos: Sequence[LabelledPhoto], others: Sequence[LabelledPhoto]
) -> list[LabelledPhoto]:
    """Find those of ``photos`` that show the same picture as one of ``others``."""
    glimpses = [glimpse_of(pixels_of(it)) for it in (*photos, *others)]
    count = len(photos)
    pairs = near_duplicates(glimpses)
    return [photos[one] for one in sorted({one for one, other in pairs if one < count <= other})]
