"""Makes up estimates of 36 months at six places, with known rises, gaps and events."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zlib import crc32

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import GARMENTS, category_of
from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.estimate_tables import (
    NOT_DISTINGUISHED,
    EstimateRow,
    EventRow,
    ForecastRow,
    GrowthRow,
    PlaceKind,
)
from oott_fashion.stores.trend_schema import ANY
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables

Place = tuple[PlaceKind, str]

LAST = date(2026, 10, 1)
DESTINATIONS = {
    "haeundae": "seaside",
    "jeju": "seaside",
    "hongdae": "hot-place",
    "seongsu-dong": "hot-place",
    "gyeongbokgung": "traditional",
    "bukhansan": "mountain",
}
PLACES: list[Place] = [
    ("all", "all"),
    *(("category", name) for name in dict.fromkeys(DESTINATIONS.values())),
    *(("destination", name) for name in DESTINATIONS),
]
GAP = date(2026, 3, 1)
"""The month in which nothing was collected in Jeju."""

GREYED = ("cardigan", "sweat shirt", "tank top")
"""The garments that the detector does not recognise."""

_MADE = datetime(2026, 11, 1, 12)
_MADE_AT = _MADE.replace(tzinfo=UTC)
_COLOUR_SHARES = dict(
    zip(PALETTE_NAMES, (0.3, 0.5, 0.3, 0.2, 0.15, 0.06, 0.05, 0.03, 0.04, 0.1, 0.25, 0.2, 0.03),
        strict=True)
)  # fmt: skip
_OUTFITS = (
    ("puffer,knit sweater,jeans,sneakers", 0.09),
    ("coat,knit sweater,slacks,dress shoes", 0.07),
    ("None,tee shirt,shorts pants,sandals", 0.06),
    ("None,dress,None,dress shoes", 0.05),
    ("denim jacket,tee shirt,jeans,sneakers", 0.05),
    ("blazer,shirt,skirt,dress shoes", 0.04),
    ("None,hoodie sweat shirt,sweat pants,sneakers", 0.04),
    ("leather jacket,polo shirt,slacks,dress shoes", 0.02),
    ("windbreaker jacket,None,sweat pants,sneakers", 0.02),
)


def months(count: int = 36) -> list[date]:
    last = LAST.year * 12 + LAST.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]


def photos_in(place: Place, month: date) -> int:
    """Give the number of photos with garments; few in Bukhansan, none in a gap."""
    if place == ("destination", "jeju") and month == GAP:
        return 0
    if place == ("destination", "bukhansan"):
        return 3 if month == LAST else 12
    size = {"all": 900, "category": 320, "destination": 160}[place[0]]
    return round(size * (0.7 + 0.3 * math.sin(month.toordinal())))


def true_share(place: Place, garment: str, month: date) -> float:
    """Give the share of photos that show ``garment``: puffers every winter, most at the sea."""
    base = 0.06 + 0.02 * (len(garment) % 7)
    if garment == "puffer":
        return _PUFFERS.get(month.month, 0.02) * (
            1 if "ae" in place[1] or "sea" in place[1] else 0.4
        )
    if garment == "shorts pants":
        return _SHORTS.get(month.month, 0.02)
    if garment == "jeans":
        return 0.2 + 0.006 * ((month.year - 2023) * 12 + month.month)
    return base


_PUFFERS = {9: 0.04, 10: 0.38, 11: 0.5, 12: 0.6, 1: 0.62, 2: 0.5, 3: 0.25, 4: 0.06}
_SHORTS = {5: 0.12, 6: 0.28, 7: 0.4, 8: 0.42, 9: 0.34, 10: 0.08}


def estimates(month: date, places: Sequence[Place] = PLACES) -> list[EstimateRow]:
    """Estimate everything that was seen in ``month``."""
    return [row for place in places for row in _rows_at(place, month)]


def _rows_at(place: Place, month: date) -> Iterator[EstimateRow]:
    if not photos_in(place, month):
        return
    for garment in GARMENTS:
        yield _row(place, month, "garment", garment.name, ANY, garment.category)
    for colour in PALETTE_NAMES:
        yield _row(place, month, "colour", ANY, colour, ANY)
    for garment in GARMENTS:
        for colour in ("black", "navy", "beige"):
            yield _row(place, month, "look", garment.name, colour, garment.category)
    for outfit, _ in _OUTFITS:
        yield _row(place, month, "outfit", outfit, ANY, ANY)


def _share(place: Place, month: date, subject: str, garment: str, colour: str) -> float:
    if subject == "garment":
        return true_share(place, garment, month)
    if subject == "colour":
        return _COLOUR_SHARES[colour]
    if subject == "look":
        return true_share(place, garment, month) * _COLOUR_SHARES[colour]
    return dict(_OUTFITS)[garment]


def _row(
    place: Place, month: date, subject: str, garment: str, colour: str, category: str
) -> EstimateRow:
    now = _seen(place, month, subject, garment, colour)
    month_before = (month - timedelta(days=1)).replace(day=1)
    year_before = month.replace(year=month.year - 1)
    changes = [
        _change(now, _seen(place, before, subject, garment, colour), garment)
        for before in (month_before, year_before)
    ]
    photos, seen = now
    share, half = seen / photos, _half(seen, photos)
    few = photos < 20
    measured = subject in ("garment", "look")
    quality = (0.1, 0.05) if garment in GREYED else (0.8, 0.75)
    return EstimateRow._make(
        (
            *(month, *place, subject, garment, colour, category),
            *(photos, photos - photos // 10, seen),
            *(share, max(0.0, share - half), min(1.0, share + half)),
            *(*changes[0], *changes[1], 120 if few else None),
            *(quality if measured else (None, None)),
            *("20261127T021530Z-63ee7fd8" if month > date(2025, 6, 1) else "older", _MADE),
        )
    )


def _seen(place: Place, month: date, *subject: str) -> tuple[int, int]:
    photos = photos_in(place, month)
    share = _share(place, month, *subject)
    # A generator of random numbers for each row would take most of the time.
    noise = crc32("|".join((*place, *subject, str(month))).encode()) / 2**31 - 1
    seen = photos * share + noise * math.sqrt(photos * share * (1 - share))
    return photos, min(photos, max(0, round(seen)))


def _half(seen: int, photos: int) -> float:
    share = (seen + 2) / (photos + 4)
    return 1.96 * math.sqrt(share * (1 - share) / photos)


def _change(
    now: tuple[int, int], before: tuple[int, int], garment: str
) -> tuple[float | None, float | None, float | None, str]:
    if not before[0]:
        return None, None, None, "no month to compare"
    change = now[1] / now[0] - before[1] / before[0]
    half = math.hypot(_half(now[1], now[0]), _half(before[1], before[0]))
    interval = change, change - half, change + half
    if garment in GREYED:
        return *interval, NOT_DISTINGUISHED
    if min(now[0], before[0]) < 20:
        return *interval, "too few to tell"
    if abs(change) < 1.8 * half:
        return *interval, "no clear change"
    return *interval, "rising" if change > 0 else "falling"


def forecasts() -> Iterator[ForecastRow]:
    """Forecast puffers and jeans for three months; say that nothing else can be told yet."""
    for place in PLACES:
        for garment in ("puffer", "jeans"):
            for ahead, month in enumerate((date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1))):
                share = true_share(place, garment, month)
                interval = (max(0.0, share - 0.05 * (ahead + 1)), share + 0.05 * (ahead + 1))
                about = (LAST, month, *place, "garment", garment, ANY, category_of(garment))
                made_by = ("AutoETS", 0.021, 0.034, None, None, _MADE)
                yield ForecastRow._make((*about, share, *interval, *made_by))
        for garment, needed in (("dress", 26), ("coat", None)):
            about = (LAST, LAST, *place, "garment", garment, ANY, category_of(garment))
            yield ForecastRow._make((*about, *[None] * 6, needed, "not told", _MADE))


def events() -> Iterator[EventRow]:
    """Report one festival week in Hongdae."""
    about = ("destination", "hongdae", "garment", "leather jacket", ANY, "outer")
    numbers = (0.31, 0.1, 0.04, 0.17, 45, 41, 0.00001)
    yield EventRow._make((date(2026, 9, 28), *about, *numbers, json.dumps(["0" * 64]), _MADE))


def growth() -> Iterator[GrowthRow]:
    """Let puffers grow by seven points from one year to the next, except in Bukhansan."""
    for place in PLACES:
        few = place == ("destination", "bukhansan")
        about = (LAST, *place, "garment", "puffer", ANY, "outer")
        numbers = (None,) * 4 if few else (0.41, 0.07, 0.03, 0.11)
        told = "no month to compare" if few else "rising"
        counts = (2, 15, 24) if few else (12, 1800, 1700)
        yield GrowthRow._make((*about, *counts, *numbers, told, None, _MADE))


def outfit_counts(month: date) -> Counter[OutfitNames]:
    """Count each outfit in two colours, so that the first is the most common."""
    counts: Counter[OutfitNames] = Counter()
    for number, (outfit, _) in enumerate(_OUTFITS):
        garments = tuple(outfit.split(","))
        for shift, times in ((0, 5), (1, 2)):
            colours = tuple(
                "None"
                if garment == "None"
                else _WORN_COLOURS[(3 * number + index + shift + month.month) % 8]
                for index, garment in enumerate(garments)
            )
            counts[OutfitNames(garments, colours)] += times
    return counts


_WORN_COLOURS = ("navy", "white", "beige", "black", "green", "gray", "pink", "blue")


def fill(tables: TrendTables, shown: Sequence[date] | None = None) -> None:
    """Write estimates, forecasts, events and the outfits of all months to ``tables``."""
    for month in shown or months():
        tables.replace_estimates(month, estimates(month))
        for destination, category in DESTINATIONS.items():
            slice_ = TrendSlice(month, destination, category, "crawl")
            tables.replace(slice_, Counter(), outfit_counts(month), Coverage(9, 9, "v"), _MADE_AT)
    tables.replace_forecasts(forecasts(), events())
    tables.replace_growth(growth())
