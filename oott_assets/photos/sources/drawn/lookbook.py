"""The photo source that draws its photos, so that a new installation works without a crawl.

Each destination has some outfits for all months and some for one month. The same month always gives
the same photos.
"""

from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zlib import crc32

import numpy as np

from oott_assets.photos.sources.drawn.drawn_photos import (
    DrawnPhoto,
    WornGarment,
    draw_photo,
    jpeg_of,
    random_outfit,
)
from oott_assets.photos.sources.photo_source import FetchedPost, FoundPhoto, ListedPost
from oott_fashion.destinations import Destination

_LASTING_OUTFITS, _NEW_OUTFITS = 4, 4

# Starter training uses other random streams, so that no training photo appears here.
_STREAM = 77


class Lookbook:
    """Draws ``photos_a_month`` photos for each destination and month."""

    name = "lookbook"
    shows_people = False
    uses_network = False

    def __init__(self, photos_a_month: int) -> None:
        self.photos_a_month = photos_a_month

    def posts(self, destination: Destination, month: date) -> Generator[ListedPost, None, None]:
        """List the drawn photos, JPEG files dated evenly over the month."""
        fashion = _Fashion(destination, month)
        for index in range(self.photos_a_month):
            name = f"look-{index:04}.jpg"
            yield ListedPost(name, partial(fashion.fetch, name, index))

    def drawn(self, destination: Destination, month: date) -> Iterator[DrawnPhoto]:
        """Draw the photos of ``destination`` in ``month``, with their garments."""
        return map(_Fashion(destination, month).drawn, range(self.photos_a_month))


class _Fashion:
    """The outfits of a destination in a month, and the photos that show them."""

    def __init__(self, destination: Destination, month: date) -> None:
        place = [_STREAM, crc32(destination.slug.encode())]
        self._seed = [*place, month.toordinal()]
        self._outfits = [*_outfits(_LASTING_OUTFITS, place), *_outfits(_NEW_OUTFITS, self._seed)]
        self._midnight = datetime(month.year, month.month, 1, tzinfo=UTC)

    def drawn(self, index: int) -> DrawnPhoto:
        rng = np.random.default_rng([*self._seed, index])
        return draw_photo(_worn_of(self._outfits, rng), rng)

    def fetch(self, name: str, index: int) -> FetchedPost:
        taken_at = self._midnight + timedelta(days=index % 28, hours=12)
        return FetchedPost(taken_at, [FoundPhoto(name, jpeg_of(self.drawn(index)))])


def _outfits(count: int, seed: list[int]) -> list[tuple[WornGarment, ...]]:
    rng = np.random.default_rng(seed)
    return [random_outfit(rng) for _ in range(count)]


def _worn_of(
    outfits: list[tuple[WornGarment, ...]], rng: np.random.Generator
) -> tuple[WornGarment, ...]:
    """Choose an outfit; number n is n times less likely than number 1."""
    popularity = 1 / np.arange(1, len(outfits) + 1)
    return outfits[int(rng.choice(len(outfits), p=popularity / popularity.sum()))]
