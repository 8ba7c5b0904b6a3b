"""Months of estimates and weeks of detections with a known truth, for the forecasts."""

import math
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import numpy as np

from oott_assets.detection_store import DetectionStore, PartitionDetections, PhotoDetections
from oott_fashion.stores.estimate_tables import EstimateRow, PlaceKind
from oott_fashion.stores.trend_tables import TrendTables
from tests.detections import seen

LAST = date(2026, 9, 1)
_MADE = datetime(2026, 10, 1, 12)


def winter(month: date) -> float:
    """Give the share of a garment that is worn in winter, and by more people each year."""
    return 0.12 + 0.02 * (month.year - 2023) + 0.1 * math.cos(2 * math.pi * (month.month - 1) / 12)


def months_until(last: date, count: int) -> list[date]:
    number = last.year * 12 + last.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(number - count + 1, number + 1)]


def estimate(
    month: date,
    share: float,
    place: str = "haeundae",
    kind: PlaceKind = "destination",
    garment: str = "puffer",
    trend: str = "no clear change",
    detector: str = "first",
) -> EstimateRow:
    """Make an estimate of a garment that rests on 500 photos, each of its own post."""
    changes = (None, None, None, trend)
    return EstimateRow(
        month, kind, place, "garment", garment, "any", "outer", 500, 500, round(500 * share),
        share, share, share, *changes, *changes, None, None, None, detector, _MADE,
    )  # fmt: skip


def write_months(
    tables: TrendTables, months: list[date], make: Callable[[date], list[EstimateRow]]
) -> None:
    for month in months:
        tables.replace_estimates(month, make(month))


def drawn(month: date, truth: float, seed: int) -> float:
    """Give the share that 500 photos show."""
    random = np.random.default_rng([seed, month.year, month.month])
    return float(random.binomial(500, min(1.0, truth)) / 500)


FESTIVAL = date(2026, 8, 10)
"""The Monday of the week in which many wear dresses."""


def write_weeks(store: DetectionStore, destination: str = "haeundae") -> None:
    """Write the detections of July to September: 40 photos a week, most with jeans."""
    for month in months_until(LAST, 3):
        photos = tuple(_photos(month))
        store.write(destination, month, PartitionDetections("first", photos))


def _photos(month: date) -> Iterator[PhotoDetections]:
    random = np.random.default_rng(month.month)
    day = month
    while day.month == month.month:
        festival = FESTIVAL <= day < FESTIVAL + timedelta(days=7)
        for number in range(6):
            garments = [seen("jeans", colour="blue")]
            if random.random() < (0.8 if festival else 0.1):
                garments.append(seen("dress", 0.3 + 0.1 * number, "white"))
            name = f"{day:%Y%m%d}-{number}"
            # Two photos are of one post.
            yield PhotoDetections(name, tuple(garments), None, f"{day}-{number // 2}", day)
        day += timedelta(days=1)
