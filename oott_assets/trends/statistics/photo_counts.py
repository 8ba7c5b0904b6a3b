"""Counts the photos and posts of a month that show each garment, colour, look and outfit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa

from oott_assets.trends.statistics.item_codes import (
    CATEGORY_OF_GARMENT,
    COLOUR_ITEMS,
    GARMENT_ITEMS,
    LOOK_ITEMS,
    Booleans,
    Floats,
    Integers,
    Items,
    outfit_codes,
    outfit_items,
)
from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, GARMENT_NAMES
from oott_fashion.stores.estimate_tables import Subject

COLUMNS = ("destination", "photo", "post", "garment", "colour", "confidence", "detector_version")
"""The columns of the stored detections that are needed to count."""


class SeenGarments(NamedTuple):
    """The garments in the photos of a month, a row for each.

    Destinations are numbered from 0 in the caller's order. Photos and posts are numbered from 0
    over all destinations. ``colour`` is -1 if it is unknown.
    """

    destination: Integers
    post: Integers
    photo: Integers
    garment: Integers
    colour: Integers
    confidence: Floats

    @classmethod
    def of(cls, detections: pa.Table, destinations: Sequence[str]) -> Self:
        """Read ``COLUMNS`` of one month; destinations that are not listed are left out."""
        place = _numbers(detections, "destination", destinations)
        garment = _numbers(detections, "garment", GARMENT_NAMES)
        known = (place >= 0) & (garment >= 0)
        photo, post = _own_numbers(detections, "photo"), _own_numbers(detections, "post")
        posts = int(post.max(initial=-1)) + 1
        # A photo without a post is a post of its own.
        nameless = _numbers(detections, "post", [""]) == 0
        post = np.where(nameless, posts + photo, post)
        return cls(
            place[known],
            _numbered(place[known], post[known]),
            _numbered(place[known], photo[known]),
            garment[known],
            _numbers(detections, "colour", PALETTE_NAMES)[known],
            detections.column("confidence").to_numpy().astype(float)[known],
        )

    def outfits(self) -> Integers:
        """Give the number of each photo's outfit, in the order of the photos."""
        # Of two equally confident garments the first one is worn, so that one is written last.
        ascending = np.lexsort((-np.arange(len(self.photo)), self.confidence))
        worn = np.full((self.photo.max(initial=-1) + 1, len(CATEGORIES)), -1, dtype=np.int64)
        category = CATEGORY_OF_GARMENT[self.garment]
        worn[self.photo[ascending], category[ascending]] = self.garment[ascending]
        return outfit_codes(worn)


class SeenCounts(NamedTuple):
    """In how many photos and posts each item was seen; each array is (destinations, items).

    ``squares`` is the sum over posts of y * y and ``products`` of y * m, where y of the m photos of
    a post show the item.
    """

    items: Items
    photos: Floats
    posts: Floats
    squares: Floats
    products: Floats


@dataclass(frozen=True)
class MonthCounts:
    """The counts of a month; each array has an entry per destination.

    ``photos`` are those with garments. ``squares`` is the sum over posts of m * m, where m is the
    number of such photos in a post. ``albums`` are the posts with several.
    """

    photos: Floats
    posts: Floats
    squares: Floats
    albums: Floats
    versions: tuple[str, ...]
    seen: dict[Subject, SeenCounts]


def versions_in(detections: pa.Table, destinations: Sequence[str]) -> tuple[str, ...]:
    """Give the version of the detector that read each destination; "" if it has no rows."""
    versions = dict.fromkeys(destinations, "")
    pairs = detections.select(["destination", "detector_version"]).group_by(
        ["destination", "detector_version"]
    )
    for row in pairs.aggregate([]).to_pylist():
        if row["destination"] in versions:
            versions[row["destination"]] = row["detector_version"]
    return tuple(versions.values())


def versions_at(month: MonthCounts, members: Booleans) -> list[str]:
    """List the versions that read the destinations of a place, the oldest first."""
    present = members & (month.photos > 0)
    return sorted({month.versions[index] for index in np.flatnonzero(present)})


def repeated_outfits(months: Iterable[SeenGarments]) -> Integers:
    """Number the outfits that at least two posts of a month show."""
    repeated = [_in_two_posts(month) for month in months]
    codes: Integers = np.unique(np.concatenate([*repeated, np.zeros(0, dtype=np.int64)]))
    return codes


