"""The estimates of a month, as rows of the table ``trend_estimates``."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, get_args

import numpy as np

from oott_assets.trends.statistics.detector_errors import (
    DetectorErrors,
    errors_of,
    errors_of_newest,
)
from oott_assets.trends.statistics.item_codes import Booleans, Floats
from oott_assets.trends.statistics.month_changes import MonthChanges
from oott_assets.trends.statistics.photo_counts import versions_at
from oott_assets.trends.statistics.place_shares import Places
from oott_assets.trends.statistics.subject_estimates import (
    ComparedMonths,
    SubjectEstimates,
    estimated_subject,
)
from oott_assets.trends.statistics.trend_flags import TOO_FEW, Words, trend_words
from oott_fashion.stores.estimate_tables import EstimateRow, Subject

# The column of the table is so wide. Versions that were used together are rarely more than two.
_MAX_VERSIONS = 255


def month_estimates(
    months: ComparedMonths,
    places: Places,
    errors: Mapping[str, DetectorErrors],
    month: date,
    estimated_at: datetime,
) -> list[EstimateRow]:
    """Estimate the shares and changes of everything at all places.

    Args:
        errors: the measured errors of detectors, by version.
    """
    versions = [versions_at(months.now, members) for members in places.members]
    newest = errors_of_newest(versions, errors)
    estimates = [
        estimated_subject(months, subject, places, newest) for subject in get_args(Subject)
    ]
    at_places = [
        _Place(*place)
        for place in zip(
            places.kinds,
            places.names,
            (places.members @ months.now.photos).astype(int).tolist(),
            (places.members @ months.now.posts).astype(int).tolist(),
            [", ".join(names)[:_MAX_VERSIONS] for names in versions],
            newest,
            strict=True,
        )
    ]
    return [
        row
        for of_subject, words in zip(estimates, trend_words(estimates), strict=True)
        for row in _rows(of_subject, words, at_places, month, estimated_at)
    ]


class _Place(NamedTuple):
    kind: str
    name: str
    photos: int
    posts: int
    versions: str
    errors: DetectorErrors


def _rows(
    estimates: SubjectEstimates,
    words: tuple[Words, Words],
    places: Sequence[_Place],
    month: date,
    estimated_at: datetime,
) -> Iterator[EstimateRow]:
    """Make a row for each listed item of each place."""
    errors = [errors_of(estimates.items, place.errors) for place in places]
    place_numbers, item_numbers = np.nonzero(estimates.listed)
    columns = _columns(estimates, words)
    subject, names = estimates.items.subject, estimates.items.names
    for number, item, (seen, *shares), needed in zip(
        place_numbers.tolist(),
        item_numbers.tolist(),
        columns,
        _needed(estimates, words),
        strict=True,
    ):
        kind, name, photos, posts, versions, _ = places[number]
        yield EstimateRow(
            *(month, kind, name, subject, *names[item], photos, posts, seen, *shares, needed),
            *(*errors[number][item], versions, estimated_at),
        )


def _columns(estimates: SubjectEstimates, words: tuple[Words, Words]) -> Iterator[tuple[Any, ...]]:
    listed = estimates.listed
    parts: list[list[Any]] = [estimates.seen[listed].astype(int).tolist()]
    parts += [values[listed].tolist() for values in estimates.shares]
    for since, trend in zip((estimates.since_month, estimates.since_year), words, strict=True):
        parts += _changes(since, listed)
        parts.append(trend[listed].tolist())
    return zip(*parts, strict=True)


def _changes(since: MonthChanges, listed: Booleans) -> list[list[float | None]]:
    known = np.broadcast_to(since.compared[:, None], listed.shape)[listed]
    return [
        [value if is_known else None for value, is_known in zip(values[listed], known, strict=True)]
        for values in since.change
    ]


def _needed(estimates: SubjectEstimates, words: tuple[Words, Words]) -> list[int | None]:
    """Give how many photos both months need, where they have too few."""
    needed: Floats = np.zeros(estimates.listed.shape)
    for since, trend in zip((estimates.since_month, estimates.since_year), words, strict=True):
        needed = np.where(trend == TOO_FEW, np.maximum(needed, since.needed), needed)
    return [int(photos) or None for photos in needed[estimates.listed]]
