"""The partitions of the trends pipeline: one for each destination and month."""

import sys
from datetime import date, datetime
from types import TracebackType
from typing import NamedTuple

import dagster as dg

from oott_assets.settings import TrendSettings
from oott_fashion.destinations import Destination, read_destinations
from oott_fashion.settings import BadSetting, read_settings

_show_traceback = sys.excepthook


def show_bad_setting(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """End a command with one sentence if a setting is wrong; show other errors as usual.

    Many commands import this module, which reads settings, so they cannot catch the error.
    """
    if isinstance(error, BadSetting):
        sys.stderr.write(f"Error: {error}\n")
    else:
        _show_traceback(kind, error, trace)


sys.excepthook = show_bad_setting

_settings = read_settings(TrendSettings)
destinations = read_destinations(_settings.destinations_file)

by_month = dg.MonthlyPartitionsDefinition(
    start_date=_settings.first_month, fmt="%Y-%m", timezone=_settings.timezone
)

month_by_destination = dg.MultiPartitionsDefinition(
    {"month": by_month, "destination": dg.StaticPartitionsDefinition(destinations.slugs)}
)


class MonthAndDestination(NamedTuple):
    """The month and destination of a partition; ``month`` is the date of its first day."""

    month: date
    destination: Destination


def month_and_destination(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
) -> MonthAndDestination:
    """Give the partition that ``context`` runs for."""
    return parse_partition_key(context.partition_key)


def parse_partition_key(partition_key: str) -> MonthAndDestination:
    """Read a partition key, such as ``hongdae|2026-10``.

    Raises:
        ValueError: the key is malformed, or its destination is unknown.
    """
    try:
        slug, month = partition_key.split("|")
        first = datetime.strptime(month, "%Y-%m").date()
    except ValueError:
        raise ValueError(
            f"{partition_key!r} is not a partition key; expected DESTINATION|YYYY-MM"
        ) from None
    return MonthAndDestination(first, destinations.destination(slug))


def month_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> date:
    """Give the month that ``context`` runs for, in an asset with a partition per month."""
    return date.fromisoformat(f"{context.partition_key}-01")


def partition_key(destination: str, month: date) -> dg.MultiPartitionKey:
    """Build the key of a partition."""
    return dg.MultiPartitionKey({"destination": destination, "month": f"{month:%Y-%m}"})