def month_counts(
    garments: SeenGarments, versions: tuple[str, ...], outfits: Integers
) -> MonthCounts:
    """Count a month; ``outfits`` are the sorted numbers of the outfits to count."""
    counter = _Counter(garments, len(versions))
    worn = garments.outfits()
    look = np.where(
        garments.colour < 0, -1, garments.garment * len(PALETTE_NAMES) + garments.colour
    )
    shown = [
        (GARMENT_ITEMS, garments.photo, garments.garment),
        (COLOUR_ITEMS, garments.photo, garments.colour),
        (LOOK_ITEMS, garments.photo, look),
        (
            outfit_items(outfits),
            np.arange(len(worn)),
            np.where(np.isin(worn, outfits), np.searchsorted(outfits, worn), -1),
        ),
    ]
    seen = {
        items.subject: counter.seen(items, photo[number >= 0], number[number >= 0])
        for items, photo, number in shown
    }
    return MonthCounts(*counter.photos_and_posts(), versions, seen)


class _Counter:
    """Counts the photos of one month."""

    def __init__(self, garments: SeenGarments, destinations: int) -> None:
        self._destinations = destinations
        _, first = np.unique(garments.photo, return_index=True)
        self._post_of = garments.post[first]
        self._photos_of_post = np.bincount(self._post_of).astype(float)
        self._place_of_post = np.zeros(len(self._photos_of_post), dtype=np.int64)
        self._place_of_post[garments.post] = garments.destination

    def photos_and_posts(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Give photos, posts, the sum of squares and the number of albums per destination."""
        photos = self._photos_of_post
        weights = (photos, None, photos**2, (photos > 1).astype(float))
        photos_, posts, squares, albums = (
            np.bincount(self._place_of_post, weight, self._destinations).astype(float)
            for weight in weights
        )
        return photos_, posts, squares, albums

    def seen(self, items: Items, photo: Integers, item: Integers) -> SeenCounts:
        """Count the photos in which each item was seen at least once."""
        width = max(len(items.names), 1)
        shown = np.unique(photo * width + item)  # a photo with two tee shirts shows one item
        in_post, counts = np.unique(
            self._post_of[shown // width] * width + shown % width, return_counts=True
        )
        post, times = in_post // width, counts.astype(float)
        cell = self._place_of_post[post] * width + in_post % width
        weights = (times, np.ones(len(times)), times**2, times * self._photos_of_post[post])
        totals: list[Floats] = [
            np.bincount(cell, weight, self._destinations * width).astype(float)
            for weight in weights
        ]
        shape = (self._destinations, width)
        return SeenCounts(items, *(total.reshape(shape)[:, : len(items.names)] for total in totals))


def _in_two_posts(garments: SeenGarments) -> Integers:
    _, first = np.unique(garments.photo, return_index=True)
    width = garments.post.max(initial=0) + 1
    pairs = np.unique(garments.outfits() * width + garments.post[first])
    outfits, posts = np.unique(pairs // width, return_counts=True)
    repeated: Integers = outfits[posts > 1]
    return repeated


def _numbers(detections: pa.Table, column: str, names: Sequence[str]) -> Integers:
    """Give the place of each value in ``names``; -1 for other values and for null."""
    encoded = _encoded(detections, column)
    place = {name: number for number, name in enumerate(names)}
    places = [place.get(name, -1) for name in encoded.dictionary.to_pylist()]
    numbers: Integers = np.array([*places, -1], dtype=np.int64)[_indices(encoded)]
    return numbers


def _own_numbers(detections: pa.Table, column: str) -> Integers:
    return _indices(_encoded(detections, column))


def _indices(encoded: pa.DictionaryArray) -> Integers:
    indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(indices, dtype=np.int64)


def _encoded(detections: pa.Table, column: str) -> pa.DictionaryArray:
    values = detections.column(column)
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    return values.unify_dictionaries().combine_chunks()


def _numbered(place: Integers, number: Integers) -> Integers:
    """Number the different pairs of a destination and a photo or post, from 0."""
    width = number.max(initial=0) + 1
    _, numbers = np.unique(place * width + number, return_inverse=True)
    return np.asarray(numbers, dtype=np.int64)
