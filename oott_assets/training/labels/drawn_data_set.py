"""Draws a labelled data set: ``python -m oott_assets.training.labels.drawn_data_set FOLDER``.

The box of every drawn garment is known, so nobody has to label the photos. A tenth of the pictures
show no clothes.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np
import yaml

from oott_assets.photos.sources.drawn.drawn_photos import (
    DrawnPhoto,
    draw_photo,
    jpeg_of,
    random_outfit,
)
from oott_assets.photos.sources.drawn.without_clothes import picture_without_clothes
from oott_assets.training.labels.labelled_photos import Label, LabelledPhoto, Split
from oott_assets.training.labels.ultralytics_layout import yolo_lines
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import LocalBlobs

ORIGIN = "drawn"

# The lookbook uses another seed, so that it shows no photos that a detector was trained on.
_SEED = 20
_STREAMS: dict[Split, int] = {"train": 0, "valid": 1}
# Every tenth picture shows no clothes.
_WITHOUT_CLOTHES = 10


class FolderNotEmpty(ValueError):
    """The folder already has files, which would be mixed with the data set."""


def draw_photos(folder: Path, count: int, split: Split) -> list[LabelledPhoto]:
    """Draw the first ``count`` photos of ``split`` into ``folder``; intact files are kept.

    Photos that an earlier call drew beyond ``count`` are deleted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob(f"{'[0-9]' * 5}.jpg"):
        if int(file.stem) >= count:
            file.unlink()
    return [_drawn(folder / f"{index:05}.jpg", index, split) for index in range(count)]


def write_data_set(folder: Path, train: int, valid: int) -> None:
    """Draw a YOLO data set into ``folder``; ``data.yaml`` is written last.

    Raises:
        FolderNotEmpty: the folder already has files.
        OSError: the data set cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty(
            f"{folder} is not empty; choose a new folder, or delete this one first"
        )
    counts: dict[Split, int] = {"train": train, "valid": valid}
    for split, count in counts.items():
        labels = folder / split / "labels"
        labels.mkdir(parents=True, exist_ok=True)
        for photo in draw_photos(folder / split / "images", count, split):
            lines = "".join(f"{line}\n" for line in yolo_lines(photo))
            (labels / f"{photo.file.stem}.txt").write_text(lines)
    content = {"train": "train/images", "val": "valid/images", "names": list(GARMENT_NAMES)}
    (folder / "data.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def _drawn(file: Path, index: int, split: Split) -> LabelledPhoto:
    rng = np.random.default_rng([_SEED, _STREAMS[split], index])
    photo = _with_clothes(rng) if (index + 1) % _WITHOUT_CLOTHES else _without_clothes(rng)
    content = jpeg_of(photo)
    if not file.is_file() or file.read_bytes() != content:
        LocalBlobs(file.parent).write(file.name, content)
    height, width = photo.pixels.shape[:2]
    sha256 = hashlib.sha256(content).hexdigest()
    return LabelledPhoto(file.absolute(), sha256, width, height, split, _labels_of(photo))


def _with_clothes(rng: np.random.Generator) -> DrawnPhoto:
    return draw_photo(random_outfit(rng), rng)


def _without_clothes(rng: np.random.Generator) -> DrawnPhoto:
    pixels = picture_without_clothes(rng)
    return DrawnPhoto(pixels, (), np.zeros(pixels.shape[:2], dtype=np.uint8))


def _labels_of(photo: DrawnPhoto) -> tuple[Label, ...]:
    return tuple(
        Label(garment.garment, box, 1.0, ORIGIN)
        for garment in photo.garments
        for box in garment.boxes
    )


def main() -> None:
    """Read the command line and draw the data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the data set is written")
    parser.add_argument("--train", type=int, default=600, help="photos to train on")
    parser.add_argument("--valid", type=int, default=100, help="photos to validate with")
    arguments = parser.parse_args()
    if min(arguments.train, arguments.valid) < 1:
        sys.exit("drawn_data_set: expected at least one photo for training and one for validation")
    try:
        write_data_set(arguments.folder, arguments.train, arguments.valid)
    except (FolderNotEmpty, OSError) as error:
        sys.exit(f"drawn_data_set: {error}")


if __name__ == "__main__":
    main()
