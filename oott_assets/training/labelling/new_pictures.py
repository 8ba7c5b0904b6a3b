"""Tells whether a stored photo shows a picture that nobody has been asked to label yet."""

from collections.abc import Iterable

from oott_assets.photos.label_batches import LabelBatches, is_copy
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.training.labelling.label_reasons import StoredPhotoName
from oott_assets.training.labels.labelled_photos import LabelledPhoto, pixels_of
from oott_fashion.vision.near_duplicates import (
    PerceptualHash,
    duplicates_between,
    perceptual_hash_of,
)
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo


class NewPictures:
    """Recognises the pictures of labelled photos, of earlier batches, and those already asked."""

    def __init__(self, store: PhotoStore, known: Iterable[PerceptualHash]) -> None:
        self._store = store
        self._known = list(known)

    def is_new(self, photo: StoredPhotoName) -> bool:
        """Tell whether the picture is new, and remember it; an unreadable photo is not new."""
        try:
            pixels = self._store.month(photo.destination, photo.month).pixels(photo.sha256)
        except (UnreadablePhoto, PhotoTooLarge):
            return False
        perceptual_hash = perceptual_hash_of(pixels)
        if duplicates_between([perceptual_hash], self._known):
            return False
        self._known.append(perceptual_hash)
        return True


def known_pictures(
    labelled: Iterable[LabelledPhoto], batches: LabelBatches
) -> Iterable[PerceptualHash]:
    """Hash the pictures of main_data and of all batches.

    Raises:
        PhotoChanged: a photo of main_data is missing, or has changed since it was labelled.
    """
    for photo in labelled:
        # forget and the retention delete copies that main_data still names until its next run.
        if photo.file.exists() or not is_copy(photo.file):
            yield perceptual_hash_of(pixels_of(photo))
    for offered in batches.offered():
        yield perceptual_hash_of(read_photo(batches.blobs.read(offered.blob)))
