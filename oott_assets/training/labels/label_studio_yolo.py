"""Reads a YOLO export of Label Studio: ``classes.txt``, ``images`` and ``labels``, unsplit."""

from pathlib import Path

from oott_assets.photos.sources.photo_files import UnreadableFile, shortened
from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.photo_label_pairs import (
    DataSet,
    SplitFolder,
    read_text,
)
from oott_fashion.garments import GARMENT_NAMES


def yolo_export(classes: Path, findings: Findings) -> DataSet:
    """Find the folders next to ``classes``, a file with one garment name per class id.

    All photos are in train; ``with_splits`` splits them later.
    """
    folder = classes.parent
    garments = _garments(classes, findings)
    return DataSet(garments, (SplitFolder(folder / "images", folder / "labels", "train"),))


def _garments(classes: Path, findings: Findings) -> dict[str, str]:
    try:
        names = [line.strip() for line in read_text(classes).rstrip().splitlines()]
    except UnreadableFile as error:
        findings.add_problem(classes, str(error))
        names = list(GARMENT_NAMES)
    if not names:
        findings.add_problem(classes, "is empty; expected one garment name per line")
    unknown = [repr(name) for name in names if name not in GARMENT_NAMES]
    if unknown:
        findings.add_problem(
            classes,
            f"has unknown garments: {shortened(unknown)}; expected {', '.join(GARMENT_NAMES)}",
        )
    return {str(class_id): name for class_id, name in enumerate(names or GARMENT_NAMES)}
