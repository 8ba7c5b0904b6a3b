"""How shares changed over two years: the latest twelve months against the twelve before them.

A slow change, such as one point a month, is rarely clear between two months. Here, each month is
compared with the same month a year before, so a season is no change, and the comparisons of all
twelve months count together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from oott_assets.trends.statistics.detector_errors import (
    DetectorErrors,
    errors_of_newest,
    not_told_apart,
)
from oott_assets.trends.statistics.item_codes import Booleans, Integers, Items
from oott_assets.trends.statistics.month_changes import MonthChanges, month_changes
from oott_assets.trends.statistics.photo_counts import MonthCounts, SeenCounts, versions_at
from oott_assets.trends.statistics.place_shares import Places
from oott_assets.trends.statistics.trend_flags import Words, change_words
from oott_fashion.stores.estimate_tables import Subject

MONTHS = 12

# A change over fewer months is that of a season, and the changes since a year before tell it.
MIN_MONTHS = 6

# Looks and outfits are left out: they are many, and most are rare.
_SUBJECTS: tuple[Subject, ...] = ("garment", "colour")


class SubjectGrowth(NamedTuple):
    """The changes of all items of a subject at all places; ``words`` is (places, items)."""

    items: Items
    changes: MonthChanges
    words: Words


class Growth(NamedTuple):
    """The growth of all subjects; each array is (places,).

    ``months`` is how many of the twelve months could be compared. ``photos`` and ``photos_before``
    are the photos with garments of these months.
    """

    months: Integers
    photos: Integers
    photos_before: Integers
    subjects: list[SubjectGrowth]


def yearly_growth(
    before: Sequence[MonthCounts],
    now: Sequence[MonthCounts],
    places: Places,
    errors: Mapping[str, DetectorErrors],
) -> Growth:
    """Compare each month of ``now`` with its month of ``before``, at the destinations with both.

    Args:
        errors: the measured errors of detectors, by version.
    """
    first, second = _in_a_row(before), _in_a_row(now)
    # A destination in a month is compared as a destination is in the comparison of two months.
    members = np.tile(places.members, len(now)) & (first.photos > 0) & (second.photos > 0)
    by_month = members.reshape(len(places.names), len(now), -1)
    months = by_month.any(axis=2).sum(axis=1)
    strata = replace(places, members=members & (months >= MIN_MONTHS)[:, None])
    newest = errors_of_newest([versions_at(second, of_place) for of_place in members], errors)
    changes = [month_changes(first, second, subject, strata) for subject in _SUBJECTS]
    items = [second.seen[subject].items for subject in _SUBJECTS]
    hidden = [np.stack([not_told_apart(of, at_place) for at_place in newest]) for of in items]
    words = change_words(
        [(since, grey, np.ones_like(grey)) for since, grey in zip(changes, hidden, strict=True)]
    )
    photos_before, photos = (_photos(year, members) for year in (first, second))
    subjects = [SubjectGrowth(*parts) for parts in zip(items, changes, words, strict=True)]
    return Growth(months, photos, photos_before, subjects)


def _photos(year: MonthCounts, members: Booleans) -> Integers:
    return (members @ year.photos).astype(np.int64)


def _in_a_row(months: Sequence[MonthCounts]) -> MonthCounts:
    """Join months as if each of them had destinations of its own."""
    photos, posts, squares, albums = (
        np.concatenate([getattr(month, name) for month in months])
        for name in ("photos", "posts", "squares", "albums")
    )
    versions = tuple(version for month in months for version in month.versions)
    seen = {
        subject: _seen_in_a_row([month.seen[subject] for month in months]) for subject in _SUBJECTS
    }
    return MonthCounts(photos, posts, squares, albums, versions, seen)


def _seen_in_a_row(months: Sequence[SeenCounts]) -> SeenCounts:
    _, *counts = zip(*months, strict=True)
    return SeenCounts(months[0].items, *map(np.concatenate, counts))
