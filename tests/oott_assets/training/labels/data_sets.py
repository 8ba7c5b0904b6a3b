"""Small data sets on disk, of pictures that are easily told apart."""

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
    """Draw pale blocks, others for each ``seed``; JPEG would blur bright colours this small."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(30, 226, (6, 8, 1)) + rng.integers(-30, 31, (6, 8, 3))
    return Image.fromarray(blocks.astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1))


def add_photo(images: Path, name: str, seed: int, lines: str | None = COAT) -> Path:
    """Save a picture in ``images`` and, unless None, its label lines in the labels beside it."""
    images.mkdir(parents=True, exist_ok=True)
    labels = images.parent / "labels"
    labels.mkdir(exist_ok=True)
    picture(seed).save(images / name)
    if lines is not None:
        (labels / name).with_suffix(".txt").write_text(lines)
    return images / name


def write_page(folder: Path, **said: object) -> None:
    """Write ``data.yaml``; what is None is left out."""
    usual: Mapping[str, object] = {
        "train": "train/images",
        "val": "valid/images",
        "names": list(GARMENT_NAMES),
    }
    page = {key: value for key, value in {**usual, **said}.items() if value is not None}
    (folder / "data.yaml").write_text(yaml.safe_dump(page))


def data_set(folder: Path, lines: str = COAT) -> Path:
    """Write a YOLO data set: ``a.jpg`` in train, labelled by ``lines``; ``b.jpg`` in valid."""
    add_photo(folder / "train/images", "a.jpg", seed=1, lines=lines)
    add_photo(folder / "valid/images", "b.jpg", seed=2)
    write_page(folder)
    return folder


def problems_in(folder: Path) -> list[str]:
    """Read the data set in ``folder`` and give what must stop training."""
    return [f"{problem.file}: {problem.what}" for problem in read_labelled(folder).problems]


def names_of(read: ReadLabels) -> list[str]:
    return [photo.file.name for photo in read.photos]
