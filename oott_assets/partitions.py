"""The partitions of the trends street: each destination in each month."""

from datetime import date, datetime
from typing import NamedTuple

import dagster as dg

from oott_assets.settings import TrendSettings
from oott_fashion.destinations import Destination, read_destinations
from oott_fashion.settings import read_settings

_settings = read_settings(TrendSettings)
destinations = read_destinations(_settings.destinations_file)

by_month = dg.MonthlyPartitionsDefinition(
    start_date=_settings.first_month, fmt="%Y-%m", timezone=_settings.timezone
)

month_by_destination = dg.MultiPartitionsDefinition(
    {"month": by_month, "destination": dg.StaticPartitionsDefinition(destinations.slugs)}
)


class MonthAndDestination(NamedTuple):
    """What a partition key says; ``month`` is the date of its 1st."""

    month: date
    destination: Destination


def month_and_destination(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
) -> MonthAndDestination:
    """Read the partition that ``context`` runs for."""
    return meaning_of(context.partition_key)


def meaning_of(partition_key: str) -> MonthAndDestination:
    """Read a partition key, such as ``hongdae|2026-10``.

    Raises:
        ValueError: the key names no month or no destination.
    """
    try:
        slug, month = partition_key.split("|")
        first = datetime.strptime(month, "%Y-%m").date()
    except ValueError:
        raise ValueError(
            f"{partition_key!r} is no partition; expected DESTINATION|YYYY-MM"
        ) from None
    return MonthAndDestination(first, destinations.destination(slug))


def partition_key(destination: str, month: date) -> dg.MultiPartitionKey:
    """Write the key of a partition."""
    return dg.MultiPartitionKey({"destination": destination, "month": f"{month:%Y-%m}"})
