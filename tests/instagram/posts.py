"""Fake posts, whose photos have a date and GPS coordinates in EXIF."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, random_outfit

# The GPS coordinates of every photo: Hongdae, exact to one arc second.
_GPS = {1: "N", 2: (37.0, 33.0, 23.0), 3: "E", 4: (126.0, 55.0, 25.0)}
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _DATE_TIME_ORIGINAL = 0x010F, 0x0110, 0x9003

_PLAIN_SIDE = 320
# The blocks form the grid of a dHash, so that no two photos count as duplicates.
_PLAIN_BLOCKS = (8, 9)


@dataclass(frozen=True)
class PostPhoto:
    """A photo on the CDN: a drawn person, or coloured blocks if ``plain``. Blocks are faster."""

    name: str
    taken_at: datetime | None
    plain: bool

    def jpeg(self) -> bytes:
        """Return the uploaded file, with EXIF and GPS."""
        return _jpeg(self)

    def small(self, width: int) -> bytes:
        """Return a square crop, ``width`` pixels wide."""
        return _small(self, width)

    def width(self) -> int:
        """Return the width in pixels."""
        with Image.open(BytesIO(self.jpeg())) as image:
            return image.width


@dataclass(frozen=True)
class Post:
    """A post; without photos it is a video."""

    shortcode: str
    hashtags: tuple[str, ...]
    taken_at: datetime | None
    photos: tuple[PostPhoto, ...]

    @property
    def path(self) -> str:
        return f"/p/{self.shortcode}/"


def make_post(
    shortcode: str,
    hashtag: str,
    taken_at: datetime | None,
    photos: int = 1,
    plain: bool = False,
) -> Post:
    """Make a post with ``photos`` photos; 0 makes a video."""
    names = [f"{shortcode}-{number}" for number in range(1, photos + 1)]
    taken = tuple(PostPhoto(name, taken_at, plain) for name in names)
    return Post(shortcode, (hashtag,), taken_at, taken)


def make_posts(
    count: int,
    hashtag: str,
    month: date,
    photos_each: Sequence[int] = (1,),
    plain: bool = False,
) -> list[Post]:
    """Make ``count`` posts, latest first, on days 2 to 27 of ``month``; always the same ones.

    ``photos_each`` gives their numbers of photos in turn; 0 makes a video.
    """
    latest = datetime(month.year, month.month, 27, 3, tzinfo=UTC)
    step = timedelta(days=25) / max(count, 1)
    return [
        make_post(
            _shortcode(hashtag, month, index),
            hashtag,
            (latest - index * step).replace(microsecond=0),
            photos_each[index % len(photos_each)],
            plain,
        )
        for index in range(count)
    ]


def _shortcode(hashtag: str, month: date, index: int) -> str:
    digest = hashlib.sha256(f"{hashtag} {month} {index}".encode()).digest()
    return base64.urlsafe_b64encode(digest)[:11].decode()


def _seed_of(photo: PostPhoto) -> int:
    return int.from_bytes(hashlib.sha256(photo.name.encode()).digest()[:8])


@lru_cache(maxsize=2048)
def _jpeg(photo: PostPhoto) -> bytes:
    rng = np.random.default_rng(_seed_of(photo))
    image = (
        _blocks(rng) if photo.plain else Image.fromarray(draw_photo(random_outfit(rng), rng).pixels)
    )
    return _file_of(image, _exif(photo.taken_at))


def _blocks(rng: np.random.Generator) -> Image.Image:
    blocks = Image.fromarray(rng.integers(0, 256, (*_PLAIN_BLOCKS, 3), dtype=np.uint8))
    return blocks.resize((_PLAIN_SIDE, _PLAIN_SIDE), Image.Resampling.NEAREST)


@lru_cache(maxsize=2048)
def _small(photo: PostPhoto, width: int) -> bytes:
    with Image.open(BytesIO(photo.jpeg())) as image:
        image.draft("RGB", (width, width))
        return _file_of(ImageOps.fit(image, (width, width)), Image.Exif())


def _exif(taken_at: datetime | None) -> Image.Exif:
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL] = "Loopback", "Someone's telephone"
    exif[_GPS_IFD] = _GPS
    if taken_at is not None:
        exif[_EXIF_IFD] = {_DATE_TIME_ORIGINAL: f"{taken_at:%Y:%m:%d %H:%M:%S}"}
    return exif


def _file_of(image: Image.Image, exif: Image.Exif) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=88, exif=exif)
    return file.getvalue()
