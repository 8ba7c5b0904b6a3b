"""Reads the choices that people made for photos, from a JSON export of Label Studio."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

# Label Studio puts eight random digits before the name of an uploaded file.
_UPLOAD = re.compile(r"^[0-9a-f]{8}-(?=.)")


class NotLabelStudioJson(ValueError):
    """The text is not a JSON export of Label Studio."""


class Choices(NamedTuple):
    """The choices of one photo."""

    photo: str
    choices: tuple[str, ...]


class _Value(BaseModel):
    choices: tuple[str, ...] = ()


class _Region(BaseModel):
    value: _Value


class _Annotation(BaseModel):
    result: list[_Region]
    was_cancelled: bool = False


class _Task(BaseModel):
    data: Mapping[str, JsonValue]
    annotations: list[_Annotation]


def label_studio_choices(text: str) -> list[Choices]:
    """Read the photos that people have annotated; skipped tasks are left out.

    If several people annotated a photo, the last annotation counts.

    Raises:
        NotLabelStudioJson: ``text`` has another format.
    """
    try:
        tasks = TypeAdapter(list[_Task]).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise NotLabelStudioJson(
            f"is not a JSON export of Label Studio ({place}: {first['msg']}); choose the format "
            "JSON, not JSON-MIN"
        ) from error
    return list(_choices_of(tasks))


def _choices_of(tasks: Sequence[_Task]) -> Iterator[Choices]:
    for task in tasks:
        finished = [one for one in task.annotations if not one.was_cancelled]
        if finished:
            chosen = (name for region in finished[-1].result for name in region.value.choices)
            yield Choices(_photo_of(task.data), tuple(chosen))


def _photo_of(data: Mapping[str, JsonValue]) -> str:
    """Give the file name of a task's photo, as it was before the upload.

    The photo is ``data["image"]``, or the first text of ``data``.
    """
    texts = [value for value in (data.get("image"), *data.values()) if isinstance(value, str)]
    if not texts:
        raise NotLabelStudioJson("has a task without a photo; expected its path in data.image")
    address = urlsplit(texts[0])
    # A photo of a local folder has the address /data/local-files/?d=FOLDER/PHOTO.
    path = parse_qs(address.query).get("d", [unquote(address.path)])[0]
    name = PurePosixPath(path).name
    return _UPLOAD.sub("", name) if "/upload/" in path else name
