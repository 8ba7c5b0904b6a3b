"""Reads which garments people named for each photo: a table, or choices from Label Studio.

A row of the table has two or more fields, separated by tabs: the name of the photo file, and the
garments, separated by commas. If the third field has text, the photo also shows clothes that no
garment of OOTT names. Further fields and a heading are ignored.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from oott_assets.photos.sources.photo_files import shortened
from oott_assets.training.labels.catalogue_folders import NO_GARMENT
from oott_assets.training.labels.label_studio_choices import (
    NotLabelStudioJson,
    label_studio_choices,
)
from oott_fashion.garments import GARMENT_NAMES

# The tag of a photo that also shows clothes that no garment of OOTT names.
OTHER = "other"

_SPECIAL = (NO_GARMENT.replace("_", " "), OTHER)


class BadTags(ValueError):
    """The file of tags cannot be read, or names something that is not a garment."""


class NotTagged(ValueError):
    """Nobody tagged the photo."""


class Tags(NamedTuple):
    """The garments that a photo shows, in alphabetical order.

    If ``are_complete`` is false, the photo also shows other clothes, or nobody named any. No
    garments and ``are_complete`` mean that the photo shows no clothes.
    """

    garments: tuple[str, ...]
    are_complete: bool


class PhotoTags:
    """The tags of photos by file name, or by the end of their path."""

    def __init__(self, by_name: Mapping[str, Tags]) -> None:
        self._by_name = by_name

    def of(self, photo: Path) -> Tags:
        """Give the tags of ``photo``. A name with folders, such as ``a/b.jpg``, comes first.

        Raises:
            NotTagged: neither its name nor the end of its path has tags.
        """
        parts = [_composed(part) for part in photo.absolute().parts]
        for start in range(len(parts)):
            tags = self._by_name.get("/".join(parts[start:]))
            if tags is not None:
                return tags
        raise NotTagged(f"{photo.name} has no tags in OOTT_PHOTO_TAGS")


class _Row(NamedTuple):
    place: str
    photo: str
    tags: tuple[str, ...]


def read_photo_tags(file: Path) -> PhotoTags:
    """Read the tags in ``file``: a JSON export of Label Studio, or a table.

    Raises:
        BadTags: the file cannot be read, has a tag that is not a garment, or has a photo twice
            with different tags.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
        rows = [*_json_rows(text)] if text.lstrip().startswith(("[", "{")) else [*_table_rows(text)]
    except OSError as error:
        raise BadTags(
            f"{file} cannot be read: {error.strerror}; correct OOTT_PHOTO_TAGS"
        ) from error
    except UnicodeDecodeError as error:
        raise BadTags(f"{file} is not UTF-8 text; save it as UTF-8") from error
    except NotLabelStudioJson as error:
        raise BadTags(f"{file} {error}") from error
    by_name: dict[str, Tags] = {}
    problems: list[str] = []
    for row in rows:
        tags = _tags_of(row)
        problems += _problems_with(row, tags, by_name)
        by_name[row.photo] = tags
    if problems:
        raise BadTags(
            f"{file}: {'; '.join(problems[:3])} ({len(problems)} problems); expected tags such as "
            f"{shortened(GARMENT_NAMES)}, or {NO_GARMENT}, or {OTHER}"
        )
    return PhotoTags(by_name)


def _table_rows(text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.splitlines(), start=1):
        photo, garments, other, *_ = (field.strip() for field in f"{line}\t\t".split("\t"))
        is_heading = number == 1 and (photo.startswith("#") or photo.lower() == "photo")
        if photo and not is_heading:
            tags = (*garments.split(","), OTHER if other else "")
            yield _Row(f"line {number}", _composed(photo), tags)


def _json_rows(text: str) -> Iterator[_Row]:
    for photo, choices in label_studio_choices(text):
        yield _Row(photo, _composed(photo), choices)


def _tags_of(row: _Row) -> Tags:
    names = {tag.replace("_", " ").strip().lower() for tag in row.tags} - {""}
    return Tags(
        tuple(sorted(names.difference(_SPECIAL))), are_complete=bool(names) and OTHER not in names
    )


def _problems_with(row: _Row, tags: Tags, earlier: Mapping[str, Tags]) -> Iterator[str]:
    for unknown in [name for name in tags.garments if name not in GARMENT_NAMES]:
        yield f"{row.place}: {unknown!r} is not a garment"
    if tags.garments and NO_GARMENT in {tag.strip() for tag in row.tags}:
        yield f"{row.place}: {NO_GARMENT} beside garments"
    if earlier.get(row.photo, tags) != tags:
        yield f"{row.place}: {row.photo} has other tags on an earlier line"


def _composed(name: str) -> str:
    """Write each letter as one character; macOS stores accents and Korean letters in parts."""
    return unicodedata.normalize("NFC", name)
