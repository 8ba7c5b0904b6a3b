"""The photo source that reads a folder on disk.

``FOLDER/DESTINATION/YYYY-MM/`` gives destination and month. Photos in ``FOLDER/DESTINATION/`` get
their month from EXIF. Photos directly in ``FOLDER/`` get their month from EXIF, too. They belong to
one destination that the user sets.
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

# HEIC, AVIF and RAW are here so that they are listed as unreadable, not silently skipped.
_PHOTO_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
) | frozenset((".heic", ".heif", ".avif", ".dng"))

# Dates before this year are not real. Software that does not know the date writes one of them,
# such as 0001-01-01.
_FIRST_EXIF_YEAR = 1995

_EXIF_IFD, _DATE_TIME_ORIGINAL, _DATE_TIME = 0x8769, 0x9003, 0x0132


class PhotoFolder:
    """The photos below one folder; those in the folder itself belong to ``folder_destination``.

    A destination's folder is named by its slug or its Korean name.
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
        """List the photos of ``destination`` in ``month``, and those without a date.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        for place in self._places().get(destination.slug, []):
            yield from self._listed(_photos_in(place / f"{month:%Y-%m}"), month)
            yield from self._listed(self._taken_in(month, _photos_in(place)), month)
        if destination.slug == self.folder_destination:
            yield from self._listed(self._taken_in(month, _photos_in(self.folder)), month)

    def partitions(self) -> list[tuple[str, date]]:
        """List the (slug, 1st of month) that folder names or photo dates give.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        found: set[tuple[str, date | None]] = set()
        for slug, places in self._places().items():
            for place in places:
                found |= {(slug, _month_named(folder.name)) for folder in _folders_in(place)}
                found |= {(slug, self._month_of(file)) for file in _photos_in(place)}
        if self.folder_destination is not None:
            files = _photos_in(self.folder)
            found |= {(self.folder_destination, self._month_of(file)) for file in files}
        return sorted((slug, month) for slug, month in found if month is not None)

    def skipped_folders(self) -> list[str]:
        """List the folders that are skipped because of their name, each with the reason.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        places = self._places()
        known = {place for folders in places.values() for place in folders}
        unknown = [folder for folder in _folders_in(self.folder) if folder not in known]
        return [
            f"{folder.name}/ is not a destination, such as hongdae or 홍대" for folder in unknown
        ] + [
            f"{place.name}/{folder.name}/ is not a month, written YYYY-MM"
            for place in sorted(known)
            for folder in _folders_in(place)
            if _month_named(folder.name) is None
        ]

    def _places(self) -> dict[str, list[Path]]:
        """Find the folders of each destination, by slug."""
        if not self.folder.is_dir():
            raise PhotosUnknown(
                f"{self.folder} is not a folder; set OOTT_PHOTOS_FOLDER to a folder with photos in "
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
            # A name that is not UTF-8 cannot be stored, so its other bytes are escaped.
            name = os.fsencode(file.relative_to(self.folder)).decode(errors="backslashreplace")
            yield ListedPost(name, partial(self._fetch, file, name, month))

    def _fetch(self, file: Path, name: str, month: date) -> FetchedPost:
        taken_at = _exif_date(file, self.timezone)
        # A camera's clock may be wrong, so the name of a month's folder takes precedence.
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
    """List the photo files in ``folder`` and all folders below it, sorted, without hidden files.

    Raises:
        PhotosUnknown: a folder cannot be listed.
    """
    below = [file for child in _folders_in(folder) for file in photos_under(child)]
    return sorted([*_photos_in(folder), *below])


def _photos_in(folder: Path) -> list[Path]:
    return [
        file
        for file in _entries_of(folder)
        # A broken link is included, so that it is listed as unreadable.
        if file.suffix.lower() in _PHOTO_SUFFIXES and not file.is_dir()
    ]


def _folders_in(folder: Path) -> list[Path]:
    return [child for child in _entries_of(folder) if child.is_dir()]


def _entries_of(folder: Path) -> list[Path]:
    """List ``folder``, sorted, without hidden entries; nothing if it does not exist."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise PhotosUnknown(f"{folder} cannot be listed: {error.strerror}") from error


def _month_named(name: str) -> date | None:
    try:
        month = datetime.strptime(name, "%Y-%m").date()
    except ValueError:
        return None
    # strptime also accepts 2026-9, but photos are only read from 2026-09.
    return month if f"{month:%Y-%m}" == name else None


def _exif_date(file: Path, timezone: str) -> datetime | None:
    """Read when a photo was taken. Cameras write local time without a time zone."""
    try:
        with open_image(file, formats=FORMATS) as image:
            exif = image.getexif()
        written = exif.get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL) or exif.get(_DATE_TIME)
        taken_at = datetime.strptime(str(written)[:19], "%Y:%m:%d %H:%M:%S")
    # Damaged EXIF can raise any of these errors. The photo then has no date.
    except (*DAMAGE, Image.DecompressionBombError, KeyError):
        return None
    if taken_at.year < _FIRST_EXIF_YEAR:
        return None
    return taken_at.replace(tzinfo=ZoneInfo(timezone))
