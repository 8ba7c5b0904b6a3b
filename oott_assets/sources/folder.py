"""Photos on disk, sorted by place and month or in one heap.

``FOLDER/DESTINATION/YYYY-MM/`` says where and when; photos in ``FOLDER/DESTINATION/`` are dated
by their EXIF; photos in ``FOLDER/`` itself are, besides, all of one place that the user names.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image, UnidentifiedImageError

from oott_assets.sources.photo_source import FoundPhoto, PhotosUnknown, RefusedPhoto
from oott_fashion.destinations import Destination
from oott_fashion.vision.photos import FORMATS

# HEIC, AVIF and RAW are here so that they are listed as unreadable, not passed over in silence.
_PHOTO_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
) | frozenset((".heic", ".heif", ".avif", ".dng"))

_EXIF_IFD, _DATE_TIME_ORIGINAL, _DATE_TIME = 0x8769, 0x9003, 0x0132


class PhotoFolder:
    """The photos under one folder; those in the folder itself are of ``heap_destination``."""

    name = "folder"

    def __init__(
        self, folder: Path, heap_destination: str | None, most_bytes: int, timezone: str
    ) -> None:
        self.folder = folder
        self.heap_destination = heap_destination
        self.most_bytes = most_bytes
        self.timezone = timezone

    def photos(self, destination: Destination, month: date) -> Iterator[FoundPhoto | RefusedPhoto]:
        """Bring the photos of ``destination`` in ``month``, and those that have no date.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        place = self.folder / destination.slug
        for file in self._files_in(place / f"{month:%Y-%m}"):
            yield self._found(file)
        yield from self._taken_in(month, self._files_in(place))
        if destination.slug == self.heap_destination:
            yield from self._taken_in(month, self._files_in(self.folder))

    def partitions(self, destinations: Sequence[str]) -> list[tuple[str, date]]:
        """List the (slug, 1st of month) that folders are named for or photos are dated in."""
        found = {
            (slug, month)
            for slug in destinations
            for month in [
                *map(_month_named, _folders_in(self.folder / slug)),
                *map(self._month_of, self._files_in(self.folder / slug)),
            ]
        }
        if self.heap_destination is not None:
            heap = self._files_in(self.folder)
            found |= {(self.heap_destination, self._month_of(file)) for file in heap}
        return sorted((slug, month) for slug, month in found if month is not None)

    def _month_of(self, file: Path) -> date | None:
        taken_at = _exif_date(file, self.timezone)
        return taken_at and taken_at.date().replace(day=1)

    def _taken_in(self, month: date, files: Sequence[Path]) -> Iterator[FoundPhoto | RefusedPhoto]:
        return (photo for photo in map(self._found, files) if _may_be_of(month, photo))

    def _found(self, file: Path) -> FoundPhoto | RefusedPhoto:
        name = str(file.relative_to(self.folder))
        try:
            size = file.stat().st_size
            if size > self.most_bytes:
                return RefusedPhoto(name, f"{size:,} bytes; at most {self.most_bytes:,} allowed")
            return FoundPhoto(name, file.read_bytes(), _exif_date(file, self.timezone))
        except OSError as error:
            return RefusedPhoto(name, f"cannot be read: {error.strerror or error}")

    def _files_in(self, folder: Path) -> list[Path]:
        if not self.folder.is_dir():
            raise PhotosUnknown(
                f"{self.folder} is no folder; set OOTT_PHOTOS_FOLDER to one that holds photos in "
                "DESTINATION/YYYY-MM/"
            )
        if not folder.is_dir():
            return []
        try:
            return sorted(
                file
                for file in folder.iterdir()
                if file.suffix.lower() in _PHOTO_SUFFIXES
                and not file.name.startswith(".")
                and file.is_file()
            )
        except OSError as error:
            raise PhotosUnknown(f"{folder} cannot be listed: {error.strerror}") from error


def _may_be_of(month: date, photo: FoundPhoto | RefusedPhoto) -> bool:
    if isinstance(photo, RefusedPhoto) or photo.taken_at is None:
        return True
    return (photo.taken_at.year, photo.taken_at.month) == (month.year, month.month)


def _folders_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [child.name for child in folder.iterdir() if child.is_dir()]


def _month_named(name: str) -> date | None:
    try:
        return datetime.strptime(name, "%Y-%m").date()
    except ValueError:
        return None


def _exif_date(file: Path, timezone: str) -> datetime | None:
    """Read when a photo was taken; cameras write local time without a zone."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            exif = image.getexif()
        written = exif.get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL) or exif.get(_DATE_TIME)
        taken_at = datetime.strptime(str(written)[:19], "%Y:%m:%d %H:%M:%S")
    # Damaged EXIF raises whatever its parser met; a photo that shows no date is undated.
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
    ):
        return None
    return taken_at.replace(tzinfo=ZoneInfo(timezone))
