"""The photos that detectors are measured by, and which ones those were."""

from collections.abc import Sequence
from typing import NamedTuple

from oott_assets.training.labels.catalogue_folders import garment_of_folder
from oott_assets.training.labels.labelled_photos import LabelledPhoto, version_of
from oott_assets.training.training_store import TrainingStore, fingerprint_of


class Yardstick(NamedTuple):
    """All of main_data, of which what is in valid measures; and closet photos held out."""

    main_data: Sequence[LabelledPhoto]
    closet: Sequence[LabelledPhoto]

    @property
    def version(self) -> str:
        """Another one for other photos or labels; a closet photo's label is its folder's name."""
        closet = sorted([photo.sha256, garment_of_folder(photo.file)] for photo in self.closet)
        return fingerprint_of({"main_data": version_of(self.main_data), "closet": closet})


def yardstick_in(store: TrainingStore) -> Yardstick:
    """Read what detectors are measured by now.

    Raises:
        Failure: main_data or merged_data was never materialised.
    """
    return Yardstick(store.photos("main_data"), store.closet())
