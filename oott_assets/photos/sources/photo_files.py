"""Finds the photo files in a folder by their content, and says why every other file is skipped."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from oott_assets.photos.sources.photo_source import PhotosUnknown, SkippedFile

# HEIC, AVIF and RAW (a kind of TIFF) also count as photos here. The decoder says which of them can
# be read.
_PHOTO = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|RIFF....WEBP|GIF8[79]a|BM.{4}\0{4}|II[*+]\0|MM\0[*+]"
    rb"|....ftyp(?:hei[a-z]|hev[a-z]|mi[af]1|miaf|avi[fs])",
    re.DOTALL,
)
_VIDEO = re.compile(rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ", re.DOTALL)
_START_BYTES = 16

_MAX_NAMES = 5


class UnreadableFile(ValueError):
    """The file cannot be read, or is too large."""


class FoundFile(NamedTuple):
    """A file, and the reason to skip it; None if it is a photo."""

    file: Path
    skipped_because: str | None


class SkipReason(NamedTuple):
    """Why ``files`` files are skipped, and the names of the first ones."""

    reason: str
    files: int
    names: str


def files_in(
    folder: Path, root: Path | None = None, with_subfolders: bool = True
) -> Iterator[FoundFile]:
    """List the files in ``folder``, sorted by name, with the reason to skip those without a photo.

    Links may lead to files below ``root``; default: ``folder``.

    Raises:
        PhotosUnknown: a folder cannot be listed.
    """
    inside = os.path.realpath(root or folder)
    folders = [folder]
    while folders:
        listed = folders.pop()
        subfolders = []
        for entry in _entries_of(listed):
            file = listed / entry.name
            if _is_subfolder(entry):
                subfolders.append(file)
            else:
                yield FoundFile(file, _reason_to_skip(entry, file, inside))
        folders += reversed(subfolders) if with_subfolders else []


def photos_under(folder: Path) -> list[Path]:
    """List the photos in ``folder`` and in all folders below it; the other files are left out.

    Raises:
        PhotosUnknown: a folder cannot be listed.
    """
    return [found.file for found in files_in(folder) if found.skipped_because is None]


def subfolders_of(folder: Path) -> list[Path]:
    """List the folders in ``folder``, without hidden ones and without links.

    Raises:
        PhotosUnknown: it cannot be listed.
    """
    return [folder / entry.name for entry in _entries_of(folder) if _is_subfolder(entry)]


def read_limited(file: Path, max_bytes: int) -> bytes:
    """Read a file of at most ``max_bytes``.

    Raises:
        UnreadableFile: it is larger, is not a regular file, or cannot be read.
    """
    content = _start_of(file, max_bytes + 1)
    if len(content) > max_bytes:
        size = file.stat().st_size
        raise UnreadableFile(f"has {size:,} bytes; at most {max_bytes:,} are allowed")
    return content


def _start_of(file: Path, size: int) -> bytes:
    try:
        # A pipe would make the reader wait, and a device such as /dev/zero has no end.
        if not stat.S_ISREG(file.stat().st_mode):
            raise UnreadableFile("not a regular file, but a folder, a pipe or a device")
        with file.open("rb") as opened:
            return opened.read(size)
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror or error}") from error


def reasons_of(skipped: Iterable[SkippedFile]) -> list[SkipReason]:
    """Count the skipped files by reason, the most frequent one first."""
    names: dict[str, list[str]] = {}
    for name, reason in skipped:
        names.setdefault(reason, []).append(name)
    by_count = sorted(names.items(), key=lambda item: -len(item[1]))
    return [SkipReason(reason, len(some), shortened(some)) for reason, some in by_count]


def shortened(names: Sequence[str]) -> str:
    """Write the first five of ``names``, and how many more there are."""
    more = [f"{len(names) - _MAX_NAMES:,} more"] if len(names) > _MAX_NAMES else []
    return ", ".join([*names[:_MAX_NAMES], *more]) or "none"


def name_below(folder: Path, file: Path) -> str:
    """Give the path of ``file`` in ``folder`` as text."""
    return text_of(file.relative_to(folder))


def text_of(path: Path) -> str:
    """Write a path as text. A name that is not UTF-8 cannot be stored, so its bytes are escaped."""
    return os.fsencode(path).decode(errors="backslashreplace")


def composed(name: str) -> str:
    """Compose the letters of a name, because macOS writes Hangul in parts (NFD)."""
    return unicodedata.normalize("NFC", name)


def _entries_of(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise PhotosUnknown(f"{text_of(folder)} cannot be listed: {error.strerror}") from error


def _is_subfolder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")


def _reason_to_skip(entry: os.DirEntry[str], file: Path, inside: str) -> str | None:
    if entry.name.startswith("."):
        return "hidden"
    if entry.is_symlink() and not Path(os.path.realpath(file)).is_relative_to(inside):
        return "a link to a place outside the folder"
    try:
        start = _start_of(file, _START_BYTES)
    except UnreadableFile as error:
        return str(error)
    if _PHOTO.match(start):
        return None
    if not start:
        return "empty"
    return "a video, not a photo" if _VIDEO.match(start) else "not a photo"
