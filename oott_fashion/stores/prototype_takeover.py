"""Takes over the tables of the prototype: set aside under other names, and counted as trends.

The prototype spelled its names in several ways. A row in words that OOTT does not know stays
where it is set aside, and is only not counted.
"""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.destinations import DestinationCategory, Destinations
from oott_fashion.garments import CATEGORIES, GARMENT_NAMES, category_of
from oott_fashion.outfits import NOTHING_SEEN, OutfitNames
from oott_fashion.stores.trend_connection import TrendDatabaseError, redacted
from oott_fashion.stores.trend_rows import TrendSlice, add_garments, add_outfits
from oott_fashion.stores.trend_schema import garment_trends, outfit_trends
from oott_fashion.trends import Look

log = logging.getLogger(__name__)

Worn = TypeVar("Worn")
Row = Mapping[str, Any]


class _Prototype(NamedTuple):
    """A table of the prototype: its name, where it is set aside, how its columns begin."""

    table: str
    aside: str
    columns: str


_GARMENTS = _Prototype("CRAWL_DATA", "CRAWL_DATA_PROTOTYPE", "crawl")
_OUTFITS = _Prototype("CRAWL_COORDI", "CRAWL_COORDI_PROTOTYPE", "coordi")


class _NotOurs(ValueError):
    """A row of the prototype says something that OOTT has no words for."""


def rename_prototype_tables(connection: sa.Connection) -> None:
    """Rename the prototype's tables, so that the views can have their names.

    Raises:
        TrendDatabaseError: a table of the prototype was set aside before and is there again.
    """
    tables = _tables(connection)
    for prototype in (_GARMENTS, _OUTFITS):
        table = tables.get(prototype.table.casefold())
        if table is None:
            continue
        if prototype.aside.casefold() in tables:
            raise TrendDatabaseError(
                f"the trend database {redacted(connection.engine.url)} has both {table} and "
                f"{prototype.aside} as tables, so the prototype was taken over before and came "
                "back; rename or drop one of them"
            )
        quoted = connection.dialect.identifier_preparer.quote(table)
        connection.exec_driver_sql(f"ALTER TABLE {quoted} RENAME TO {prototype.aside}")


def count_prototype(connection: sa.Connection, destinations: Destinations) -> None:
    """Count the rows set aside as source ``prototype``, unless that was done before."""
    # All of them are written in one transaction, so that any tells of the rest.
    if _counted(connection):
        return
    looks = _counts(connection, destinations, _GARMENTS, _look)
    outfits = _counts(connection, destinations, _OUTFITS, _outfit)
    for slice_ in sorted(looks.keys() | outfits.keys()):
        add_garments(connection, slice_, looks[slice_])
        add_outfits(connection, slice_, outfits[slice_])


def _tables(connection: sa.Connection) -> dict[str, str]:
    """Give the names of all tables, by their spelling in lower case, as some servers keep them."""
    return {name.casefold(): name for name in sa.inspect(connection).get_table_names()}


def _counted(connection: sa.Connection) -> bool:
    return any(
        connection.scalar(sa.select(sa.exists().where(table.c.source == "prototype")))
        for table in (garment_trends, outfit_trends)
    )


def _counts(
    connection: sa.Connection,
    destinations: Destinations,
    prototype: _Prototype,
    worn_in: Callable[[Row], Worn],
) -> defaultdict[TrendSlice, Counter[Worn]]:
    counts: defaultdict[TrendSlice, Counter[Worn]] = defaultdict(Counter)
    refused = 0
    for row in _rows(connection, prototype):
        try:
            counts[_slice_of(row, destinations)][worn_in(row)] += _times(row)
        except ValueError as error:
            refused += 1
            log.debug("%s keeps %s uncounted: %s", prototype.aside, dict(row), error)
    if refused:
        log.warning(
            "%d rows of the prototype are kept in %s and not counted: their category, garment, "
            "colour, count or date is unknown",
            refused,
            prototype.aside,
        )
    return counts


def _rows(connection: sa.Connection, prototype: _Prototype) -> list[Row]:
    """Read the table set aside, its columns named as if they began alike, or none without it."""
    aside = _tables(connection).get(prototype.aside.casefold())
    if aside is None:
        return []
    # Untyped, so that a date is read whether it was declared as date, datetime or text.
    everything: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(sa.table(aside))
    result = connection.execute(everything)
    columns = list(result.keys())
    names = [name.casefold().removeprefix(prototype.columns) for name in columns]
    return [dict(zip(names, values, strict=True)) for values in result]


def _slice_of(row: Row, destinations: Destinations) -> TrendSlice:
    place = destinations.named(str(row.get("category")))
    if not isinstance(place, DestinationCategory):
        raise _NotOurs(f"{place.name} is no destination category")
    # As text, a date, a datetime and what SQLite keeps of them begin alike.
    month = date.fromisoformat(str(row.get("date"))[:10]).replace(day=1)
    return TrendSlice(month, place.slug, place.slug, "prototype")


def _times(row: Row) -> int:
    times = int(row.get("count") or 0)
    if times < 1:
        raise _NotOurs(f"{times} times is never")
    return times


def _look(row: Row) -> Look:
    garment = _ours(_GARMENT_NAMED, row.get("clothes"))
    return Look(category_of(garment), garment, _ours(_COLOUR_NAMED, row.get("color")))


def _outfit(row: Row) -> OutfitNames:
    garments = [_ours(_GARMENT_SEEN, name) for name in str(row.get("clothes")).split(",")]
    colours = [_ours(_COLOUR_SEEN, name) for name in str(row.get("color")).split(",")]
    if set(garments) == {NOTHING_SEEN}:
        raise _NotOurs("an outfit of nothing was not worn")
    for category, garment, colour in zip(CATEGORIES, garments, colours, strict=True):
        if (garment == NOTHING_SEEN) != (colour == NOTHING_SEEN):
            raise _NotOurs(f"{garment} cannot be {colour}")
        if garment != NOTHING_SEEN and category_of(garment) != category:
            raise _NotOurs(f"{garment} is not worn as {category}")
    return OutfitNames(tuple(garments), tuple(colours))


def _ours(names: Mapping[str, str], theirs: object) -> str:
    name = names.get(_spelling(str(theirs)))
    if name is None:
        raise _NotOurs(f"{theirs!r} is none of {', '.join(names)}")
    return name


def _spelling(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip()).casefold()


_GARMENT_NAMED = {_spelling(name): name for name in GARMENT_NAMES}
_COLOUR_NAMED = {_spelling(name): name for name in PALETTE_NAMES}
_NOTHING_SEEN = {"": NOTHING_SEEN, _spelling(NOTHING_SEEN): NOTHING_SEEN}
_GARMENT_SEEN = _GARMENT_NAMED | _NOTHING_SEEN
_COLOUR_SEEN = _COLOUR_NAMED | _NOTHING_SEEN
