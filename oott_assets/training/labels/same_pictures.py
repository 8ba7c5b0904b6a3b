"""Finds photos of two data sets that show the same picture."""

from collections.abc import Sequence

from oott_assets.training.labels.labelled_photos import LabelledPhoto, pixels_of
from oott_fashion.vision.near_duplicates import near_duplicates, perceptual_hash_of


def same_pictures(
    photos: Sequence[LabelledPhoto], others: Sequence[LabelledPhoto]
) -> list[tuple[LabelledPhoto, LabelledPhoto]]:
    """Pair each of ``photos`` with each of ``others`` that shows the same picture.

    Raises:
        PhotoChanged: a photo file has changed since it was labelled.
    """
    if not photos or not others:
        return []
    perceptual_hashes = [perceptual_hash_of(pixels_of(photo)) for photo in (*photos, *others)]
    count = len(photos)
    return [
        (photos[first], others[other - count])
        for first, other in near_duplicates(perceptual_hashes)
        if first < count <= other
    ]
