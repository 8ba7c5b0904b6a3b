"""Puts four catalogue photos into one picture, so that a training step shows four garments.

A catalogue photo shows one garment, which fills the picture. At half its size the garment is as
large as on a person in a street photo. A training step costs the same with one or four garments.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_assets.training.labels.catalogue_folders import CATALOGUE
from oott_assets.training.labels.labelled_photos import (
    Label,
    LabelledPhoto,
    has_origin,
    in_split,
    pixels_of,
)
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.vision.detections import Box
from oott_fashion.vision.letterbox import PADDING_GREY

# The width and height of a cell in pixels. A training at up to 640 px loses no detail.
_CELL = 320
_CORNERS = ((0, 0), (0, _CELL), (_CELL, 0), (_CELL, _CELL))


def with_collages(photos: Sequence[LabelledPhoto], folder: Path) -> list[LabelledPhoto]:
    """Replace most catalogue photos of the train split by collages, written to ``folder``.

    A third of the photos also stays as it is, because the photos of app users fill the picture too.
    The hashes of the photos decide which ones. Up to three photos are in no collage; they stay too.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
    """
    train = in_split(photos, "train")
    catalogue = [photo for photo in train if has_origin(photo, CATALOGUE)]
    catalogued = set(catalogue)
    others = [photo for photo in photos if photo not in catalogued]
    shuffled = _shuffled(catalogue)
    left_over = shuffled[len(shuffled) // len(_CORNERS) * len(_CORNERS) :]
    third = {photo for photo in catalogue if int(photo.sha256[-4:], 16) % 3 == 0}
    whole = sorted(third.union(left_over))
    return [*others, *whole, *write_collages(shuffled, folder)]


def _shuffled(photos: Sequence[LabelledPhoto]) -> list[LabelledPhoto]:
    """Order ``photos`` independently of garment and folder; a repeated photo is in many places."""
    copies: Counter[str] = Counter()
    keys: list[tuple[str, LabelledPhoto]] = []
    for photo in photos:
        copies[photo.sha256] += 1
        key = f"{copies[photo.sha256]} {photo.sha256}"
        keys.append((hashlib.sha256(key.encode()).hexdigest(), photo))
    return [photo for _, photo in sorted(keys)]


def write_collages(photos: Sequence[LabelledPhoto], folder: Path) -> list[LabelledPhoto]:
    """Write ``photos``, four to a picture in the given order, as JPEG files in ``folder``.

    Up to three photos at the end are left out. The name of a file is its hash.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_collage(four, folder) for four in _fours(photos)]


def _fours(photos: Sequence[LabelledPhoto]) -> Iterator[Sequence[LabelledPhoto]]:
    for first in range(0, len(photos) - len(_CORNERS) + 1, len(_CORNERS)):
        yield photos[first : first + len(_CORNERS)]


def _collage(photos: Sequence[LabelledPhoto], folder: Path) -> LabelledPhoto:
    side = 2 * _CELL
    picture = np.full((side, side, 3), PADDING_GREY, dtype=np.uint8)
    labels: list[Label] = []
    for photo, (top, left) in zip(photos, _CORNERS, strict=True):
        scale = _CELL / max(photo.width, photo.height)
        width, height = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
        x, y = left + (_CELL - width) // 2, top + (_CELL - height) // 2
        picture[y : y + height, x : x + width] = cv2.resize(
            pixels_of(photo), (width, height), interpolation=cv2.INTER_AREA
        )
        labels += [label._replace(box=_moved(label.box, scale, x, y)) for label in photo.labels]
    content = _jpeg_of(picture)
    sha256 = hashlib.sha256(content).hexdigest()
    file = folder / f"{sha256[:32]}.jpg"
    if not file.is_file():
        LocalBlobs(folder).write(file.name, content)
    return LabelledPhoto(file.absolute(), sha256, side, side, "train", tuple(labels))


def _moved(box: Box, scale: float, x: int, y: int) -> Box:
    return Box(
        x + scale * box.x_min, y + scale * box.y_min, x + scale * box.x_max, y + scale * box.y_max
    )


def _jpeg_of(picture: NDArray[np.uint8]) -> bytes:
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    return cv2.imencode(".jpg", picture[:, :, ::-1], quality)[1].tobytes()
