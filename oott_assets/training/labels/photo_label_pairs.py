"""The photos of a split and the text files that label them, paired by name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from oott_assets.photos.sources.folder import photos_under
from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.labelled_photos import Split

# Some 20,000 boxes; a photo of a crowd has a hundred.
_MAX_TEXT_BYTES = 1_000_000


class SplitFolder(NamedTuple):
    """Photos under ``images``, each labelled by the file of its name under ``labels``."""

    images: Path
    labels: Path
    split: Split


class DataSet(NamedTuple):
    """What a data set says of itself; ``garments`` by class id, as it is written in label files."""

    kind: str
    garments: Mapping[str, str]
    folders: tuple[SplitFolder, ...]


class LabelledFile(NamedTuple):
    """A photo file and the file that labels it."""

    photo: Path
    labels: Path
    split: Split


class UnreadableFile(ValueError):
    """A file that cannot be read, or is larger than it may be."""


def labelled_files(folder: SplitFolder, findings: Findings) -> list[LabelledFile]:
    """Pair the photos and label files of ``folder``; those left alone are problems."""
    if not all(_is_there(place, findings) for place in (folder.images, folder.labels)):
        return []
    try:
        photos = photos_under(folder.images)
        texts = {text.relative_to(folder.labels): text for text in _texts_under(folder.labels)}
    except PhotosUnknown as error:
        findings.problem(folder.images, str(error))
        return []
    except OSError as error:
        findings.problem(folder.labels, f"cannot be listed: {error.strerror}")
        return []
    # a.jpg and a.png are both labelled by a.txt.
    names = [photo.relative_to(folder.images).with_suffix(".txt") for photo in photos]
    _report_lone_files(folder, dict(zip(names, photos, strict=True)), texts, findings)
    return [
        LabelledFile(photo, texts[name], folder.split)
        for name, photo in zip(names, photos, strict=True)
        if name in texts
    ]


def content_of(file: Path, max_bytes: int) -> bytes:
    """Read ``file``, looking at its size first.

    Raises:
        UnreadableFile: it has more than ``max_bytes``, is no file, or may not be read.
    """
    try:
        size = file.stat().st_size
        if not file.is_file():
            raise UnreadableFile("is no file of bytes")
        if size > max_bytes:
            raise UnreadableFile(f"has {size:,} bytes; at most {max_bytes:,} are allowed")
        return file.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror or error}") from error


def text_of(file: Path) -> str:
    """Read a text file of at most 1 MB.

    Raises:
        UnreadableFile: it cannot be read, is larger, or is not UTF-8.
    """
    try:
        return content_of(file, _MAX_TEXT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("is not UTF-8 text; save it as such") from error


def _report_lone_files(
    folder: SplitFolder,
    photos: Mapping[Path, Path],
    texts: Mapping[Path, Path],
    findings: Findings,
) -> None:
    """Report photos without labels and labels without a photo, both by the name of the labels."""
    for name in sorted(photos.keys() - texts.keys()):
        expected = findings.name_of(folder.labels / name)
        findings.problem(
            photos[name], f"has no labels; expected {expected}, empty if no garment is in sight"
        )
    for name in sorted(texts.keys() - photos.keys()):
        # Labelling tools leave their list of classes among the labels.
        if name.name != "classes.txt":
            images = findings.name_of(folder.images)
            findings.problem(texts[name], f"labels no photo; expected one in {images}")


def _is_there(folder: Path, findings: Findings) -> bool:
    if not os.path.isdir(folder):
        findings.problem(folder, "is no folder; expected photos in images and labels beside it")
        return False
    return True


def _texts_under(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise error

    # rglob would pass over a folder that cannot be listed.
    return [
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if name.endswith(".txt") and not name.startswith(".")
    ]
