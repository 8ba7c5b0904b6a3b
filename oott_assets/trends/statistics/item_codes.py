"""The garments, colours, looks and outfits that a photo can show, each with a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, GARMENT_NAMES, GARMENTS
from oott_fashion.outfits import NOTHING_SEEN
from oott_fashion.stores.estimate_tables import Subject
from oott_fashion.stores.trend_schema import ANY

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

# An outfit is a number with a digit for each category: 0 for nothing, else the class id plus 1.
_BASE = len(GARMENT_NAMES) + 1

CATEGORY_OF_GARMENT: Integers = np.array(
    [CATEGORIES.index(garment.category) for garment in GARMENTS]
)


class Item(NamedTuple):
    """What the trend tables have in their columns for a garment, colour, look or outfit."""

    garment: str
    colour: str
    category: str


@dataclass(frozen=True)
class Items:
    """All items of a subject. Items of one category are in one group."""

    subject: Subject
    names: tuple[Item, ...]
    groups: NDArray[np.intp]


def _items(subject: Subject, names: Sequence[Item]) -> Items:
    categories = sorted({item.category for item in names})
    groups = np.array([categories.index(item.category) for item in names], dtype=np.intp)
    return Items(subject, tuple(names), groups)


GARMENT_ITEMS = _items(
    "garment", [Item(garment.name, ANY, garment.category) for garment in GARMENTS]
)
COLOUR_ITEMS = _items("colour", [Item(ANY, colour, ANY) for colour in PALETTE_NAMES])
# The number of a look is its class id times the number of colours, plus the number of its colour.
LOOK_ITEMS = _items(
    "look",
    [
        Item(garment.name, colour, garment.category)
        for garment in GARMENTS
        for colour in PALETTE_NAMES
    ],
)


def outfit_items(codes: Integers) -> Items:
    """Name the outfits with these numbers."""
    return _items("outfit", [Item(name, ANY, ANY) for name in _outfit_names(codes)])


def outfit_codes(garments_by_category: Integers) -> Integers:
    """Number outfits.

    Args:
        garments_by_category: class ids, shape (outfits, 4); -1 for a category without a garment.
    """
    digits = _BASE ** np.arange(len(CATEGORIES), dtype=np.int64)
    numbers: Integers = (garments_by_category + 1) @ digits
    return numbers


def outfit_digits(codes: Integers) -> Integers:
    """Read numbers of outfits: for each category 0, or the class id plus 1; shape (4, outfits)."""
    places = _BASE ** np.arange(len(CATEGORIES), dtype=np.int64)
    digits: Integers = codes // places[:, None] % _BASE
    return digits


def _outfit_names(codes: Integers) -> list[str]:
    names = (NOTHING_SEEN, *GARMENT_NAMES)
    return [",".join(names[digit] for digit in digits) for digits in outfit_digits(codes).T]
