"""Reads a YOLO export of Label Studio: ``classes.txt``, ``images`` and ``labels``, unsplit."""

from collections.abc import Sequence
from pathlib import Path

from oott_assets.training.labels.findings import Findings, shortened
from oott_assets.training.labels.labelled_photos import LabelledPhoto
from oott_assets.training.labels.photo_label_pairs import (
    DataSet,
    SplitFolder,
    UnreadableFile,
    read_text,
)
from oott_assets.training.labels.validation_split import splits_by_content
from oott_fashion.garments import GARMENT_NAMES

LABEL_STUDIO = "Label Studio export"

# The percentage of pictures for validation.
_VALID_PERCENT = 20


def label_studio_export(classes: Path, findings: Findings) -> DataSet:
    """Find the folders next to ``classes``, a file with one garment name per class id.

    All photos are in train; ``split_by_content`` splits them later.
    """
    folder = classes.parent
    garments = _garments(classes, findings)
    return DataSet(
        LABEL_STUDIO, garments, (SplitFolder(folder / "images", folder / "labels", "train"),)
    )


def split_by_content(photos: Sequence[LabelledPhoto], groups: Sequence[int]) -> list[LabelledPhoto]:
    """Assign one fifth of the pictures to valid by their hashes, independent of file names.

    ``groups`` has the group of each photo; photos of one group get the same split.
    """
    splits = splits_by_content([photo.sha256 for photo in photos], groups, _VALID_PERCENT)
    return [photo._replace(split=split) for photo, split in zip(photos, splits, strict=True)]


def _garments(classes: Path, findings: Findings) -> dict[str, str]:
    try:
        names = [line.strip() for line in read_text(classes).rstrip().splitlines()]
    except UnreadableFile as error:
        findings.add_problem(classes, str(error))
        return {}
    if not names:
        findings.add_problem(classes, "is empty; expected one garment name per line")
    unknown = [repr(name) for name in names if name not in GARMENT_NAMES]
    if unknown:
        findings.add_problem(
            classes,
            f"has unknown garments: {shortened(unknown)}; expected {', '.join(GARMENT_NAMES)}",
        )
    return {str(class_id): name for class_id, name in enumerate(names)}
