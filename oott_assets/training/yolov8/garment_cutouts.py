"""Cuts garments out of photos, into the folders by class id that Ultralytics classifiers read."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_assets.training.labels.labelled_photos import Label, LabelledPhoto, pixels_of
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.letterbox import PADDING_GREY
from oott_fashion.vision.photos import Photo

_SIDE = 256
# The margin around a box, as a fraction of its sides. For example, the neck above a collar helps
# to recognise the collar.
_MARGIN = 0.08
# A smaller cut-out shows only a colour.
_MIN_PIXELS = 12


def cut_out(photos: Sequence[LabelledPhoto], folder: Path) -> Path:
    """Replace the content of ``folder`` with a square JPEG of every garment in ``photos``.

    A catalogue photo is not cut, because it shows only its garment.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for split in ("train", "val"):
        # Ultralytics numbers the folders that it finds, so every class needs one.
        for class_id in range(len(GARMENT_NAMES)):
            (folder / split / f"{class_id:02}").mkdir(parents=True)
    for photo in photos:
        _write_cutouts(photo, folder / ("train" if photo.split == "train" else "val"))
    return folder


def _write_cutouts(photo: LabelledPhoto, folder: Path) -> None:
    pixels = pixels_of(photo)
    for number, label in enumerate(photo.labels):
        piece = pixels if label.origin == "catalogue" else _piece(pixels, label)
        if min(piece.shape[:2]) >= _MIN_PIXELS:
            class_id = GARMENT_NAMES.index(label.garment)
            file = folder / f"{class_id:02}" / f"{photo.sha256[:32]}-{number}.jpg"
            cv2.imwrite(str(file), cv2.cvtColor(_square(piece), cv2.COLOR_RGB2BGR))


def _piece(pixels: Photo, label: Label) -> Photo:
    box = label.box
    x_margin, y_margin = _MARGIN * box.width, _MARGIN * box.height
    top, bottom = max(0, int(box.y_min - y_margin)), int(box.y_max + y_margin) + 1
    left, right = max(0, int(box.x_min - x_margin)), int(box.x_max + x_margin) + 1
    return pixels[top:bottom, left:right]


def _square(piece: Photo) -> NDArray[np.uint8]:
    height, width = piece.shape[:2]
    scale = _SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    square = np.full((_SIDE, _SIDE, 3), PADDING_GREY, dtype=np.uint8)
    top, left = (_SIDE - size[1]) // 2, (_SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = cv2.resize(
        piece, size, interpolation=interpolation
    )
    return square
