"""The estimates that the shared service has in its database."""

from contextlib import closing
from datetime import UTC, date, datetime

from oott_fashion.destinations import read_destinations
from oott_fashion.stores.estimate_tables import EstimateRow, PlaceKind, Subject
from oott_fashion.stores.trend_tables import TrendTables

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


def estimate(
    month: date,
    place_kind: PlaceKind,
    place: str,
    garment: str,
    share: float,
    category: str = "outer",
    subject: Subject = "garment",
    colour: str = "any",
) -> EstimateRow:
    """Give an estimate of 100 photos that is rising, without a year to compare."""
    return EstimateRow(
        month, place_kind, place, subject, garment, colour, category, 100, 90,
        round(100 * share), share, share - 0.05, share + 0.05, 0.1, 0.02, 0.18, "rising",
        None, None, None, "no month to compare", None, 0.7, 0.6, "v1",
        datetime.now(UTC).replace(tzinfo=None, microsecond=0),
    )  # fmt: skip


IN_SEPTEMBER = [estimate(SEPTEMBER, "destination", "haeundae", "coat", 0.25)]
IN_OCTOBER = [
    estimate(OCTOBER, "destination", "haeundae", "coat", 0.25),
    estimate(OCTOBER, "destination", "haeundae", "jeans", 0.5, "bottom"),
    estimate(OCTOBER, "destination", "haeundae", "puffer", 0.375),
    estimate(OCTOBER, "destination", "haeundae", "coat", 0.125, subject="look", colour="navy"),
    estimate(OCTOBER, "category", "seaside", "coat", 0.5),
    estimate(OCTOBER, "all", "all", "coat", 0.75),
]


def write_estimates(url: str) -> None:
    """Write the estimates of two months into a database."""
    with closing(TrendTables.open(url, read_destinations())) as tables:
        tables.migrate()
        tables.replace_estimates(SEPTEMBER, IN_SEPTEMBER)
        tables.replace_estimates(OCTOBER, IN_OCTOBER)
