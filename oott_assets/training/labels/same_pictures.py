"""Finds photos of two data sets that show the same picture."""

from collections.abc import Sequence

from oott_assets.training.labels.labelled_photos import LabelledPhoto, pixels_of
from oott_fashion.vision.near_duplicates import duplicates_between, perceptual_hash_of


def same_pictures(
    photos: Sequence[LabelledPhoto], others: Sequence[LabelledPhoto]
) -> list[tuple[LabelledPhoto, LabelledPhoto]]:
    """Pair each of ``photos`` with each of ``others`` that shows the same picture.

    Raises:
        PhotoChanged: a photo file has changed since it was labelled.
    """
    if not photos or not others:
        return []
    hashes, other_hashes = (
        [perceptual_hash_of(pixels_of(photo)) for photo in each] for each in (photos, others)
    )
    return [(photos[one], others[other]) for one, other in duplicates_between(hashes, other_hashes)]
