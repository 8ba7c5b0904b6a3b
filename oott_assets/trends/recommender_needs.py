"""What the recommender of the released backend needs: it crashes where a category has less."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from oott_fashion.colours import RELEASED_NAMES
from oott_fashion.destinations import DestinationCategory
from oott_fashion.trends import Look

# It picks two garments and three colours of an outer and of a top at random.
MIN_GARMENTS = 2
MIN_COLOURS = 3
_NEEDED = ("outer", "top")


class TooLittle(NamedTuple):
    """A destination category that the recommender cannot serve, and what there is of it."""

    destination_category: str
    category: str
    garments: int
    colours: int


def too_little(
    categories: Sequence[DestinationCategory], seen: Iterable[tuple[str, Look]]
) -> Iterator[TooLittle]:
    """Find the destination categories with too few garments or colours of an outer or a top.

    Args:
        seen: the slug of a destination category, and a look that was counted there.
    """
    looks = set(seen)
    for place in categories:
        for category in _NEEDED:
            of_it = [
                look for slug, look in looks if slug == place.slug and look.category == category
            ]
            garments = {look.garment for look in of_it}
            colours = {RELEASED_NAMES.get(look.colour, look.colour) for look in of_it}
            if len(garments) < MIN_GARMENTS or len(colours) < MIN_COLOURS:
                yield TooLittle(place.slug, category, len(garments), len(colours))
