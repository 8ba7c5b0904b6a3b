"""Finds the month that is late: it is over, but not counted for every destination."""

from datetime import date, datetime, timedelta

from oott_assets.partitions import by_month, destinations
from oott_fashion.stores.trend_tables import TrendTables


def due_month(now: datetime, late_on_day: int) -> date | None:
    """Give the newest month that must be counted at ``now``, a time in OOTT_TIMEZONE.

    None if that month is before the first one that can be collected.
    """
    first_of_this_month = now.date().replace(day=1)
    month = (first_of_this_month - timedelta(days=1)).replace(day=1)
    if now.day < late_on_day:
        month = (month - timedelta(days=1)).replace(day=1)
    first = by_month.get_first_partition_key()
    return month if first is not None and f"{month:%Y-%m}" >= first else None


def uncounted_destinations(tables: TrendTables, month: date) -> list[str]:
    """List the destinations that the pipeline has not counted in ``month``, by slug."""
    counted = tables.coverages("crawl")
    return [slug for slug in destinations.slugs if (slug, month) not in counted]


def late_sentence(month: date, uncounted: list[str]) -> str:
    """Say that ``month`` is late, with up to five of its destinations."""
    shown = ", ".join(uncounted[:5]) + (" and others" if len(uncounted) > 5 else "")
    return (
        f"{month:%Y-%m} is late: {len(uncounted)} of {len(destinations.slugs)} destinations are "
        f"not counted ({shown})"
    )
