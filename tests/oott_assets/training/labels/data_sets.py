"""Small data sets on disk, with clearly different pictures."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from oott_assets.training.labels.labelled_data_set import ReadLabels, read_labelled
from oott_fashion.garments import GARMENT_NAMES

WIDTH, HEIGHT = 64, 48
COAT = "3 0.5 0.5 0.25 0.5\n"


def picture(seed: int) -> Image.Image:
    """Draw blocks from ``seed`` in pale colours, because JPEG would blur small bright blocks."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(30, 226, (6, 8, 1)) + rng.integers(-30, 31, (6, 8, 3))
    return Image.fromarray(blocks.astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1))


def add_photo(images: Path, name: str, seed: int, lines: str | None = COAT) -> Path:
    """Save a picture in ``images``, and ``lines`` in its label file; None writes no label file."""
    images.mkdir(parents=True, exist_ok=True)
    labels = images.parent / "labels"
    labels.mkdir(exist_ok=True)
    picture(seed).save(images / name)
    if lines is not None:
        (labels / name).with_suffix(".txt").write_text(lines)
    return images / name


def write_data_yaml(folder: Path, **changes: object) -> None:
    """Write ``data.yaml`` with ``changes``; a None removes the key."""
    usual: Mapping[str, object] = {
        "train": "train/images",
        "val": "valid/images",
        "names": list(GARMENT_NAMES),
    }
    content = {key: value for key, value in {**usual, **changes}.items() if value is not None}
    (folder / "data.yaml").write_text(yaml.safe_dump(content))


def data_set(folder: Path, lines: str = COAT) -> Path:
    """Write a YOLO data set: ``a.jpg`` in train, labelled by ``lines``; ``b.jpg`` in valid."""
    add_photo(folder / "train/images", "a.jpg", seed=1, lines=lines)
    add_photo(folder / "valid/images", "b.jpg", seed=2)
    write_data_yaml(folder)
    return folder


def problems_in(folder: Path) -> list[str]:
    """Read the data set in ``folder`` and list its problems."""
    return [f"{problem.file}: {problem.what}" for problem in read_labelled(folder).problems]


def names_of(read: ReadLabels) -> list[str]:
    return [photo.file.name for photo in read.photos]
