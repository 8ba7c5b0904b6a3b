"""The photo source that draws its photos, so that a new installation works without a crawl.

Each destination has outfits for all months, for the winter and for the summer. How many people wear
the outfits of a season depends on the month only, so the true trends are known: in October, the
winter outer of the destination rises, and shorts fall. The same month always gives the same photos.
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
    in_colours,
    jpeg_of,
    random_outfit,
)
from oott_assets.photos.sources.photo_source import FetchedPost, FoundPhoto, ListedPost
from oott_fashion.destinations import Destination

_LASTING_OUTFITS = 8

_WINTER_OUTERS = ("coat", "puffer", "leather jacket")
_WINTER_GARMENTS = (("knit sweater", "jeans", "sneakers"), ("shirt", "slacks", "dress shoes"))
_SUMMER_GARMENTS = (("tee shirt", "shorts pants", "sandals"), ("dress", "sandals"))

# The share of people who wear an outfit of the season, by month. All others wear a lasting outfit.
_IN_WINTER = {10: 0.5, 11: 0.6, 12: 0.7, 1: 0.7, 2: 0.6, 3: 0.3}
_IN_SUMMER = {5: 0.2, 6: 0.4, 7: 0.5, 8: 0.5, 9: 0.4}

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
        slug = crc32(destination.slug.encode())
        outer = _WINTER_OUTERS[slug % len(_WINTER_OUTERS)]
        self._seed = [_STREAM, slug, month.toordinal()]
        rng = np.random.default_rng([_STREAM, slug])
        self._lasting = [random_outfit(rng) for _ in range(_LASTING_OUTFITS)]
        self._winter = [in_colours((outer, *garments), rng) for garments in _WINTER_GARMENTS]
        self._summer = [in_colours(garments, rng) for garments in _SUMMER_GARMENTS]
        self._in_winter = _IN_WINTER.get(month.month, 0.0)
        self._in_summer = _IN_SUMMER.get(month.month, 0.0)
        self._midnight = datetime(month.year, month.month, 1, tzinfo=UTC)

    def drawn(self, index: int) -> DrawnPhoto:
        rng = np.random.default_rng([*self._seed, index])
        return draw_photo(self._worn(rng), rng)

    def fetch(self, name: str, index: int) -> FetchedPost:
        taken_at = self._midnight + timedelta(days=index % 28, hours=12)
        return FetchedPost(taken_at, [FoundPhoto(name, jpeg_of(self.drawn(index)))])

    def _worn(self, rng: np.random.Generator) -> tuple[WornGarment, ...]:
        chance = rng.random()
        if chance < self._in_winter:
            return _one_of(self._winter, rng)
        if chance > 1 - self._in_summer:
            return _one_of(self._summer, rng)
        return _one_of(self._lasting, rng)


def _one_of(
    outfits: list[tuple[WornGarment, ...]], rng: np.random.Generator
) -> tuple[WornGarment, ...]:
    """Choose an outfit; number n is n times less likely than number 1."""
    popularity = 1 / np.arange(1, len(outfits) + 1)
    return outfits[int(rng.choice(len(outfits), p=popularity / popularity.sum()))]
