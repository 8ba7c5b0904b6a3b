"""Opens a folder with labels in any of the layouts that OOTT reads."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from oott_assets.photos.sources.photo_files import shortened
from oott_assets.training.labels.data_yaml import yolo_data_set
from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.label_studio_json import labelled_tasks
from oott_assets.training.labels.label_studio_yolo import yolo_export
from oott_assets.training.labels.labelled_photos import Label, Split
from oott_assets.training.labels.photo_label_pairs import DataSet, labelled_files
from oott_assets.training.labels.yolo_label_lines import read_labels


class NotADataSet(ValueError):
    """The folder is neither a YOLO data set nor an export of Label Studio."""


class PhotoToRead(NamedTuple):
    """A photo file; ``labels`` reads its labels for a photo of a width and a height in pixels."""

    file: Path
    split: Split
    labels: Callable[[int, int], tuple[Label, ...]]


class OpenedDataSet(NamedTuple):
    """A data set; without a split of its own, all its photos are in train.

    ``photos`` lists the photos. Call it only if the layout has no problems.
    """

    kind: str
    has_split: bool
    photos: Callable[[], list[PhotoToRead]]


def open_data_set(folder: Path, findings: Findings) -> OpenedDataSet:
    """Recognise the layout of ``folder``; faults of the layout become problems.

    Raises:
        NotADataSet: the folder has none of the layouts.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise NotADataSet(
            f"{folder} cannot be listed: {error.strerror}; expected the folder of a data set"
        ) from error
    if "data.yaml" in names:
        data_set = yolo_data_set(folder / "data.yaml", findings)
        return OpenedDataSet("YOLO data set", True, partial(_of_pairs, data_set, findings))
    if "classes.txt" in names:
        data_set = yolo_export(folder / "classes.txt", findings)
        return OpenedDataSet(
            "Label Studio export (YOLO)", False, partial(_of_pairs, data_set, findings)
        )
    if exports := [folder / name for name in names if name.endswith(".json")]:
        photos = partial(_of_tasks, exports, findings)
        return OpenedDataSet("Label Studio export (JSON)", False, photos)
    raise NotADataSet(
        f"{folder} has neither data.yaml (of a YOLO data set) nor classes.txt or a .json file (of "
        f"an export of Label Studio); found: {shortened(names)}"
    )


def _of_pairs(data_set: DataSet, findings: Findings) -> list[PhotoToRead]:
    return [
        PhotoToRead(
            file.photo,
            file.split,
            partial(read_labels, file.labels, data_set.garments, findings=findings),
        )
        for folder in data_set.folders
        for file in labelled_files(folder, findings)
    ]


def _of_tasks(exports: list[Path], findings: Findings) -> list[PhotoToRead]:
    return [
        PhotoToRead(task.photo, "train", partial(task.labels, findings=findings))
        for task in labelled_tasks(exports, findings)
    ]
