"""Labelled photos, and their storage as a parquet file with one row per photo.

The photos are not copied. The file stores their paths, hashes and labels, and who labelled them.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from oott_assets.parquet import from_parquet, to_parquet
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo, PhotoTooLarge, UnreadablePhoto, read_photo

Split = Literal["train", "valid"]

# The origin of labels that people drew; other origins are names of labellers.
BY_PEOPLE = "main_data"


class PhotoChanged(ValueError):
    """The photo file is missing, or has changed since it was labelled."""


class Label(NamedTuple):
    """A garment and its box in pixels of the upright photo; people's labels have confidence 1."""

    garment: str
    box: Box
    confidence: float
    origin: str


class LabelledPhoto(NamedTuple):
    """A photo file, its size in upright pixels, and its labels; no labels means no garments."""

    file: Path
    sha256: str
    width: int
    height: int
    split: Split
    labels: tuple[Label, ...]


_LABEL = pa.struct(
    [
        ("garment", pa.string()),
        *((edge, pa.float64()) for edge in Box._fields),
        ("score", pa.float64()),
        ("origin", pa.string()),
    ]
)
_PHOTOS = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("labels", pa.list_(_LABEL), nullable=False),
    ]
)


def parquet_of_photos(photos: Sequence[LabelledPhoto]) -> bytes:
    """Encode labelled photos as a parquet file."""
    rows = [
        {
            **photo._asdict(),
            "file": str(photo.file),
            "labels": [_label_row(label) for label in photo.labels],
        }
        for photo in photos
    ]
    return to_parquet(pa.Table.from_pylist(rows, schema=_PHOTOS))


def _label_row(label: Label) -> dict[str, object]:
    return {
        "garment": label.garment,
        **label.box._asdict(),
        "score": label.confidence,
        "origin": label.origin,
    }


def photos_of_parquet(content: bytes) -> list[LabelledPhoto]:
    """Decode labelled photos from a parquet file; other bytes raise any error."""
    return [_photo_of(row) for row in from_parquet(content).to_pylist()]


def version_of(photos: Iterable[LabelledPhoto]) -> str:
    """Hash what a detector learns from: the content, split and boxes of photos, not their paths."""
    lines = sorted(
        f"{photo.sha256} {photo.split} {[_garment_and_box(label) for label in photo.labels]}"
        for photo in photos
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _garment_and_box(label: Label) -> tuple[str | float, ...]:
    # A parquet file returns the integer 3 as 3.0, so all numbers become floats before the hash.
    return (label.garment, *map(float, label.box))


def content_of(photo: LabelledPhoto) -> bytes:
    """Read the file of ``photo``.

    Raises:
        PhotoChanged: the file is missing, or its content has changed since it was labelled.
    """
    try:
        content = photo.file.read_bytes()
    except OSError as error:
        raise _changed(photo, f"cannot be read ({error.strerror})") from error
    if hashlib.sha256(content).hexdigest() != photo.sha256:
        raise _changed(photo, "has changed since it was labelled")
    return content


def pixels_of(photo: LabelledPhoto) -> Photo:
    """Read the pixels: RGB, shape (height, width, 3), 0..255.

    Raises:
        PhotoChanged: the file is missing, or has changed since it was labelled.
    """
    try:
        return read_photo(content_of(photo))
    except (UnreadablePhoto, PhotoTooLarge) as error:
        raise _changed(photo, f"cannot be read ({error})") from error


def _changed(photo: LabelledPhoto, how: str) -> PhotoChanged:
    return PhotoChanged(f"{photo.file} {how}; materialise main_data and sub_data again")


def in_split(photos: Iterable[LabelledPhoto], split: Split) -> list[LabelledPhoto]:
    """Select the photos of ``split``."""
    return [photo for photo in photos if photo.split == split]


def has_origin(photo: LabelledPhoto, origin: str) -> bool:
    """Tell whether ``photo`` has labels and all of them are from ``origin``."""
    return bool(photo.labels) and all(label.origin == origin for label in photo.labels)


def count_boxes(photos: Iterable[LabelledPhoto]) -> dict[str, int]:
    """Count the boxes of every garment, in class-id order; a garment without boxes counts 0."""
    boxes = Counter(label.garment for photo in photos for label in photo.labels)
    return {garment: boxes[garment] for garment in GARMENT_NAMES}


def _photo_of(row: dict[str, Any]) -> LabelledPhoto:
    labels = tuple(
        Label(
            label["garment"],
            Box(*(label[edge] for edge in Box._fields)),
            label["score"],
            label["origin"],
        )
        for label in row["labels"]
    )
    return LabelledPhoto(**{**row, "file": Path(row["file"]), "labels": labels})
