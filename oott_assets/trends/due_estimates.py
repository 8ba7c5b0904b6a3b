"""Finds months whose estimates are older than the counts that they are made from.

A clock can be set back. So counts get a later time than all estimates that they change, and
estimates are not older than the counts that they are made from.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from oott_fashion.stores.trend_tables import TrendTables


def due_months(tables: TrendTables) -> dict[date, datetime]:
    """Give the months to estimate, the oldest first, and the time of their newest counts.

    So the newest month is the last one, and its trend page shows the new estimates of all others.
    """
    counted = tables.counted_at("crawl")
    newest = {
        month: max(counted[used] for used in months_used(month) if used in counted)
        for month in sorted(counted)
    }
    return {
        month: counted_at
        for month, counted_at in newest.items()
        if (estimated_at := tables.estimated_at(month)) is None or estimated_at < counted_at
    }


def time_of_counts(tables: TrendTables, month: date, now: datetime) -> datetime:
    """Give the time to store with counts of ``month`` that are made now."""
    month_after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    used_in = (month, month_after, month.replace(year=month.year + 1))
    estimated = [at for one in used_in if (at := tables.estimated_at(one)) is not None]
    return max([now, *(at.replace(tzinfo=UTC) + timedelta(seconds=1) for at in estimated)])


def time_of_estimates(tables: TrendTables, month: date, now: datetime) -> datetime:
    """Give the time to store with estimates of ``month`` that are made now."""
    counted = tables.counted_at("crawl")
    used = [counted[one].replace(tzinfo=UTC) for one in months_used(month) if one in counted]
    return max([now, *used])


def months_used(month: date) -> Iterator[date]:
    """List the months that the estimates of ``month`` are made from: its own, and two others.

    They are compared with the month before and with the same month a year before.
    """
    yield month
    yield date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    yield month.replace(year=month.year - 1)
