"""Reads the data sets that people labelled, and lists their problems."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from oott_assets.photos.sources.photo_files import UnreadableFile, read_limited
from oott_assets.training.labels.findings import Findings, Problem
from oott_assets.training.labels.joined_data_sets import (
    PhotoPair,
    ReadPhoto,
    labelled_again,
    leaked,
    with_splits,
)
from oott_assets.training.labels.labelled_photos import (
    LabelledPhoto,
    Split,
    count_boxes,
    in_split,
)
from oott_assets.training.labels.opened_data_set import (
    OpenedDataSet,
    PhotoToRead,
    open_data_set,
)
from oott_fashion.vision.near_duplicates import (
    PerceptualHash,
    groups_of,
    perceptual_hash_of,
)
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo

_MAX_PHOTO_BYTES = 30 * 2**20


class LeftOut(NamedTuple):
    """A photo file that is left out, and a file that shows the same picture."""

    photo: str
    same_as: str


class ReadLabels(NamedTuple):
    """The photos of all data sets by file name, and the problems and remarks.

    ``leaked`` are train photos whose picture is in valid. ``labelled_again`` are photos of older
    data sets whose picture a later data set labels again. ``data_sets`` has each folder with its
    kind.
    """

    photos: tuple[LabelledPhoto, ...]
    problems: tuple[Problem, ...]
    leaked: tuple[LeftOut, ...]
    labelled_again: tuple[LeftOut, ...]
    remarks: tuple[str, ...]
    data_sets: tuple[tuple[str, str], ...]


def read_labelled(*folders: Path) -> ReadLabels:
    """Read and check the data sets in ``folders``, oldest first.

    If a layout is not valid, no photos are returned. If two data sets have the same picture, the
    labels of the later one count.

    Raises:
        NotADataSet: a folder has no data set.
    """
    absolute = list(dict.fromkeys(Path(os.path.abspath(folder)) for folder in folders))
    findings = Findings(Path(os.path.commonpath(absolute)))
    data_sets = [open_data_set(folder, findings) for folder in absolute]
    layout_is_valid = not findings.problems
    # The photos of an invalid layout are read as well, so that all problems are listed at once.
    every_photo = _read_all(data_sets, findings)
    # With another list of garments, every class id would be read as the wrong garment.
    read = with_splits(every_photo if layout_is_valid else [])
    again = labelled_again(read)
    current = _without(again, read)
    leaks = leaked(current)
    _remark_on_duplicates(current, findings)
    kept = sorted(photo.photo for photo in _without(leaks, current))
    if layout_is_valid:
        _check_splits(kept, data_sets, len(leaks), findings)
    if not findings.problems:
        _remark_on_missing_garments(kept, findings)
    return ReadLabels(
        tuple(kept),
        tuple(findings.problems),
        _names_of(leaks, findings),
        _names_of(again, findings),
        tuple(findings.remarks),
        tuple((str(folder), one.kind) for folder, one in zip(absolute, data_sets, strict=True)),
    )


def _without(pairs: Sequence[PhotoPair], photos: Sequence[ReadPhoto]) -> list[ReadPhoto]:
    left_out = {pair.left_out for pair in pairs}
    return [photo for photo in photos if photo not in left_out]


def _names_of(pairs: Sequence[PhotoPair], findings: Findings) -> tuple[LeftOut, ...]:
    files = sorted((pair.left_out.photo.file, pair.kept.photo.file) for pair in pairs)
    return tuple(LeftOut(*map(findings.name_of, pair)) for pair in files)


def _read_all(data_sets: Sequence[OpenedDataSet], findings: Findings) -> list[ReadPhoto]:
    read = [
        (position, photo_and_hash)
        for position, data_set in enumerate(data_sets)
        for file in data_set.photos()
        if (photo_and_hash := _read(file, findings)) is not None
    ]
    hashes = [perceptual_hash for _, (_, perceptual_hash) in read]
    groups = groups_of(hashes)
    return [
        ReadPhoto(photo, position, group, data_sets[position].has_split)
        for (position, (photo, _)), group in zip(read, groups, strict=True)
    ]


def _read(file: PhotoToRead, findings: Findings) -> tuple[LabelledPhoto, PerceptualHash] | None:
    try:
        # Parquet, YAML and the reports store the name as UTF-8 text.
        str(file.file).encode()
        content = read_limited(file.file, _MAX_PHOTO_BYTES)
        pixels = read_photo(content)
    except UnicodeEncodeError:
        findings.add_problem(file.file, "its name is not UTF-8; rename it and its label file")
        return None
    except (UnreadableFile, UnreadablePhoto, PhotoTooLarge) as error:
        findings.add_problem(file.file, str(error))
        return None
    height, width = pixels.shape[:2]
    sha256 = hashlib.sha256(content).hexdigest()
    labels = file.labels(width, height)
    photo = LabelledPhoto(file.file, sha256, width, height, file.split, labels)
    return photo, perceptual_hash_of(pixels)


def _remark_on_duplicates(photos: Sequence[ReadPhoto], findings: Findings) -> None:
    first: dict[tuple[Split, int], LabelledPhoto] = {}
    for read in photos:
        earlier = first.setdefault((read.photo.split, read.group), read.photo)
        if earlier is not read.photo:
            same = f"shows the same picture as {findings.name_of(earlier.file)}"
            difference = "" if read.photo.labels == earlier.labels else ", but has other boxes"
            findings.add_remark(read.photo.file, same + difference)


def _check_splits(
    photos: Sequence[LabelledPhoto],
    data_sets: Sequence[OpenedDataSet],
    leaks: int,
    findings: Findings,
) -> None:
    for split in ("train", "valid"):
        if in_split(photos, split):
            continue
        reason = f" ({leaks} left out because valid shows the same pictures)" if leaks else ""
        if not any(data_set.has_split for data_set in data_sets):
            reason = (
                f" (one fifth of the {len(photos)} photos is assigned to valid by content hash; "
                "label more photos)"
            )
        findings.add_problem(
            findings.folder,
            f"has no labelled photo in {split}{reason}; expected photos in train and in valid",
        )


def _remark_on_missing_garments(photos: Sequence[LabelledPhoto], findings: Findings) -> None:
    effects: dict[Split, str] = {"train": "cannot be learnt", "valid": "cannot be measured"}
    for split, effect in effects.items():
        boxes = count_boxes(in_split(photos, split))
        missing = [garment for garment, count in boxes.items() if not count]
        if missing:
            findings.remarks.append(
                f"garments without a box in {split}, which {effect}: {', '.join(missing)}"
            )
