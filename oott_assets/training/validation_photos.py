"""The photos that detectors are measured on, and a version that changes when they change."""

from collections.abc import Sequence
from typing import NamedTuple

from oott_assets.reports.pictures import sample_of
from oott_assets.training.labels.catalogue_folders import NO_GARMENT, garment_of_folder
from oott_assets.training.labels.labelled_photos import (
    LabelledPhoto,
    in_split,
    pixels_of,
    version_of,
)
from oott_assets.training.training_store import TrainingStore, fingerprint_of
from oott_fashion.vision.photos import Photo


class ValidationPhotos(NamedTuple):
    """The photos of main_data, and the held-out closet photos.

    Detectors are measured on the valid split of main_data and on all closet photos.
    """

    main_data: Sequence[LabelledPhoto]
    closet: Sequence[LabelledPhoto]

    @property
    def version(self) -> str:
        """Hash the photos and their labels; the label of a closet photo is its folder's name."""
        closet = sorted(
            [photo.sha256, garment_of_folder(photo.file) or NO_GARMENT] for photo in self.closet
        )
        return fingerprint_of({"main_data": version_of(self.main_data), "closet": closet})

    def sample(self) -> list[Photo]:
        """Read a few photos of the valid split, evenly spread.

        Raises:
            PhotoChanged: a photo is missing, or has changed since it was labelled.
        """
        return [pixels_of(photo) for photo in sample_of(in_split(self.main_data, "valid"))]


def validation_photos_or_none(store: TrainingStore) -> ValidationPhotos | None:
    """Read the photos that a detector can be measured on now; None without any of main_data."""
    main_data = store.photos_or_none("main_data") or []
    if not in_split(main_data, "valid"):
        return None
    return ValidationPhotos(main_data, store.photos_or_none("closet") or [])


def read_validation_photos(store: TrainingStore) -> ValidationPhotos:
    """Read the photos that detectors are measured on now.

    Raises:
        Failure: main_data or merged_data was never materialised.
    """
    return ValidationPhotos(store.photos("main_data"), store.closet())
