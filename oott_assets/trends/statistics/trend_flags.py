"""Says in words how shares changed: which rise, which fall, and which cannot be told."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from oott_assets.trends.statistics.change_tests import discoveries
from oott_assets.trends.statistics.item_codes import Booleans
from oott_assets.trends.statistics.month_changes import MonthChanges
from oott_assets.trends.statistics.subject_estimates import SubjectEstimates
from oott_fashion.stores.estimate_tables import NOT_DISTINGUISHED

RISING, FALLING, NO_CLEAR_CHANGE = "rising", "falling", "no clear change"
TOO_FEW, NO_MONTH = "too few to tell", "no month to compare"
OTHER_DETECTOR = "other detector"

Words = NDArray[np.str_]


def trend_words(estimates: Sequence[SubjectEstimates]) -> list[tuple[Words, Words]]:
    """Say how each share changed since the month before and since a year before.

    The comparisons of all subjects, places and both months are corrected together, so of all flags
    of a report at most 5 % are chance.
    """
    words = change_words(
        [
            (since, of.hidden, of.listed)
            for of in estimates
            for since in (of.since_month, of.since_year)
        ]
    )
    return list(zip(words[::2], words[1::2], strict=True))


def change_words(comparisons: Sequence[tuple[MonthChanges, Booleans, Booleans]]) -> list[Words]:
    """Say how the shares of each comparison changed, all of them corrected together.

    Args:
        comparisons: changes, which items the detector cannot tell, and which ones are listed.
    """
    tested = [since.testable & listed & ~hidden for since, hidden, listed in comparisons]
    p_values = np.concatenate(
        [since.p_values[mask] for (since, *_), mask in zip(comparisons, tested, strict=True)]
    )
    found = np.split(discoveries(p_values), np.cumsum([mask.sum() for mask in tested])[:-1])
    return [
        _words(since, hidden, _back_in_place(flags, mask))
        for (since, hidden, _), mask, flags in zip(comparisons, tested, found, strict=True)
    ]


def _back_in_place(flags: Booleans, mask: Booleans) -> Booleans:
    placed = np.zeros(mask.shape, dtype=bool)
    placed[mask] = flags
    return placed


def _words(since: MonthChanges, hidden: Booleans, clear: Booleans) -> Words:
    rows = np.ones(hidden.shape, dtype=bool)
    return np.select(
        [
            hidden,
            rows & ~since.compared[:, None],
            rows & ~since.same_detector[:, None],
            clear & (since.change.value > 0),
            clear,
            since.too_few,
        ],
        [NOT_DISTINGUISHED, NO_MONTH, OTHER_DETECTOR, RISING, FALLING, TOO_FEW],
        NO_CLEAR_CHANGE,
    )
