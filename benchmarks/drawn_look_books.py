"""Draws look-books: the garments in photos of several destinations and months, without pixels.

The true share of each garment, colour, look and outfit is known. Some posts are albums. Their
photos mostly show one person in one outfit.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from oott_assets.trends.statistics.item_codes import (
    CATEGORY_OF_GARMENT,
    Floats,
    Integers,
    outfit_digits,
)
from oott_assets.trends.statistics.photo_counts import SeenGarments
from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, GARMENT_NAMES

MONTHS = 36
MIN_PHOTOS, MAX_PHOTOS = 10, 400

# Four of ten posts are albums of two to six photos. In four of five photos of an album, a garment
# is the one that the person of the album wears. Else it is that of a random person.
ALBUMS = 0.4
SAME_GARMENT = 0.8

# How many photos of a destination show a garment of each category. Each photo shows a top, so each
# photo has garments.
_WORN = (0.3, 1.0, 0.5, 0.5)


@dataclass(frozen=True)
class Wardrobe:
    """What people wear at each destination in a month.

    ``garments`` has the share of photos with each garment, shape (destinations, 24). ``colours``
    has the share of each colour among the garments of a name, shape (24, colours).
    """

    garments: Floats
    colours: Floats

    @classmethod
    def drawn(cls, rng: np.random.Generator, destinations: int) -> Self:
        """Draw a wardrobe in which destinations differ, and some garments and colours are rare."""
        garments = np.zeros((destinations, len(GARMENT_NAMES)))
        for category, worn in enumerate(_WORN):
            [members] = np.nonzero(category == CATEGORY_OF_GARMENT)
            popular = rng.dirichlet(np.full(len(members), 1.0))
            garments[:, members] = worn * rng.dirichlet(20 * popular + 0.05, destinations)
        colours = rng.dirichlet(np.full(len(PALETTE_NAMES), 0.5), len(GARMENT_NAMES))
        return cls(garments, colours)

    def with_garment(self, garment: str, share: Floats | float) -> "Wardrobe":
        """Set the share of a garment; more or fewer people then wear nothing of its category."""
        garments = self.garments.copy()
        garments[:, GARMENT_NAMES.index(garment)] = share
        return Wardrobe(garments, self.colours)

    def looks(self) -> Floats:
        """Give the true share of each look, shape (destinations, looks)."""
        looks: Floats = self.garments[:, :, None] * self.colours
        return looks.reshape(len(looks), -1)

    def shares_of_colours(self) -> Floats:
        """Give the true share of photos with each colour, shape (destinations, colours)."""
        without = np.ones((len(self.garments), len(PALETTE_NAMES)))
        for category in range(len(CATEGORIES)):
            members = category == CATEGORY_OF_GARMENT
            without *= 1 - self.garments[:, members] @ self.colours[members]
        return 1 - without

    def outfits(self, codes: Integers) -> Floats:
        """Give the true shares of outfits with these numbers, shape (destinations, outfits)."""
        shares = np.ones((len(self.garments), len(codes)))
        for category, digit in enumerate(outfit_digits(codes)):
            members = category == CATEGORY_OF_GARMENT
            nothing = 1 - self.garments[:, members].sum(axis=1, keepdims=True)
            shares *= np.hstack([nothing, self.garments])[:, digit]
        return shares


class _Posts(NamedTuple):
    """The post of each photo, and the destination of each photo and post."""

    post: Integers
    destination: Integers
    destination_of_post: Integers


def drawn_photos(rng: np.random.Generator, destinations: int) -> Integers:
    """Draw how many photos each destination has: between 10 and 400."""
    spread = rng.uniform(np.log(MIN_PHOTOS), np.log(MAX_PHOTOS), destinations)
    photos: Integers = np.exp(spread).round().astype(np.int64)
    return photos


def drawn_month(
    rng: np.random.Generator, wardrobe: Wardrobe, photos: Integers, albums: float = ALBUMS
) -> SeenGarments:
    """Draw the photos of a month; ``photos`` has their number per destination."""
    posts = _posts(rng, photos, albums)
    worn = _outfits(rng, wardrobe, posts.destination_of_post)[posts.post]
    other = _outfits(rng, wardrobe, posts.destination)
    outfits = np.where(rng.random(worn.shape) < SAME_GARMENT, worn, other)
    photo, category = np.nonzero(outfits >= 0)
    look = outfits[photo, category]
    return SeenGarments(
        posts.destination[photo],
        posts.post[photo],
        photo,
        look // len(PALETTE_NAMES),
        look % len(PALETTE_NAMES),
        rng.random(len(photo)),
    )


def _posts(rng: np.random.Generator, photos: Integers, albums: float) -> _Posts:
    destination = np.repeat(np.arange(len(photos)), photos)
    total = len(destination)
    sizes = np.where(rng.random(total) < albums, rng.integers(2, 7, total), 1)
    starts = np.zeros(total + 1, dtype=bool)
    starts[np.minimum(np.cumsum(sizes), total)] = True
    starts[0] = True
    starts[1:total] |= destination[1:] != destination[:-1]
    post = np.cumsum(starts[:total]) - 1
    return _Posts(post, destination, destination[starts[:total]])


def _outfits(rng: np.random.Generator, wardrobe: Wardrobe, destination: Integers) -> Integers:
    """Draw an outfit for each entry of ``destination``: a look per category, or -1."""
    outfits = np.full((len(destination), len(CATEGORIES)), -1, dtype=np.int64)
    for category in range(len(CATEGORIES)):
        [members] = np.nonzero(category == CATEGORY_OF_GARMENT)
        until = np.cumsum(wardrobe.garments[:, members], axis=1)[destination]
        chosen = (until < rng.random((len(destination), 1))).sum(axis=1)
        worn = chosen < len(members)
        outfits[worn, category] = members[chosen[worn]] * len(PALETTE_NAMES)
    worn = outfits >= 0
    until = np.cumsum(wardrobe.colours, axis=1)[outfits[worn] // len(PALETTE_NAMES)]
    colour = (until < rng.random((len(until), 1))).sum(axis=1)
    outfits[worn] += np.minimum(colour, len(PALETTE_NAMES) - 1)
    return outfits
