"""Photos on disk, sorted by place and month or in one heap.

``FOLDER/DESTINATION/YYYY-MM/`` says where and when; photos in ``FOLDER/DESTINATION/`` are dated
by their EXIF; photos in ``FOLDER/`` itself are, besides, all of one place that the user names.
"""

import os
from collections.abc import Generator, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image

from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    FoundPhoto,
    ListedPost,
    PhotosUnknown,
    UnavailablePhoto,
)
from oott_fashion.destinations import Destination, Destinations, UnknownPlace
from oott_fashion.vision.photos import DAMAGE, FORMATS, open_image

# HEIC, AVIF and RAW are here so that they are listed as unreadable, not passed over in silence.
_PHOTO_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
) | frozenset((".heic", ".heif", ".avif", ".dng"))

# Older dates, such as 0001-01-01, are what software writes when it knows none.
_FIRST_EXIF_YEAR = 1995

_EXIF_IFD, _DATE_TIME_ORIGINAL, _DATE_TIME = 0x8769, 0x9003, 0x0132


class PhotoFolder:
    """The photos under one folder; those in the folder itself are of ``folder_destination``.

    Folders of destinations may be named by slug or Korean name.
    """

    name = "folder"
    shows_people = True
    uses_network = False

    def __init__(
        self,
        folder: Path,
        destinations: Destinations,
        folder_destination: str | None,
        max_bytes: int,
        timezone: str,
    ) -> None:
        self.folder = folder
        self.destinations = destinations
        self.folder_destination = folder_destination
        self.max_bytes = max_bytes
        self.timezone = timezone

    def posts(self, destination: Destination, month: date) -> Generator[ListedPost, None, None]:
        """List the photos of ``destination`` in ``month``, and those that have no date.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        for place in self._places().get(destination.slug, []):
            yield from self._listed(_photos_in(place / f"{month:%Y-%m}"), month)
            yield from self._listed(self._taken_in(month, _photos_in(place)), month)
        if destination.slug == self.folder_destination:
            yield from self._listed(self._taken_in(month, _photos_in(self.folder)), month)

    def partitions(self) -> list[tuple[str, date]]:
        """List the (slug, 1st of month) that folders are named for or photos are dated in.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        found: set[tuple[str, date | None]] = set()
        for slug, places in self._places().items():
            for place in places:
                found |= {(slug, _month_named(folder.name)) for folder in _folders_in(place)}
                found |= {(slug, self._month_of(file)) for file in _photos_in(place)}
        if self.folder_destination is not None:
            heap = _photos_in(self.folder)
            found |= {(self.folder_destination, self._month_of(file)) for file in heap}
        return sorted((slug, month) for slug, month in found if month is not None)

    def passed_over(self) -> list[str]:
        """Say of each folder that names no destination or no month that it is passed over.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        places = self._places()
        known = {place for folders in places.values() for place in folders}
        strange = [it for it in _folders_in(self.folder) if it not in known]
        return [f"{it.name}/ is no destination, such as hongdae or 홍대" for it in strange] + [
            f"{place.name}/{folder.name}/ is no month, written YYYY-MM"
            for place in sorted(known)
            for folder in _folders_in(place)
            if _month_named(folder.name) is None
        ]

    def _places(self) -> dict[str, list[Path]]:
        """Find the folders of each destination, by slug."""
        if not self.folder.is_dir():
            raise PhotosUnknown(
                f"{self.folder} is no folder; set OOTT_PHOTOS_FOLDER to one that holds photos in "
                "DESTINATION/YYYY-MM/"
            )
        places: dict[str, list[Path]] = {}
        for folder in _folders_in(self.folder):
            try:
                slug = self.destinations.destination(folder.name).slug
            except UnknownPlace:
                continue
            places.setdefault(slug, []).append(folder)
        return places

    def _month_of(self, file: Path) -> date | None:
        taken_at = _exif_date(file, self.timezone)
        return taken_at and taken_at.date().replace(day=1)

    def _taken_in(self, month: date, files: Sequence[Path]) -> list[Path]:
        return [file for file in files if self._month_of(file) in (month, None)]

    def _listed(self, files: Sequence[Path], month: date) -> Generator[ListedPost, None, None]:
        for file in files:
            # Of a name that is not UTF-8, what can be written down.
            name = os.fsencode(file.relative_to(self.folder)).decode(errors="backslashreplace")
            yield ListedPost(name, partial(self._brought, file, name, month))

    def _brought(self, file: Path, name: str, month: date) -> FetchedPost:
        taken_at = _exif_date(file, self.timezone)
        # The folder of a month knows better than a camera whose clock is wrong.
        in_month = taken_at and taken_at.date().replace(day=1) == month
        return FetchedPost(taken_at if in_month else None, [self._found(file, name)])

    def _found(self, file: Path, name: str) -> FoundPhoto | UnavailablePhoto:
        try:
            size = file.stat().st_size
            if size > self.max_bytes:
                return UnavailablePhoto(name, f"{size:,} bytes; at most {self.max_bytes:,} allowed")
            return FoundPhoto(name, file.read_bytes())
        except OSError as error:
            return UnavailablePhoto(name, f"cannot be read: {error.strerror or error}")


def photos_under(folder: Path) -> list[Path]:
    """List the photo files in ``folder`` and in all folders below it, sorted, hidden ones left out.

    Raises:
        PhotosUnknown: a folder cannot be listed.
    """
    below = [file for child in _folders_in(folder) for file in photos_under(child)]
    return sorted([*_photos_in(folder), *below])


def _photos_in(folder: Path) -> list[Path]:
    return [
        file
        for file in _entries_of(folder)
        # A link that leads nowhere is brought, so that it is listed as unreadable.
        if file.suffix.lower() in _PHOTO_SUFFIXES and not file.is_dir()
    ]


def _folders_in(folder: Path) -> list[Path]:
    return [child for child in _entries_of(folder) if child.is_dir()]


def _entries_of(folder: Path) -> list[Path]:
    """List what is in ``folder``, sorted, but for the hidden; nothing where there is none."""
    try:
        return sorted(it for it in folder.iterdir() if not it.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise PhotosUnknown(f"{folder} cannot be listed: {error.strerror}") from error


def _month_named(name: str) -> date | None:
    try:
        month = datetime.strptime(name, "%Y-%m").date()
    except ValueError:
        return None
    # strptime also takes 2026-9, where photos are not looked for.
    return month if f"{month:%Y-%m}" == name else None


def _exif_date(file: Path, timezone: str) -> datetime | None:
    """Read when a photo was taken; cameras write local time without a zone."""
    try:
        with open_image(file, formats=FORMATS) as image:
            exif = image.getexif()
        written = exif.get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL) or exif.get(_DATE_TIME)
        taken_at = datetime.strptime(str(written)[:19], "%Y:%m:%d %H:%M:%S")
    # Damaged EXIF raises whatever its parser met; a photo that shows no date is undated.
    except (*DAMAGE, Image.DecompressionBombError, KeyError):
        return None
    if taken_at.year < _FIRST_EXIF_YEAR:
        return None
    return taken_at.replace(tzinfo=ZoneInfo(timezone))
