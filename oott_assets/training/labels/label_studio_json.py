"""Reads JSON exports of Label Studio: every task with the boxes that people drew.

Source: https://labelstud.io/guide/export, and exports of Label Studio 1.23.
"""

import reprlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import parse_qs, urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from oott_assets.photos.sources.photo_files import UnreadableFile, read_limited
from oott_assets.training.labels.findings import Findings
from oott_assets.training.labels.fraction_boxes import InvalidLabel, box_in_pixels
from oott_assets.training.labels.labelled_photos import BY_PEOPLE, Label
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box

# A task with ten boxes has 5 kB.
_MAX_EXPORT_BYTES = 200 * 2**20

# A photo may be in the task itself, as a data URL of megabytes.
_MAX_SHOWN = 200

# Results of these types are answers about the photo, not places in it.
_WITHOUT_PLACE = ("choices", "datetime", "number", "rating", "relation", "taxonomy", "textarea")


class _Value(BaseModel):
    """A box in percent of the photo; results of other types have none of these fields."""

    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    rotation: float = 0
    rectanglelabels: list[str] = []


class _Result(BaseModel):
    type: str
    value: _Value = _Value()
    image_rotation: float = 0


class _Annotation(BaseModel):
    model_config = ConfigDict(frozen=True)

    result: list[_Result]
    was_cancelled: bool = False
    ground_truth: bool = False
    updated_at: AwareDatetime


class _Data(BaseModel):
    image: Annotated[str, Field(min_length=1)]


class _Task(BaseModel):
    id: int
    data: _Data
    annotations: list[_Annotation]


_EXPORT = TypeAdapter(list[_Task])


class LabelledTask(NamedTuple):
    """A task of the file ``export``: its photo, and one of its annotations."""

    photo: Path
    number: int
    annotation: _Annotation
    export: Path

    @property
    def rank(self) -> tuple[bool, datetime]:
        """Sorts the annotations of a photo; the last one counts."""
        return self.annotation.ground_truth, self.annotation.updated_at

    @property
    def left_out_because(self) -> str | None:
        """The reason why the photo has no labels, if it has none."""
        if self.annotation.was_cancelled:
            return "skipped by a person"
        return None if self.photo.exists() else "whose photo was deleted"

    def labels(self, width: int, height: int, findings: Findings) -> tuple[Label, ...]:
        """Read the boxes in pixels of a photo of ``width`` x ``height``; faults become problems."""
        labels: list[Label] = []
        for result in self.annotation.result:
            try:
                labels += _labels_of(result, width, height)
            except InvalidLabel as error:
                findings.add_problem(self.export, f"task {self.number}: {error}")
        return tuple(dict.fromkeys(labels))


def labelled_tasks(exports: Sequence[Path], findings: Findings) -> list[LabelledTask]:
    """Read the tasks of all ``exports``, which are in one folder; each photo once.

    If a photo has several annotations, the one that was changed last counts. One that is marked as
    ground truth has precedence. Tasks without labels are counted in a remark.
    """
    tasks = [task for export in exports for task in _tasks_in(export, findings)]
    annotated = sorted((task for task in tasks if task is not None), key=lambda task: task.rank)
    last = {task.photo: task for task in annotated}
    reasons = [(task, task.left_out_because) for task in sorted(last.values())]
    counts = Counter(reason for _, reason in reasons if reason is not None)
    counts["without labels"] = tasks.count(None)
    for reason, count in counts.items():
        if count:
            findings.add_remark(exports[0].parent, f"tasks left out, {reason}: {count}")
    return [task for task, reason in reasons if reason is None]


def _tasks_in(export: Path, findings: Findings) -> Iterator[LabelledTask | None]:
    """Yield the task of each annotation in ``export``, and None for a task without annotations."""
    try:
        tasks = _EXPORT.validate_json(read_limited(export, _MAX_EXPORT_BYTES))
    except UnreadableFile as error:
        findings.add_problem(export, str(error))
        return
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        findings.add_problem(
            export,
            f"is not a JSON export of Label Studio ({where}: {problem['msg']}); export the "
            "project in the format JSON, not JSON-MIN",
        )
        return
    for task in tasks:
        photo = _photo_of(task.data.image, export.parent)
        if photo is None:
            findings.add_problem(export, f"task {task.id}: {_not_found(task.data.image)}")
            continue
        for annotation in task.annotations:
            yield LabelledTask(photo, task.id, annotation, export)
        if not task.annotations:
            yield None


def _photo_of(image: str, folder: Path) -> Path | None:
    """Find the photo of a task, whose path begins with the folder of all batches.

    The photo may be missing. If its folder is there, the photo was deleted from it.
    """
    given = parse_qs(urlsplit(image).query).get("d", [""])[-1]
    parts = Path(given).parts[1:]
    photo = Path(folder, *parts)
    return photo if parts and ".." not in parts and photo.parent.is_dir() else None


def _not_found(image: str) -> str:
    return (
        f"its photo {image[:_MAX_SHOWN]!r} is not below the folder of the export; save the export "
        "in OOTT_LABEL_TASKS_FOLDER, or, for photos that were uploaded to Label Studio, export the "
        "project in the format YOLO with images"
    )


def _labels_of(result: _Result, width: int, height: int) -> list[Label]:
    """Read one result; one that is not a place in the photo has no label."""
    if result.type in _WITHOUT_PLACE:
        return []
    value = result.value
    if result.type != "rectanglelabels":
        raise InvalidLabel(f"a result of type {reprlib.repr(result.type)}; draw boxes instead")
    if value.rotation or result.image_rotation:
        raise InvalidLabel("a box or the photo is rotated; set the rotation to 0")
    if len(value.rectanglelabels) != 1 or value.rectanglelabels[0] not in GARMENT_NAMES:
        raise InvalidLabel(
            f"a box has the labels {value.rectanglelabels}; expected one of "
            f"{', '.join(GARMENT_NAMES)}"
        )
    right, bottom = value.x + value.width, value.y + value.height
    fractions = Box(*(edge / 100 for edge in (value.x, value.y, right, bottom)))
    box = box_in_pixels(fractions, width, height)
    return [Label(value.rectanglelabels[0], box, 1.0, BY_PEOPLE)]
