"""When a photo was taken: its EXIF date, or else the date in the name of its file or folders.

The date of the last change is never used, because copying or editing a photo changes it.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple

from PIL import ExifTags, Image

from oott_assets.photos.sources.photo_files import composed
from oott_fashion.vision.photos import DAMAGE, FORMATS, open_image

# Software that does not know the date writes one before this year, such as 0001-01-01.
_FIRST_YEAR, _LAST_YEAR = 1995, 2099

# When a photo was taken, and when the camera or a scanner stored it, each with its UTC offset. The
# tag DateTime is not here, because programs that edit a photo change it.
_EXIF_TAGS = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
)

_DAYS = (
    # photo_1@15-09-2026_08-30-00, as Telegram names it
    re.compile(r"@(?P<day>\d\d)-(?P<month>\d\d)-(?P<year>\d{4})(?!\d)"),
    # 2026-09-15, 2026:09:15, 2026. 9. 15, 2026년 9월 15일, and the folders 2026/09/15
    re.compile(
        r"(?<!\d)(?P<year>\d{4})\s?[-_.:/\s년年]\s?(?P<month>\d{1,2})\s?[-_.:/\s월月]\s?"
        r"(?P<day>\d{1,2})(?!\d)"
    ),
    # 20260915, 20260915083000; a longer number is an id
    re.compile(r"(?<!\d)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?=\D|$|(?:\d{6}|\d{9})(?!\d))"),
)
_TIME = re.compile(
    r"\D{0,12}?(?P<hour>\d{1,2})\D?(?P<minute>\d\d)\D?(?P<second>\d\d)(?:\.\d+)?"
    r"(?:[\s_]?(?P<zone>Z|UTC|[+-]\d\d:\d\d|\+\d{4}))?"
)
_HALF_DAY = re.compile(r"(?P<morning>오전|am\b|a\.m)|오후|pm\b|p\.m", re.IGNORECASE)
_ZONE = re.compile(r"\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)")

# Messengers name a file after the milliseconds since 1970, 13 digits.
_MILLISECONDS = re.compile(r"(?:mmexport|FB_IMG_|temp_)?(?P<milliseconds>1\d{12})(?!\d)")

# The cameras of Pixel phones name a file after the time in UTC.
_PIXEL = "PXL_"

# A folder 2026-09, 2026_9, 202609 or 2026년 9월, or the folders 2026/09
_MONTH = re.compile(r"(?P<year>\d{4})\s?[-_./년]?\s?(?P<month>\d\d|(?<=\D)\d)월?(?:/|$)")


class DateTaken(NamedTuple):
    """The 1st of the month in which a photo was taken, and the moment if that is known too."""

    month: date | None
    moment: datetime | None


def date_taken(file: Path, folders: Sequence[str], local: tzinfo) -> DateTaken:
    """Find out when the photo in ``file`` was taken.

    Args:
        folders: names of the folders that contain the file; the last one counts most.
        local: time zone of dates without a UTC offset, and of the month.
    """
    name = composed(file.name.partition("?")[0])
    moment = _exif_moment(file, local) or _named_moment(name, local)
    for depth in reversed(range(len(folders))):
        if moment is not None:
            break
        below = composed("/".join(folders[depth:]))
        moment = _moment_in(below, local)
        found = _MONTH.match(below)
        if moment is None and found is not None and (month := _day(found)) is not None:
            return DateTaken(month, None)
    return DateTaken(moment.date().replace(day=1) if moment else None, moment)


def _exif_moment(photo: Path, local: tzinfo) -> datetime | None:
    """Read from the EXIF data when a photo was taken."""
    exif = _exif_of(photo)
    for taken, offset in _EXIF_TAGS:
        zone = _ZONE.match(str(exif.get(offset, "")))
        moment = _moment_in(str(exif.get(taken, "")), local, zone and zone["zone"])
        if moment is not None:
            return moment
    return None


def _exif_of(photo: Path) -> dict[int, object]:
    try:
        with open_image(photo, formats=FORMATS) as image:
            # Pillow would decode all pixels of a PNG to look for EXIF data behind them.
            if image.format == "PNG" and "exif" not in image.info:
                return {}
            return dict(image.getexif().get_ifd(ExifTags.IFD.Exif))
    # Damaged EXIF can raise any of these errors. The photo then has no date.
    except (*DAMAGE, Image.DecompressionBombError, KeyError):
        return {}


def _named_moment(name: str, local: tzinfo) -> datetime | None:
    if found := _MILLISECONDS.match(name):
        return datetime.fromtimestamp(int(found["milliseconds"]) / 1000, local)
    return _moment_in(name, local, "UTC" if name.startswith(_PIXEL) else None)


def _moment_in(text: str, local: tzinfo, zone: str | None = None) -> datetime | None:
    """Find the first date in ``text``; ``zone`` is its UTC offset if ``text`` has none."""
    for pattern in _DAYS:
        for found in pattern.finditer(text):
            day = _day(found)
            if day is not None:
                return _with_time(day, text[found.end() :], local, zone)
    return None


def _day(found: re.Match[str]) -> date | None:
    parts = {"day": "1", **found.groupdict()}
    try:
        day = date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def _with_time(day: date, rest: str, local: tzinfo, zone: str | None) -> datetime:
    """Add the time at the start of ``rest``, if there is one, and convert it to ``local``."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=local)
    found = _TIME.match(rest)
    if found is None:
        return midnight
    hour, minute, second = (int(found[part]) for part in ("hour", "minute", "second"))
    # Some cameras write midnight as 24:00.
    if hour > 24 or minute > 59 or second > 60:
        return midnight
    if half := _HALF_DAY.search(rest[: found.end() + 5]):
        hour = hour % 12 + (0 if half["morning"] else 12)
    written = midnight.replace(tzinfo=_zone_of(found["zone"] or zone) or local)
    return (written + timedelta(hours=hour, minutes=minute, seconds=second)).astimezone(local)


def _zone_of(offset: str | None) -> tzinfo | None:
    try:
        return datetime.strptime((offset or "").replace("UTC", "Z"), "%z").tzinfo
    except ValueError:
        return None
