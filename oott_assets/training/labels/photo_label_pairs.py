"""Pairs the photos of a split with their label files, by name."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from oott_assets.photos.sources.photo_files import (
    UnreadableFile,
    composed,
    files_in,
    read_limited,
)
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


def labelled_files(folder: SplitFolder, findings: Findings) -> list[LabelledFile]:
    """Pair the photos and label files of ``folder``; unpaired files become problems."""
    if not all(_is_folder(path, findings) for path in (folder.images, folder.labels)):
        return []
    root = findings.folder if folder.images.is_relative_to(findings.folder) else folder.images
    try:
        found = [
            (_stem_below(folder.images, file), file, why)
            for file, why in files_in(folder.images, root)
        ]
        texts = _texts_under(folder.labels, findings)
    except PhotosUnknown as error:
        findings.add_problem(folder.images, str(error))
        return []
    except OSError as error:
        findings.add_problem(folder.labels, f"cannot be listed: {error.strerror}")
        return []
    photos = [(stem, file) for stem, file, skipped_because in found if skipped_because is None]
    for stem, file, skipped_because in found:
        if skipped_because is not None and stem in texts:
            findings.add_problem(file, skipped_because)
    _report_unpaired_files(folder, dict(photos), texts, {stem for stem, *_ in found}, findings)
    return [LabelledFile(file, texts[stem], folder.split) for stem, file in photos if stem in texts]


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
    photos: Mapping[str, Path],
    texts: Mapping[str, Path],
    reported: Collection[str],
    findings: Findings,
) -> None:
    """Report photos without a label file and label files without a photo.

    The mappings are keyed by ``_stem_below``.
    """
    for stem in sorted(photos.keys() - texts.keys()):
        label = photos[stem].relative_to(folder.images).with_suffix(".txt")
        expected = findings.name_of(folder.labels / label)
        findings.add_problem(
            photos[stem],
            f"has no label file; expected {expected}, empty if the photo shows no garment",
        )
    for stem in sorted(texts.keys() - reported):
        # Labelling tools write their list of classes into the label folder.
        if texts[stem].name != "classes.txt":
            images = findings.name_of(folder.images)
            findings.add_problem(texts[stem], f"has no photo; expected one in {images}")


def _is_folder(path: Path, findings: Findings) -> bool:
    if not os.path.isdir(path):
        findings.add_problem(
            path, "is not a folder; expected photos in images and label files in labels"
        )
        return False
    return True


def _stem_below(folder: Path, file: Path) -> str:
    """Give the name by which photo and label file belong together.

    Label Studio writes the names of label files with %, and macOS writes Hangul in parts.
    """
    return composed(unquote(str(file.relative_to(folder).with_suffix(""))))


def _texts_under(folder: Path, findings: Findings) -> dict[str, Path]:
    """List the label files below ``folder`` by ``_stem_below``."""

    def raise_error(error: OSError) -> None:
        raise error

    texts: dict[str, Path] = {}
    # rglob would silently skip a folder that cannot be listed.
    for parent, _, names in os.walk(folder, onerror=raise_error):
        for name in names:
            if name.endswith(".txt") and not name.startswith("."):
                text = Path(parent, name)
                if texts.setdefault(_stem_below(folder, text), text) is not text:
                    findings.add_problem(text, "is a second label file of a photo; remove one")
    return texts
