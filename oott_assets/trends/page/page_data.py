"""Writes the rows of the trend page as compact JSON, and leaves out old details if it is too long.

Shares are in thousandths. A list of numbers takes a fifth of the bytes of named values.
"""

import json
from collections import defaultdict
from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from oott_assets.trends.page.page_numbers import (
    GARMENT_IDS,
    NOTHING,
    TRENDS,
    Json,
    colour_ids,
    key_of,
    numbers_of,
    thousandths,
    trend_code,
)
from oott_assets.trends.page.page_rows import MonthRows, PageRows, Place, places_of
from oott_fashion.colours import PALETTE
from oott_fashion.destinations import Destination, Destinations, UnknownPlace, english_name
from oott_fashion.garments import CATEGORIES, GARMENTS, KOREAN_CATEGORIES
from oott_fashion.stores.estimate_tables import (
    EstimateRow,
    EventRow,
    ForecastRow,
    GrowthRow,
    Subject,
)

Item = TypeVar("Item", bound=Hashable)

# With the charts, which take 0.9 MB, the page stays below 5 MB.
MAX_BYTES = 3_900_000

_MAX_LOOKS, _MAX_OUTFITS = 40, 12
# A month without changes, looks and outfits takes a third of the bytes.
_SERIES_SUBJECTS: tuple[Subject, ...] = ("garment", "colour")


class _Names(NamedTuple):
    """The numbers of the places and of the detectors in the JSON."""

    places: dict[Place, int]
    detectors: dict[str, int]


def page_json(
    rows: PageRows, destinations: Destinations, made_at: datetime, max_bytes: int = MAX_BYTES
) -> str:
    """Write ``rows`` as JSON of at most about ``max_bytes``.

    If it is too long, the oldest months have no changes, looks and outfits.
    """
    places = places_of(rows, destinations)
    versions = {row.detector_version for month in rows.months for row in month.estimates}
    names = _Names(_numbered(places), _numbered(sorted(versions)))
    head: dict[str, Json] = {
        "month": f"{rows.month:%Y-%m}",
        "madeAt": made_at.isoformat(timespec="minutes"),
        "drawn": [f"{month.month:%Y-%m}" for month in rows.months if month.is_drawn],
        "detectors": sorted(versions),
        "trends": TRENDS,
        "places": [_place(place, destinations) for place in places],
        "forecasts": [_forecast(row, names) for row in _shown(rows)],
        "events": [_event(row, names) for row in rows.events],
        "growth": [_growth(row, names) for row in rows.growth],
        **_vocabulary(),
    }
    text = _compact(head)
    return f'{text[:-1]},"months":[{",".join(_months(rows, names, max_bytes - len(text)))}]}}'


def _numbered(items: Sequence[Item]) -> dict[Item, int]:
    return {item: index for index, item in enumerate(items)}


def _vocabulary() -> dict[str, Json]:
    return {
        "categories": [
            {"id": name, "en": name, "ko": KOREAN_CATEGORIES[name]} for name in CATEGORIES
        ],
        "garments": [
            {"id": each.name, "en": each.name, "ko": each.korean, "category": each.category}
            for each in GARMENTS
        ],
        "colours": [
            {"id": each.name, "en": each.name, "ko": each.korean, "sample": each.samples[0]}
            for each in PALETTE
        ],
    }


def _place(place: Place, destinations: Destinations) -> dict[str, Json]:
    entry: dict[str, Json] = {"id": place.slug, "kind": place.kind}
    if place.kind == "all":
        return entry
    entry["en"] = english_name(place.slug)
    try:
        found = destinations.named(place.slug)
    except UnknownPlace:  # it was removed from the file
        return entry | {"ko": place.slug}
    category = found.category.slug if isinstance(found, Destination) else None
    return entry | {"ko": found.name, "category": category}


def _months(rows: PageRows, names: _Names, max_bytes: int) -> list[str]:
    """Write each month, the newest with all details, as long as they fit."""
    short = [_compact(_month(month, names, details=False)) for month in rows.months]
    room = max_bytes - sum(map(len, short))
    for index in reversed(range(len(short))):
        full = _compact(_month(rows.months[index], names, details=True))
        room -= len(full) - len(short[index])
        if room < 0:
            break
        short[index] = full
    return short


