"""The photos on which two versions are compared: given ones, validation, stored or drawn photos."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_assets.photos.sources.folder import photos_under
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.training.labels.labelled_photos import PhotoChanged, in_split, pixels_of
from oott_assets.training.training_store import TrainingStore
from oott_fashion.stores.blobs import BlobNotFound
from oott_fashion.vision.photos import Photo, PhotoTooLarge, UnreadablePhoto, read_photo

# The lookbook and the drawn data sets use other seeds.
_SEED = 40

_log = logging.getLogger(__name__)


class NamedPhoto(NamedTuple):
    """A photo with the name that a person knows it by; RGB pixels."""

    name: str
    pixels: Photo


class PhotoSet(NamedTuple):
    """Photos, and a description of where they come from."""

    description: str
    photos: list[NamedPhoto]


def photos_in(folder: Path, count: int) -> PhotoSet:
    """Read ``count`` photos of ``folder``, evenly spread.

    Raises:
        PhotosUnknown: the folder cannot be listed.
    """
    readers = [
        (str(file.relative_to(folder)), partial(_read, file)) for file in photos_under(folder)
    ]
    return PhotoSet(f"photos in {folder}", _some(readers, count))


def known_photos_of(training: TrainingStore, settings: PhotoSettings, count: int) -> PhotoSet:
    """Read ``count`` validation photos of main_data; without any, stored or else drawn photos."""
    valid = in_split(training.photos_or_none("main_data") or [], "valid")
    readers = [(photo.file.name, partial(pixels_of, photo)) for photo in valid]
    if photos := _some(readers, count):
        return PhotoSet("validation photos of main_data", photos)
    if photos := _some(list(_stored(settings)), count):
        return PhotoSet("stored photos", photos)
    return PhotoSet("drawn photos", [_drawn(number) for number in range(count)])


_Reader = tuple[str, Callable[[], Photo]]


def _some(readers: Sequence[_Reader], count: int) -> list[NamedPhoto]:
    """Read ``count`` photos, evenly spread; photos that cannot be read are logged and left out."""
    step = max(1, len(readers) // count)
    return list(islice(_readable(readers[::step]), count))


def _readable(readers: Sequence[_Reader]) -> Iterator[NamedPhoto]:
    for name, read in readers:
        try:
            yield NamedPhoto(name, read())
        except (OSError, PhotoChanged, PhotoTooLarge, UnreadablePhoto) as error:
            _log.warning("%s is left out: %s", name, error)


def _read(file: Path) -> Photo:
    return read_photo(file.read_bytes())


def _stored(settings: PhotoSettings) -> Iterator[_Reader]:
    store = PhotoStore.of(settings)
    for destination, month in store.months():
        photos = store.month(destination, month)
        try:
            kept = photos.kept()
        except (BlobNotFound, ValueError) as error:
            _log.warning("%s in %s is left out: %s", destination, f"{month:%Y-%m}", error)
            continue
        for sha256 in kept:
            name = f"{destination} {month:%Y-%m} {sha256[:8]}"
            yield name, partial(photos.pixels, sha256)


def _drawn(number: int) -> NamedPhoto:
    rng = np.random.default_rng([_SEED, number])
    return NamedPhoto(f"drawing {number + 1}", draw_photo(random_outfit(rng), rng).pixels)
