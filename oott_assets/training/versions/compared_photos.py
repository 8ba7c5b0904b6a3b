"""The photos on which two versions are compared: given ones, validation photos or drawn photos."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from oott_assets.photos.label_batches import is_copy
from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit
from oott_assets.photos.sources.photo_files import files_in
from oott_assets.training.labels.labelled_photos import PhotoChanged, in_split, pixels_of
from oott_assets.training.training_store import TrainingStore
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
    """Read ``count`` photos of ``folder``, evenly spread; other files are logged and left out.

    Raises:
        PhotosUnknown: the folder cannot be listed.
    """
    readers = []
    for found in files_in(folder):
        name = str(found.file.relative_to(folder))
        if found.skipped_because is None:
            readers.append((name, partial(_read, found.file)))
        else:
            _log.warning("%s is left out: %s", name, found.skipped_because)
    return PhotoSet(f"photos in {folder}", _some(readers, count))


def known_photos_of(training: TrainingStore, count: int) -> PhotoSet:
    """Read ``count`` validation photos of main_data; without any, drawn photos.

    Stored photos are not shown, and neither are their copies in main_data. They may have to be
    deleted later, and forget and the retention cannot find the pages that show them.
    """
    valid = in_split(training.photos_or_none("main_data") or [], "valid")
    shown = [photo for photo in valid if not is_copy(photo.file)]
    readers = [(photo.file.name, partial(pixels_of, photo)) for photo in shown]
    if photos := _some(readers, count):
        return PhotoSet("validation photos of main_data", photos)
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


def _drawn(number: int) -> NamedPhoto:
    rng = np.random.default_rng([_SEED, number])
    return NamedPhoto(f"drawing {number + 1}", draw_photo(random_outfit(rng), rng).pixels)
