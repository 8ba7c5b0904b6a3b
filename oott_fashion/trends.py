"""Counts how often each garment in each colour, and each outfit, was worn in a set of photos."""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from oott_fashion.garments import Category, category_of
from oott_fashion.outfits import OutfitNames, names_of, outfit_of
from oott_fashion.vision.detections import Detection


class Look(NamedTuple):
    """A garment in a colour."""

    category: Category
    garment: str
    colour: str


def garment_counts(photos: Iterable[Sequence[Detection]]) -> Counter[Look]:
    """Count the garments of all photos by look."""
    seen = (_name_and_colour(detection) for detections in photos for detection in detections)
    return _by_look(Counter(seen))


def photos_showing(photos: Iterable[Sequence[Detection]]) -> Counter[Look]:
    """Count the photos that show each look."""
    seen = (look for detections in photos for look in set(map(_name_and_colour, detections)))
    return _by_look(Counter(seen))


def outfit_counts(photos: Iterable[Sequence[Detection]]) -> Counter[OutfitNames]:
    """Count the outfits: one per photo that shows a garment."""
    return Counter(names_of(outfit_of(detections)) for detections in photos if detections)


# A look is made once per name and colour. Making one per detection takes twice as long.
_name_and_colour = attrgetter("garment", "colour")


def _by_look(counts: Counter[tuple[str, str]]) -> Counter[Look]:
    return Counter(
        {Look(category_of(name), name, colour): times for (name, colour), times in counts.items()}
    )
