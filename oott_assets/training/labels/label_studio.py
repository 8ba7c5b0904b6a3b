"""Label Studio's YOLO export: ``classes.txt``, ``images`` and ``labels``, without a split."""

from collections.abc import Sequence
from pathlib import Path

from oott_assets.training.labels.findings import Findings, shortened
from oott_assets.training.labels.labelled_photos import LabelledPhoto
from oott_assets.training.labels.photo_label_pairs import (
    DataSet,
    SplitFolder,
    UnreadableFile,
    text_of,
)
from oott_assets.training.labels.validation_split import splits_by_content
from oott_fashion.garments import GARMENT_NAMES

LABEL_STUDIO = "Label Studio export"

# Percent of the pictures that are kept to measure by.
_VALID_PERCENT = 20


def label_studio_export(classes: Path, findings: Findings) -> DataSet:
    """Find the folders beside ``classes``, whose lines name the garments by class id.

    All photos are in train until ``split_by_content``.
    """
    folder = classes.parent
    garments = _garments_on(classes, findings)
    return DataSet(
        LABEL_STUDIO, garments, (SplitFolder(folder / "images", folder / "labels", "train"),)
    )


def split_by_content(photos: Sequence[LabelledPhoto], groups: Sequence[int]) -> list[LabelledPhoto]:
    """Draw a fifth of the pictures into valid by their hashes, whatever the photos are called.

    Photos of one of ``groups``, which has the group of each photo, stay together.
    """
    splits = splits_by_content([photo.sha256 for photo in photos], groups, _VALID_PERCENT)
    return [photo._replace(split=split) for photo, split in zip(photos, splits, strict=True)]


def _garments_on(classes: Path, findings: Findings) -> dict[str, str]:
    try:
        names = [line.strip() for line in text_of(classes).rstrip().splitlines()]
    except UnreadableFile as error:
        findings.problem(classes, str(error))
        return {}
    if not names:
        findings.problem(classes, "is empty; expected the names of garments, a line each")
    unknown = [repr(name) for name in names if name not in GARMENT_NAMES]
    if unknown:
        findings.problem(
            classes,
            f"OOTT knows no garment {shortened(unknown)}; expected {', '.join(GARMENT_NAMES)}",
        )
    return {str(class_id): name for class_id, name in enumerate(names)}
