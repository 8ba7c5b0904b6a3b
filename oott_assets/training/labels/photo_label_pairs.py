"""Pairs the photos of a split with their label files, by name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from oott_assets.photos.sources.folder import photos_under
from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.labelled_photos import Split

# About 20,000 boxes; a photo of a crowd has a hundred.
_MAX_TEXT_BYTES = 1_000_000


class SplitFolder(NamedTuple):
    """Photos under ``images``, and label files with the same names under ``labels``."""

    images: Path
    labels: Path
    split: Split


class DataSet(NamedTuple):
    """The garments and folders of a data set; ``garments`` is keyed by class id as text."""

    garments: Mapping[str, str]
    folders: tuple[SplitFolder, ...]


class LabelledFile(NamedTuple):
    """A photo file and its label file."""

    photo: Path
    labels: Path
    split: Split


class UnreadableFile(ValueError):
    """The file cannot be read, or is too large."""


def labelled_files(folder: SplitFolder, findings: Findings) -> list[LabelledFile]:
    """Pair the photos and label files of ``folder``; unpaired files become problems."""
    if not all(_is_folder(path, findings) for path in (folder.images, folder.labels)):
        return []
    try:
        photos = photos_under(folder.images)
        texts = {text.relative_to(folder.labels): text for text in _texts_under(folder.labels)}
    except PhotosUnknown as error:
        findings.add_problem(folder.images, str(error))
        return []
    except OSError as error:
        findings.add_problem(folder.labels, f"cannot be listed: {error.strerror}")
        return []
    # a.jpg and a.png have the same label file, a.txt.
    names = [photo.relative_to(folder.images).with_suffix(".txt") for photo in photos]
    _report_unpaired_files(folder, dict(zip(names, photos, strict=True)), texts, findings)
    return [
        LabelledFile(photo, texts[name], folder.split)
        for name, photo in zip(names, photos, strict=True)
        if name in texts
    ]


def read_limited(file: Path, max_bytes: int) -> bytes:
    """Read ``file`` after checking its size.

    Raises:
        UnreadableFile: it has more than ``max_bytes``, is not a file, or cannot be read.
    """
    try:
        size = file.stat().st_size
        if not file.is_file():
            raise UnreadableFile("is not a regular file")
        if size > max_bytes:
            raise UnreadableFile(f"has {size:,} bytes; at most {max_bytes:,} are allowed")
        return file.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror or error}") from error


def read_text(file: Path) -> str:
    """Read a text file of at most 1 MB.

    Raises:
        UnreadableFile: it cannot be read, is larger, or is not UTF-8.
    """
    try:
        return read_limited(file, _MAX_TEXT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("is not UTF-8 text; save it as UTF-8") from error


def _report_unpaired_files(
    folder: SplitFolder,
    photos: Mapping[Path, Path],
    texts: Mapping[Path, Path],
    findings: Findings,
) -> None:
    """Report photos without a label file and label files without a photo.

    Both mappings are keyed by the name of the label file.
    """
    for name in sorted(photos.keys() - texts.keys()):
        expected = findings.name_of(folder.labels / name)
        findings.add_problem(
            photos[name],
            f"has no label file; expected {expected}, empty if the photo shows no garment",
        )
    for name in sorted(texts.keys() - photos.keys()):
        # Labelling tools write their list of classes into the label folder.
        if name.name != "classes.txt":
            images = findings.name_of(folder.images)
            findings.add_problem(texts[name], f"has no photo; expected one in {images}")


def _is_folder(path: Path, findings: Findings) -> bool:
    if not os.path.isdir(path):
        findings.add_problem(
            path, "is not a folder; expected photos in images and label files in labels"
        )
        return False
    return True


def _texts_under(folder: Path) -> list[Path]:
    def raise_error(error: OSError) -> None:
        raise error

    # rglob would silently skip a folder that cannot be listed.
    return [
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=raise_error)
        for name in names
        if name.endswith(".txt") and not name.startswith(".")
    ]
