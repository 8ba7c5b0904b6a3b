"""The changes of shares between two months."""

from dataclasses import dataclass

import numpy as np

from oott_assets.trends.statistics.change_tests import (
    can_change,
    change_p_values,
    independent_photos_needed,
)
from oott_assets.trends.statistics.item_codes import Booleans, Floats
from oott_assets.trends.statistics.photo_counts import MonthCounts
from oott_assets.trends.statistics.place_shares import (
    Places,
    Shares,
    destination_shares,
    weighted_shares,
)
from oott_assets.trends.statistics.share_intervals import (
    Intervals,
    change_intervals,
    share_intervals,
)
from oott_fashion.stores.estimate_tables import Subject


@dataclass(frozen=True)
class MonthChanges:
    """The changes of all items of a subject at all places; arrays are (places, items).

    ``compared`` tells which places have both months, and ``same_detector`` at which of them one
    detector counted both; both are (places,). ``share`` is the share in the later month, of the
    destinations that have both. ``needed`` is how many photos each month needs to show a change of
    ten points. ``too_few`` tells where a month has fewer.
    """

    compared: Booleans
    same_detector: Booleans
    share: Floats
    change: Intervals
    p_values: Floats
    testable: Booleans
    needed: Floats
    too_few: Booleans


def month_changes(
    before: MonthCounts, now: MonthCounts, subject: Subject, places: Places
) -> MonthChanges:
    """Compare the destinations that have photos in both months, in each place.

    A destination's weight is the number of photos in its smaller month, roughly. So the weights are
    the same in both months, and the collection of more photos is no change. Source: the weights of
    N. Mantel and W. Haenszel, 1959.
    """
    both = (before.photos > 0) & (now.photos > 0)
    same = np.array(
        [a == b for a, b in zip(before.versions, now.versions, strict=True)], dtype=bool
    )
    # Where some destinations were counted by one detector in both months, only these are compared.
    same_detector = (places.members & both & same).any(axis=1)
    members = places.members & both & np.where(same_detector[:, None], same, True)
    first, second = _with_equal_weights(
        destination_shares(before, before.seen[subject]),
        destination_shares(now, now.seen[subject]),
        members,
    )
    present = np.minimum(first.photos, second.photos) > 0
    first, second = (
        Shares(side.share, np.where(present, side.photos, 1)) for side in (first, second)
    )
    sides = (*first, *second)
    testable = can_change(*sides) & present & same_detector[:, None]
    p_values = np.ones(testable.shape)
    p_values[testable] = change_p_values(*(side[testable] for side in sides))
    needed = independent_photos_needed(*sides)
    photos = members @ now.photos
    return MonthChanges(
        members.any(axis=1),
        same_detector,
        second.share,
        change_intervals(share_intervals(*first), share_intervals(*second)),
        p_values,
        testable,
        np.ceil(needed * photos[:, None] / second.photos),
        np.minimum(first.photos, second.photos) < needed,
    )


def _with_equal_weights(first: Shares, second: Shares, members: Booleans) -> tuple[Shares, Shares]:
    both = first.photos + second.photos
    product = first.photos * second.photos
    weights = np.divide(product, both, out=np.zeros_like(both), where=both > 0)
    return weighted_shares(first, members, weights), weighted_shares(second, members, weights)
