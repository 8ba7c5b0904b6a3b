"""The photo source that reads a folder on disk.

``FOLDER/DESTINATION/YYYY-MM/`` gives destination and month. Other photos in a destination's folder
get their month from ``photo_dates``, and so do photos directly in ``FOLDER/``. These belong to one
destination that the user sets.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oott_assets.photos.sources.photo_dates import date_taken
from oott_assets.photos.sources.photo_files import (
    FoundFile,
    UnreadableFile,
    files_in,
    name_below,
    read_limited,
    subfolders_of,
    text_of,
)
from oott_assets.photos.sources.photo_source import (
    FetchedPost,
    FoundPhoto,
    ListedPost,
    PhotosUnknown,
    SkippedFile,
    UnavailablePhoto,
)
from oott_fashion.destinations import Destination, Destinations, UnknownPlace


class PlacedPhoto(NamedTuple):
    """A photo file, its destination and month, and its date if that decides the month.

    An undated photo has the month that the user sets for all of them.
    """

    file: Path
    slug: str
    month: date
    taken_at: datetime | None = None
    is_undated: bool = False


@dataclass(frozen=True)
class PhotoFolder:
    """The photos below one folder; those in the folder itself belong to ``folder_destination``.

    A destination's folder is named by its slug or its Korean name. Photos without a date belong to
    ``folder_month``, the 1st of a month. If it is None, they are skipped.
    """

    name = "folder"
    shows_people = True
    uses_network = False

    folder: Path
    destinations: Destinations
    folder_destination: str | None
    max_bytes: int
    timezone: ZoneInfo
    folder_month: date | None = None

    def posts(
        self, destination: Destination, month: date
    ) -> Generator[ListedPost | SkippedFile, None, None]:
        """List the photos of ``destination`` in ``month``, and what is skipped.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        for found in self.contents(destination.slug):
            if isinstance(found, SkippedFile):
                if _month_in(found.name.split("/")) in (month, None):
                    yield found
            elif found.month == month:
                name = name_below(self.folder, found.file)
                yield ListedPost(name, partial(self._fetch, found, name))

    def contents(self, only: str | None = None) -> Iterator[PlacedPhoto | SkippedFile]:
        """List the photos of the destination ``only``, or of all, and what is skipped.

        Raises:
            PhotosUnknown: the folder does not exist or cannot be read.
        """
        if not self.folder.is_dir():
            raise PhotosUnknown(
                f"{text_of(self.folder)} is not a folder; set OOTT_PHOTOS_FOLDER to a folder with "
                "photos in DESTINATION/YYYY-MM/"
            )
        if self.folder_destination in (only, None) or only is None:
            loose = files_in(self.folder, with_subfolders=False)
            yield from (self._placed(found, self.folder_destination) for found in loose)
        for folder in subfolders_of(self.folder):
            slug = self._slug_of(folder)
            if slug is None:
                yield _skipped_folder(folder)
            elif only in (slug, None):
                files = files_in(folder, self.folder)
                yield from (self._placed(found, slug) for found in files)

    def _slug_of(self, folder: Path) -> str | None:
        try:
            # Instagram downloaders name the folder of a hashtag #홍대.
            return self.destinations.destination(folder.name.lstrip("#")).slug
        except UnknownPlace:
            return None

    def _placed(self, found: FoundFile, slug: str | None) -> PlacedPhoto | SkippedFile:
        """Find the month of a photo."""
        file = found.file
        name = name_below(self.folder, file)
        if found.skipped_because is not None:
            return SkippedFile(name, found.skipped_because)
        if slug is None:
            return SkippedFile(name, "not in a destination's folder; set OOTT_FOLDER_DESTINATION")
        folders = file.relative_to(self.folder).parts[:-1]
        if month := _month_in((*folders, file.name)):
            # A camera's clock may be wrong, so the name of a month's folder takes precedence. The
            # date is read later, because nobody needs it to list the photo.
            return PlacedPhoto(file, slug, month)
        taken = date_taken(file, (self.folder.absolute().name, *folders[1:]), self.timezone)
        month = taken.month or self.folder_month
        if month is None:
            return SkippedFile(
                name, "no date; move it to DESTINATION/YYYY-MM/, or set OOTT_FOLDER_MONTH"
            )
        return PlacedPhoto(file, slug, month, taken.moment, is_undated=taken.month is None)

    def _fetch(self, photo: PlacedPhoto, name: str) -> FetchedPost:
        taken_at = photo.taken_at
        if taken_at is None:
            taken = date_taken(photo.file, (), self.timezone)
            taken_at = taken.moment if taken.month == photo.month else None
        try:
            content = read_limited(photo.file, self.max_bytes)
        except UnreadableFile as error:
            return FetchedPost(taken_at, [UnavailablePhoto(name, str(error))])
        return FetchedPost(taken_at, [FoundPhoto(name, content)])


def _month_in(parts: Sequence[str]) -> date | None:
    """Give the month of the folder DESTINATION/YYYY-MM/ that contains the file of this path."""
    try:
        month = datetime.strptime(parts[1], "%Y-%m").date()
    except (IndexError, ValueError):
        return None
    # strptime also accepts 2026-9.
    return month if len(parts) > 2 and f"{month:%Y-%m}" == parts[1] else None


def _skipped_folder(folder: Path) -> SkippedFile:
    reason = "not a destination, such as hongdae or 홍대"
    try:
        os.fsencode(folder.name).decode()
    except UnicodeDecodeError:
        korean = os.fsencode(folder.name).decode("cp949", errors="replace")
        reason = f"a folder whose name is not UTF-8 ({korean} in cp949); rename it"
    count = sum(len(files) for *_, files in os.walk(folder))
    return SkippedFile(f"{text_of(Path(folder.name))}/ ({count:,} files)", reason)
