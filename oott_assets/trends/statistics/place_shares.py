"""Shares of photos at places: at a destination, in a category of destinations, and everywhere.

The share of several destinations is a mean of their shares, not the share of all their photos.
Otherwise it would change when more photos of one destination are collected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from oott_assets.trends.statistics.effective_photos import effective_photos
from oott_assets.trends.statistics.item_codes import Booleans, Floats
from oott_assets.trends.statistics.photo_counts import MonthCounts, SeenCounts
from oott_fashion.destinations import Destination
from oott_fashion.stores.estimate_tables import ALL_PLACES, PlaceKind

# A destination counts half as much as one with very many photos if it has so many.
_PHOTOS_OF_HALF_WEIGHT = 30.0


@dataclass(frozen=True)
class Places:
    """The places, and which destinations belong to each: shape (places, destinations)."""

    kinds: tuple[PlaceKind, ...]
    names: tuple[str, ...]
    members: Booleans

    @classmethod
    def of(cls, destinations: Sequence[Destination]) -> Self:
        """List every destination, every category, and all places."""
        slugs = [place.slug for place in destinations]
        kept_in = [place.category.slug for place in destinations]
        categories = list(dict.fromkeys(kept_in))
        destination_kind: list[PlaceKind] = ["destination"] * len(slugs)
        category_kind: list[PlaceKind] = ["category"] * len(categories)
        of_category = np.array([[name == kept for kept in kept_in] for name in categories])
        return cls(
            (*destination_kind, *category_kind, "all"),
            (*slugs, *categories, ALL_PLACES),
            np.concatenate(
                [np.eye(len(slugs), dtype=bool), of_category, np.ones((1, len(slugs)), dtype=bool)]
            ),
        )


class Shares(NamedTuple):
    """The share of each item, and the number of independent photos that it is worth.

    Both are (destinations, items) or (places, items). A share without photos is 0.
    """

    share: Floats
    photos: Floats


def destination_shares(month: MonthCounts, seen: SeenCounts) -> Shares:
    """Give the share of each destination's photos that show each item."""
    share = seen.photos / np.maximum(month.photos, 1)[:, None]
    return Shares(share, effective_photos(month, seen)[:, seen.items.groups])


def place_shares(shares: Shares, members: Booleans) -> Shares:
    """Average the shares of each place's destinations; those with few photos weigh less."""
    return weighted_shares(
        shares, members, shares.photos / (shares.photos + _PHOTOS_OF_HALF_WEIGHT)
    )


def weighted_shares(shares: Shares, members: Booleans, weights: Floats) -> Shares:
    """Average the shares of each place's destinations.

    The mean is worth as many photos as one sample whose share has the same variance.
    """
    total = members @ weights
    share = _ratio(members @ (weights * shares.share), total)
    return Shares(share, _ratio(total**2, members @ _ratio(weights**2, shares.photos)))


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    zeros = np.zeros_like(numerator)
    ratio: Floats = np.divide(numerator, denominator, out=zeros, where=denominator > 0)
    return ratio