def _month(month: MonthRows, names: _Names, details: bool) -> dict[str, Json]:
    by_place: defaultdict[Place, list[EstimateRow]] = defaultdict(list)
    for row in month.estimates:
        by_place[Place(row.place_kind, row.place)].append(row)
    return {
        "month": f"{month.month:%Y-%m}",
        "details": details,
        "quality": _quality(month.estimates),
        "places": {
            str(names.places[place]): _place_rows(place, rows, month, names, details)
            for place, rows in by_place.items()
        },
    }


def _quality(rows: Sequence[EstimateRow]) -> dict[str, Json]:
    """Give the precision and recall of each garment that the detector was measured for."""
    return {
        str(GARMENT_IDS[row.garment]): [
            thousandths(row.detector_precision),
            thousandths(row.detector_recall),
        ]
        for row in rows
        if row.subject == "garment" and row.detector_recall is not None
    }


def _place_rows(
    place: Place, rows: Sequence[EstimateRow], month: MonthRows, names: _Names, details: bool
) -> dict[str, Json]:
    by_subject: defaultdict[Subject, list[EstimateRow]] = defaultdict(list)
    for row in rows:
        by_subject[row.subject].append(row)
    entry: dict[str, Json] = {
        "photos": rows[0].photos,
        "posts": rows[0].posts,
        "detector": names.detectors[rows[0].detector_version],
    }
    for subject in _SERIES_SUBJECTS:
        entry[subject] = [[key_of(row), *numbers_of(row, details)] for row in by_subject[subject]]
    if details:
        looks = _often_seen(by_subject["look"], _MAX_LOOKS)
        outfits = _often_seen(by_subject["outfit"], _MAX_OUTFITS)
        entry["look"] = [[key_of(row), *numbers_of(row, details)] for row in looks]
        entry["outfit"] = [
            [[*key_of(row), *_colours(month, place, row)], *numbers_of(row, details)]
            for row in outfits
        ]
    return entry


def _often_seen(rows: Sequence[EstimateRow], count: int) -> list[EstimateRow]:
    """Give the rows that are seen most, and all that rise or fall."""
    most = sorted(rows, key=lambda row: -row.share)
    flagged = {"rising", "falling"}
    return most[:count] + [
        row for row in most[count:] if flagged & {row.month_trend, row.year_trend}
    ]


def _colours(month: MonthRows, place: Place, row: EstimateRow) -> list[int]:
    return colour_ids(month.outfit_colours.get((place, row.garment), ("",) * len(CATEGORIES)))


def _shown(rows: PageRows) -> list[ForecastRow]:
    """Leave out forecasts of looks that the page does not show, and of outfits."""
    latest = rows.months[-1].estimates if rows.months else []
    by_place: defaultdict[str, list[EstimateRow]] = defaultdict(list)
    for row in latest:
        if row.subject == "look":
            by_place[row.place].append(row)
    looks = {
        (row.place, row.garment, row.colour)
        for seen in by_place.values()
        for row in _often_seen(seen, _MAX_LOOKS)
    }
    return [
        row
        for row in rows.forecasts
        if row.subject in _SERIES_SUBJECTS or (row.place, row.garment, row.colour) in looks
    ]


def _forecast(row: ForecastRow, names: _Names) -> Json:
    place = names.places.get(Place(row.place_kind, row.place), NOTHING)
    errors = (row.error, row.naive_error)
    return [
        *(place, row.subject, key_of(row), f"{row.month:%Y-%m}"),
        *map(thousandths, (row.share, row.share_low, row.share_high)),
        *(row.months_needed, row.method, *map(thousandths, errors)),
    ]


def _event(row: EventRow, names: _Names) -> Json:
    place = names.places.get(Place(row.place_kind, row.place), NOTHING)
    expected = (row.share, row.expected, row.expected_low, row.expected_high)
    return [
        *(place, row.subject, key_of(row), f"{row.week:%Y-%m-%d}"),
        *map(thousandths, expected),
        *(row.photos, row.posts),
    ]


def _growth(row: GrowthRow, names: _Names) -> Json:
    place = names.places.get(Place(row.place_kind, row.place), NOTHING)
    numbers = (row.share, row.growth, row.growth_low, row.growth_high)
    return [
        *(place, row.subject, key_of(row), row.months, row.photos, row.photos_before),
        *(row.photos_needed, trend_code(row.trend), *map(thousandths, numbers)),
    ]


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
