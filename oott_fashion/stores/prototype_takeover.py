"""Imports the tables of the prototype: renames them, and counts their rows as trends.

The prototype spelled its names in several ways. Rows with unknown names stay in the renamed
tables, but are not counted.
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
    """A table of the prototype: its name, its name after renaming, and its column prefix."""

    table: str
    renamed: str
    column_prefix: str


_GARMENTS = _Prototype("CRAWL_DATA", "CRAWL_DATA_PROTOTYPE", "crawl")
_OUTFITS = _Prototype("CRAWL_COORDI", "CRAWL_COORDI_PROTOTYPE", "coordi")


class _UnknownValue(ValueError):
    """A row of the prototype has a value that OOTT does not know."""


def rename_prototype_tables(connection: sa.Connection) -> None:
    """Rename the prototype's tables, so that the views can have their names.

    Raises:
        TrendDatabaseError: both the renamed table and a new table with the old name exist.
    """
    tables = _tables(connection)
    for prototype in (_GARMENTS, _OUTFITS):
        table = tables.get(prototype.table.casefold())
        if table is None:
            continue
        if prototype.renamed.casefold() in tables:
            raise TrendDatabaseError(
                f"the trend database {redacted(connection.engine.url)} has both {table} and "
                f"{prototype.renamed} as tables, so the prototype was imported before and its "
                "table was created again; rename or drop one of them"
            )
        quoted = connection.dialect.identifier_preparer.quote(table)
        connection.exec_driver_sql(f"ALTER TABLE {quoted} RENAME TO {prototype.renamed}")


def count_prototype(connection: sa.Connection, destinations: Destinations) -> None:
    """Count the rows of the renamed tables as source ``prototype``, unless already counted."""
    # All rows are written in one transaction, so one counted row means that all are counted.
    if _counted(connection):
        return
    looks = _counts(connection, destinations, _GARMENTS, _look)
    outfits = _counts(connection, destinations, _OUTFITS, _outfit)
    for slice_ in sorted(looks.keys() | outfits.keys()):
        add_garments(connection, slice_, looks[slice_], None)
        add_outfits(connection, slice_, outfits[slice_], one_per_photo=False)


def _tables(connection: sa.Connection) -> dict[str, str]:
    """Map lower-case names to the names of all tables; some servers store lower case only."""
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
    skipped = 0
    for row in _rows(connection, prototype):
        try:
            counts[_slice_of(row, destinations)][worn_in(row)] += _times(row)
        except ValueError as error:
            skipped += 1
            log.debug("skipped %s in %s: %s", dict(row), prototype.renamed, error)
    if skipped:
        log.warning(
            "%d rows of the prototype stay in %s but are not counted, because their category, "
            "garment, colour, count or date is unknown",
            skipped,
            prototype.renamed,
        )
    return counts


def _rows(connection: sa.Connection, prototype: _Prototype) -> list[Row]:
    """Read the renamed table, with column names in lower case and without their prefix."""
    table = _tables(connection).get(prototype.renamed.casefold())
    if table is None:
        return []
    # Columns have no types here, because dates may be stored as date, datetime or text.
    everything: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(sa.table(table))
    result = connection.execute(everything)
    columns = list(result.keys())
    names = [name.casefold().removeprefix(prototype.column_prefix) for name in columns]
    return [dict(zip(names, values, strict=True)) for values in result]


def _slice_of(row: Row, destinations: Destinations) -> TrendSlice:
    place = destinations.named(str(row.get("category")))
    if not isinstance(place, DestinationCategory):
        raise _UnknownValue(f"{place.name} is not a destination category")
    # The text of a date or datetime starts with the same 10 characters in every database.
    month = date.fromisoformat(str(row.get("date"))[:10]).replace(day=1)
    return TrendSlice(month, place.slug, place.slug, "prototype")


def _times(row: Row) -> int:
    times = int(row.get("count") or 0)
    if times < 1:
        raise _UnknownValue(f"the count is {times}, expected 1 or more")
    return times


def _look(row: Row) -> Look:
    garment = _known_name(_GARMENT_NAMED, row.get("clothes"))
    return Look(category_of(garment), garment, _known_name(_COLOUR_NAMED, row.get("color")))


def _outfit(row: Row) -> OutfitNames:
    garments = [_known_name(_GARMENT_SEEN, name) for name in str(row.get("clothes")).split(",")]
    colours = [_known_name(_COLOUR_SEEN, name) for name in str(row.get("color")).split(",")]
    if set(garments) == {NOTHING_SEEN}:
        raise _UnknownValue("the outfit has no garment")
    for category, garment, colour in zip(CATEGORIES, garments, colours, strict=True):
        if (garment == NOTHING_SEEN) != (colour == NOTHING_SEEN):
            raise _UnknownValue(f"the garment is {garment}, but its colour is {colour}")
        if garment != NOTHING_SEEN and category_of(garment) != category:
            raise _UnknownValue(f"{garment} does not belong to the category {category}")
    return OutfitNames(tuple(garments), tuple(colours))


def _known_name(names: Mapping[str, str], written: object) -> str:
    name = names.get(_spelling(str(written)))
    if name is None:
        raise _UnknownValue(f"{written!r} is unknown, expected one of {', '.join(names)}")
    return name


def _spelling(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip()).casefold()


_GARMENT_NAMED = {_spelling(name): name for name in GARMENT_NAMES}
_COLOUR_NAMED = {_spelling(name): name for name in PALETTE_NAMES}
_NOTHING_SEEN = {"": NOTHING_SEEN, _spelling(NOTHING_SEEN): NOTHING_SEEN}
_GARMENT_SEEN = _GARMENT_NAMED | _NOTHING_SEEN
_COLOUR_SEEN = _COLOUR_NAMED | _NOTHING_SEEN
