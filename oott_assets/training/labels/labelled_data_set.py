"""Reads a data set that people labelled, and lists its problems."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from oott_assets.training.labels.data_yaml import yolo_data_set
from oott_assets.training.labels.findings import Findings, Problem, shortened
from oott_assets.training.labels.label_studio import (
    LABEL_STUDIO,
    label_studio_export,
    split_by_content,
)
from oott_assets.training.labels.labelled_photos import (
    LabelledPhoto,
    Split,
    count_boxes,
    in_split,
)
from oott_assets.training.labels.photo_label_pairs import (
    DataSet,
    LabelledFile,
    UnreadableFile,
    labelled_files,
    read_limited,
)
from oott_assets.training.labels.yolo_label_lines import read_labels
from oott_fashion.vision.near_duplicates import (
    PerceptualHash,
    groups_of,
    near_duplicates,
    perceptual_hash_of,
)
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo

_MAX_PHOTO_BYTES = 30 * 2**20


class NotADataSet(ValueError):
    """The folder is neither a YOLO data set nor a YOLO export of Label Studio."""


class Leak(NamedTuple):
    """A train photo that is left out because it shows the same picture as ``valid``."""

    train: str
    valid: str


class ReadLabels(NamedTuple):
    """A data set: its photos by file name, its problems, its leaked photos and the remarks."""

    photos: tuple[LabelledPhoto, ...]
    problems: tuple[Problem, ...]
    leaked: tuple[Leak, ...]
    remarks: tuple[str, ...]
    kind: str


def read_labelled(folder: Path) -> ReadLabels:
    """Read and check the data set in ``folder``; photos are read only if its layout is valid.

    Raises:
        NotADataSet: the folder has neither kind of data set.
    """
    findings = Findings(Path(os.path.abspath(folder)))
    data_set = _data_set_in(findings)
    # With another list of garments, every class id would be read as the wrong garment.
    layout_is_valid = not findings.problems
    read = _read_all(data_set, findings) if layout_is_valid else []
    photos = [photo for photo, _ in read]
    groups = groups_of(len(read), near_duplicates([perceptual_hash for _, perceptual_hash in read]))
    if data_set.kind == LABEL_STUDIO:
        photos = split_by_content(photos, groups)
    leaked = _leaked(photos, groups)
    _remark_on_duplicates(photos, groups, findings)
    kept = sorted(photo for photo in photos if photo.file not in leaked)
    if layout_is_valid:
        _check_splits(kept, data_set, len(leaked), findings)
    if not findings.problems:
        _remark_on_missing_garments(kept, findings)
    return ReadLabels(
        tuple(kept),
        tuple(findings.problems),
        tuple(Leak(*map(findings.name_of, pair)) for pair in sorted(leaked.items())),
        tuple(findings.remarks),
        data_set.kind,
    )


def _data_set_in(findings: Findings) -> DataSet:
    folder = findings.folder
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise NotADataSet(
            f"{folder} cannot be listed: {error.strerror}; expected the folder of a data set"
        ) from error
    if "data.yaml" in names:
        return yolo_data_set(folder / "data.yaml", findings)
    if "classes.txt" in names:
        return label_studio_export(folder / "classes.txt", findings)
    raise NotADataSet(
        f"{folder} has neither data.yaml (of a YOLO data set) nor classes.txt (of a YOLO export of "
        f"Label Studio); found: {shortened(names)}"
    )


def _read_all(data_set: DataSet, findings: Findings) -> list[tuple[LabelledPhoto, PerceptualHash]]:
    read = [
        _read(file, data_set, findings)
        for folder in data_set.folders
        for file in labelled_files(folder, findings)
    ]
    return [photo_and_hash for photo_and_hash in read if photo_and_hash is not None]


def _read(
    file: LabelledFile, data_set: DataSet, findings: Findings
) -> tuple[LabelledPhoto, PerceptualHash] | None:
    try:
        # Parquet, YAML and the reports store the name as UTF-8 text.
        str(file.photo).encode()
        content = read_limited(file.photo, _MAX_PHOTO_BYTES)
        pixels = read_photo(content)
    except UnicodeEncodeError:
        findings.add_problem(file.photo, "its name is not UTF-8; rename it and its label file")
        return None
    except (UnreadableFile, UnreadablePhoto, PhotoTooLarge) as error:
        findings.add_problem(file.photo, str(error))
        return None
    height, width = pixels.shape[:2]
    labels = read_labels(file.labels, data_set.garments, width, height, findings)
    sha256 = hashlib.sha256(content).hexdigest()
    return LabelledPhoto(file.photo, sha256, width, height, file.split, labels), perceptual_hash_of(
        pixels
    )


def _leaked(photos: Sequence[LabelledPhoto], groups: Sequence[int]) -> dict[Path, Path]:
    """Map each train file whose picture is also in valid to a file of valid."""
    valid = {
        group: photo.file
        for photo, group in zip(photos, groups, strict=True)
        if photo.split == "valid"
    }
    return {
        photo.file: valid[group]
        for photo, group in zip(photos, groups, strict=True)
        if photo.split == "train" and group in valid
    }


def _remark_on_duplicates(
    photos: Sequence[LabelledPhoto], groups: Sequence[int], findings: Findings
) -> None:
    first: dict[tuple[Split, int], LabelledPhoto] = {}
    for photo, group in zip(photos, groups, strict=True):
        earlier = first.setdefault((photo.split, group), photo)
        if earlier is not photo:
            same = f"shows the same picture as {findings.name_of(earlier.file)}"
            difference = "" if photo.labels == earlier.labels else ", but has other boxes"
            findings.add_remark(photo.file, same + difference)


def _check_splits(
    photos: Sequence[LabelledPhoto], data_set: DataSet, leaked: int, findings: Findings
) -> None:
    for split in ("train", "valid"):
        if in_split(photos, split):
            continue
        reason = f" ({leaked} left out because valid shows the same pictures)" if leaked else ""
        if data_set.kind == LABEL_STUDIO:
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
