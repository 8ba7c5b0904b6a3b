"""Labelled photos read from a data set that people made, and all that is wrong with them."""

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
    garments_in,
    in_split,
)
from oott_assets.training.labels.photo_label_pairs import (
    DataSet,
    LabelledFile,
    UnreadableFile,
    content_of,
    labelled_files,
)
from oott_assets.training.labels.yolo_label_lines import labels_in
from oott_fashion.vision.near_duplicates import (
    PerceptualHash,
    groups_of,
    near_duplicates,
    perceptual_hash_of,
)
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo

_MAX_PHOTO_BYTES = 30 * 2**20


class NotADataSet(ValueError):
    """A folder that is neither a YOLO data set nor a Label Studio YOLO export."""


class Leak(NamedTuple):
    """A photo of train, left out since ``valid`` shows the same picture; both by name."""

    train: str
    valid: str


class ReadLabels(NamedTuple):
    """A data set: its photos by file name, what must stop training, and what is worth knowing."""

    photos: tuple[LabelledPhoto, ...]
    problems: tuple[Problem, ...]
    leaked: tuple[Leak, ...]
    remarks: tuple[str, ...]
    kind: str


def read_labelled(folder: Path) -> ReadLabels:
    """Read and check the data set in ``folder``; photos are opened where its layout is sound.

    Raises:
        NotADataSet: it holds neither kind of data set.
    """
    findings = Findings(Path(os.path.abspath(folder)))
    data_set = _data_set_in(findings)
    # Labels of another list of garments would be taken for others.
    sound = not findings.problems
    read = _read_all(data_set, findings) if sound else []
    photos = [photo for photo, _ in read]
    groups = groups_of(len(read), near_duplicates([perceptual_hash for _, perceptual_hash in read]))
    if data_set.kind == LABEL_STUDIO:
        photos = split_by_content(photos, groups)
    leaked = _leaked(photos, groups)
    _remark_repeats(photos, groups, findings)
    kept = sorted(photo for photo in photos if photo.file not in leaked)
    if sound:
        _check_splits(kept, data_set, len(leaked), findings)
    if not findings.problems:
        _remark_garments(kept, findings)
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
        names = sorted(it.name for it in folder.iterdir())
    except OSError as error:
        raise NotADataSet(
            f"{folder} cannot be listed: {error.strerror}; expected the folder of a data set"
        ) from error
    if "data.yaml" in names:
        return yolo_data_set(folder / "data.yaml", findings)
    if "classes.txt" in names:
        return label_studio_export(folder / "classes.txt", findings)
    raise NotADataSet(
        f"{folder} holds neither data.yaml, as a YOLO data set, nor classes.txt, as a Label Studio "
        f"YOLO export; found: {shortened(names)}"
    )


def _read_all(data_set: DataSet, findings: Findings) -> list[tuple[LabelledPhoto, PerceptualHash]]:
    read = [
        _read(file, data_set, findings)
        for folder in data_set.folders
        for file in labelled_files(folder, findings)
    ]
    return [it for it in read if it is not None]


def _read(
    file: LabelledFile, data_set: DataSet, findings: Findings
) -> tuple[LabelledPhoto, PerceptualHash] | None:
    try:
        # Parquet, YAML and every report hold text.
        str(file.photo).encode()
        content = content_of(file.photo, _MAX_PHOTO_BYTES)
        pixels = read_photo(content)
    except UnicodeEncodeError:
        findings.problem(file.photo, "its name is not UTF-8; rename it and its label file")
        return None
    except (UnreadableFile, UnreadablePhoto, PhotoTooLarge) as error:
        findings.problem(file.photo, str(error))
        return None
    height, width = pixels.shape[:2]
    labels = labels_in(file.labels, data_set.garments, width, height, findings)
    sha256 = hashlib.sha256(content).hexdigest()
    return LabelledPhoto(file.photo, sha256, width, height, file.split, labels), perceptual_hash_of(
        pixels
    )


def _leaked(photos: Sequence[LabelledPhoto], groups: Sequence[int]) -> dict[Path, Path]:
    """Find the files of train whose picture is in valid, too, and a file of valid for each."""
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


def _remark_repeats(
    photos: Sequence[LabelledPhoto], groups: Sequence[int], findings: Findings
) -> None:
    first: dict[tuple[Split, int], LabelledPhoto] = {}
    for photo, group in zip(photos, groups, strict=True):
        earlier = first.setdefault((photo.split, group), photo)
        if earlier is not photo:
            same = f"shows the same picture as {findings.name_of(earlier.file)}"
            otherwise = "" if photo.labels == earlier.labels else ", with other boxes"
            findings.remark(photo.file, same + otherwise)


def _check_splits(
    photos: Sequence[LabelledPhoto], data_set: DataSet, leaked: int, findings: Findings
) -> None:
    for split in ("train", "valid"):
        if in_split(photos, split):
            continue
        why = f", after {leaked} were left out that valid shows, too" if leaked else ""
        if data_set.kind == LABEL_STUDIO:
            why = f"; a fifth of the {len(photos)} found is drawn into valid by content: label more"
        findings.problem(
            findings.folder,
            f"no labelled photo in {split}{why}; expected photos in train and in valid",
        )


def _remark_garments(photos: Sequence[LabelledPhoto], findings: Findings) -> None:
    lacks: dict[Split, str] = {"train": "cannot be learnt", "valid": "cannot be measured"}
    for split, lack in lacks.items():
        boxes = garments_in(in_split(photos, split))
        absent = [garment for garment, count in boxes.items() if not count]
        if absent:
            findings.remarks.append(f"without a box in {split}, {lack}: {', '.join(absent)}")
