"""Writes labelled photos as the folders and label files that Ultralytics reads."""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml
from PIL import Image

from oott_assets.training.labels.labelled_photos import LabelledPhoto, content_of
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.photos import read_photo

# Ultralytics skips files with most other suffixes, or with none. It cannot read GIF and HEIC files
# that have another suffix.
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


def write_ultralytics_data_set(photos: Sequence[LabelledPhoto], folder: Path) -> Path:
    """Replace ``folder`` with a data set of ``photos``, and give the path of its ``data.yaml``.

    The photos are linked, not copied. Ultralytics writes caches into the folders that it is given,
    so these cannot be the photos' own folders, which may be read-only. A photo that is in
    ``photos`` twice is in the data set twice.

    Raises:
        PhotoChanged: a photo is missing, or its content has changed since it was labelled.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for split in ("train", "valid"):
        for part in ("images", "labels"):
            (folder / split / part).mkdir(parents=True)
    copies: Counter[str] = Counter()
    files: dict[str, Path] = {}
    for photo in photos:
        copies[photo.sha256] += 1
        if copies[photo.sha256] == 1:
            files[photo.sha256] = _readable_file(photo, folder.absolute())
        file, name = files[photo.sha256], f"{photo.sha256[:32]}-{copies[photo.sha256]}"
        # It reads a photo by its content, but skips files with suffixes that it does not know.
        suffix = file.suffix.lower() if file.suffix.lower() in _SUFFIXES else ".jpg"
        link = folder / photo.split / "images" / f"{name}{suffix}"
        link.symlink_to(file)
        labels = folder / photo.split / "labels" / f"{name}.txt"
        labels.write_text("".join(f"{line}\n" for line in yolo_lines(photo)))
    data_yaml = folder / "data.yaml"
    names = dict(enumerate(GARMENT_NAMES))
    splits = {"train": "train/images", "val": "valid/images"}
    data_yaml.write_text(yaml.safe_dump({"path": str(folder.resolve()), **splits, "names": names}))
    return data_yaml


def _readable_file(photo: LabelledPhoto, folder: Path) -> Path:
    """Give a file that Ultralytics can read: the file of ``photo``, or a JPEG of it in ``folder``.

    Raises:
        PhotoChanged: the photo is missing, or its content has changed since it was labelled.
    """
    content = content_of(photo)
    if not content.startswith(b"GIF") and content[4:8] != b"ftyp":
        return photo.file
    file = folder / "converted" / f"{photo.sha256}.jpg"
    file.parent.mkdir(exist_ok=True)
    Image.fromarray(read_photo(content)).save(file, quality=95)
    return file


def yolo_lines(photo: LabelledPhoto) -> list[str]:
    """Write the labels as YOLO does: class id, centre and size as fractions of the photo."""
    return [
        " ".join(
            [
                str(GARMENT_NAMES.index(label.garment)),
                f"{(label.box.x_min + label.box.x_max) / 2 / photo.width:.6f}",
                f"{(label.box.y_min + label.box.y_max) / 2 / photo.height:.6f}",
                f"{label.box.width / photo.width:.6f}",
                f"{label.box.height / photo.height:.6f}",
            ]
        )
        for label in photo.labels
    ]
