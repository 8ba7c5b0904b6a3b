"""Data sets laid out in folders as Ultralytics reads them."""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml

from oott_assets.training.labels.labelled_photos import LabelledPhoto, content_of
from oott_fashion.garments import GARMENT_NAMES


def lay_out(photos: Sequence[LabelledPhoto], folder: Path) -> Path:
    """Link ``photos`` and write their labels in place of what is in ``folder``; name its page.

    Photos are linked rather than copied, and apart from where they lie, since Ultralytics writes
    beside them and their folder may be read-only. A photo that comes twice is seen twice.

    Raises:
        PhotoChanged: a photo is gone, or its content has changed since it was labelled.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for split in ("train", "valid"):
        for part in ("images", "labels"):
            (folder / split / part).mkdir(parents=True)
    seen: Counter[str] = Counter()
    for photo in photos:
        seen[photo.sha256] += 1
        if seen[photo.sha256] == 1:
            content_of(photo)  # refuses what has changed
        name = f"{photo.sha256[:32]}-{seen[photo.sha256]}"
        link = folder / photo.split / "images" / f"{name}{photo.file.suffix.lower()}"
        link.symlink_to(photo.file)
        labels = folder / photo.split / "labels" / f"{name}.txt"
        labels.write_text("".join(f"{line}\n" for line in yolo_lines(photo)))
    page = folder / "data.yaml"
    names = dict(enumerate(GARMENT_NAMES))
    splits = {"train": "train/images", "val": "valid/images"}
    page.write_text(yaml.safe_dump({"path": str(folder.resolve()), **splits, "names": names}))
    return page


def yolo_lines(photo: LabelledPhoto) -> list[str]:
    """Write the labels of ``photo`` as YOLO does: class, centre and size as shares of the photo."""
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
