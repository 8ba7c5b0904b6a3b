"""The shares of all garments, colours, looks or outfits of a month at all places, and changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oott_assets.trends.statistics.detector_errors import DetectorErrors, not_told_apart
from oott_assets.trends.statistics.item_codes import Booleans, Floats, Items
from oott_assets.trends.statistics.month_changes import MonthChanges, month_changes
from oott_assets.trends.statistics.photo_counts import MonthCounts
from oott_assets.trends.statistics.place_shares import Places, destination_shares, place_shares
from oott_assets.trends.statistics.share_intervals import (
    Intervals,
    listed_intervals,
    share_intervals,
)
from oott_fashion.stores.estimate_tables import Subject

# Garments and colours are few. Looks and outfits are many, and most are seen once.
_LISTED_IF_REPEATED: tuple[Subject, ...] = ("look", "outfit")
_MIN_POSTS = 2


@dataclass(frozen=True)
class ComparedMonths:
    """The counts of a month, of the month before and of the same month a year before."""

    now: MonthCounts
    month_before: MonthCounts
    year_before: MonthCounts


@dataclass(frozen=True)
class SubjectEstimates:
    """The estimates of all items of a subject at all places; arrays are (places, items).

    ``seen`` is the number of photos that show an item. ``hidden`` tells which garments the detector
    cannot tell, and ``listed`` which items have a row.
    """

    items: Items
    seen: Floats
    shares: Intervals
    since_month: MonthChanges
    since_year: MonthChanges
    hidden: Booleans
    listed: Booleans


def estimated_subject(
    months: ComparedMonths, subject: Subject, places: Places, errors: Sequence[DetectorErrors]
) -> SubjectEstimates:
    """Estimate all items of ``subject``.

    Args:
        errors: the errors of the detector, for each place.
    """
    seen = months.now.seen[subject]
    return SubjectEstimates(
        seen.items,
        places.members @ seen.photos,
        _shares(months.now, subject, places),
        month_changes(months.month_before, months.now, subject, places),
        month_changes(months.year_before, months.now, subject, places),
        np.stack([not_told_apart(seen.items, of_place) for of_place in errors]),
        _listed(months, subject, places),
    )


def _shares(month: MonthCounts, subject: Subject, places: Places) -> Intervals:
    seen = month.seen[subject]
    share, photos = place_shares(destination_shares(month, seen), places.members)
    intervals = share_intervals(share, np.where(photos > 0, photos, 1))
    if subject not in _LISTED_IF_REPEATED:
        return intervals
    return listed_intervals(intervals, places.members @ seen.posts)


def _listed(months: ComparedMonths, subject: Subject, places: Places) -> Booleans:
    with_photos = places.members @ months.now.photos > 0
    compared = (months.now, months.month_before, months.year_before)
    repeated = [places.members @ month.seen[subject].posts >= _MIN_POSTS for month in compared]
    always = subject not in _LISTED_IF_REPEATED
    listed: Booleans = with_photos[:, None] & (np.any(repeated, axis=0) | always)
    return listed
