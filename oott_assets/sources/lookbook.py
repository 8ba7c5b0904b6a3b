"""Photos drawn by us, so that a fresh machine has input and a test has truth.

Every destination has a few outfits that stay in fashion and a few of the month; the same month is
always drawn alike.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zlib import crc32

import numpy as np

from oott_assets.sources.drawn_photos import DrawnPhoto, Worn, draw_photo, dress_up, jpeg_of
from oott_assets.sources.photo_source import FoundPhoto
from oott_fashion.destinations import Destination

_LASTING_OUTFITS, _NEW_OUTFITS = 4, 4

# Starter training draws from other streams, so that no drawn photo it learnt from is shown here.
_STREAM = 77


class Lookbook:
    """Draws ``photos_a_month`` photos for every destination and month."""

    name = "lookbook"

    def __init__(self, photos_a_month: int) -> None:
        self.photos_a_month = photos_a_month

    def photos(self, destination: Destination, month: date) -> Iterator[FoundPhoto]:
        """Bring the drawn photos as JPEG files, dated evenly over the month."""
        midnight = datetime(month.year, month.month, 1, tzinfo=UTC)
        for index, photo in enumerate(self.drawn(destination, month)):
            taken_at = midnight + timedelta(days=index % 28, hours=12)
            yield FoundPhoto(f"look-{index:04}.jpg", jpeg_of(photo), taken_at)

    def drawn(self, destination: Destination, month: date) -> Iterator[DrawnPhoto]:
        """Draw the photos of ``destination`` in ``month``, with what is worn in each."""
        place = [_STREAM, crc32(destination.slug.encode())]
        seed = [*place, month.toordinal()]
        outfits = [*_outfits(_LASTING_OUTFITS, place), *_outfits(_NEW_OUTFITS, seed)]
        for index in range(self.photos_a_month):
            rng = np.random.default_rng([*seed, index])
            yield draw_photo(_worn_of(outfits, rng), rng)


def _outfits(count: int, seed: list[int]) -> list[tuple[Worn, ...]]:
    rng = np.random.default_rng(seed)
    return [dress_up(rng) for _ in range(count)]


def _worn_of(outfits: list[tuple[Worn, ...]], rng: np.random.Generator) -> tuple[Worn, ...]:
    """Choose an outfit; the second is worn half as often as the first, the third a third."""
    popularity = 1 / np.arange(1, len(outfits) + 1)
    return outfits[int(rng.choice(len(outfits), p=popularity / popularity.sum()))]
