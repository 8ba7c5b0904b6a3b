"""SQL statements that write one slice of the trend tables."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.trend_schema import (
    COLOUR_COLUMNS,
    GARMENT_COLUMNS,
    garment_trends,
    outfit_trends,
    trend_coverage,
)
from oott_fashion.trends import Look

Row = dict[str, Any]

# SQLite allows 32,766 values in a statement, and a row of outfits has 13.
_ROWS_PER_STATEMENT = 500


class TrendSlice(NamedTuple):
    """One source, destination and month: the part of the tables that is replaced as a whole."""

    month: date
    destination: str
    destination_category: str
    source: Literal["crawl", "app", "prototype"]


class Coverage(NamedTuple):
    """How many photos the counts of a slice are based on, and which detector read them."""

    photos: int
    photos_with_garments: int
    detector_version: str


def rows_of(table: sa.Table, slice_: TrendSlice) -> sa.ColumnElement[bool]:
    """Select the rows of ``slice_``, including rows written when it had another category."""
    return sa.and_(
        table.c.month == slice_.month,
        table.c.destination == slice_.destination,
        table.c.source == slice_.source,
    )


def delete_slice(connection: sa.Connection, slice_: TrendSlice) -> None:
    """Delete the garments and outfits of ``slice_``; its coverage stays."""
    for table in (garment_trends, outfit_trends):
        connection.execute(sa.delete(table).where(rows_of(table, slice_)))


def add_garments(connection: sa.Connection, slice_: TrendSlice, garments: Counter[Look]) -> None:
    """Add ``garments`` to the stored counts."""
    rows = [
        {**slice_._asdict(), **look._asdict(), "worn": worn}
        for look, worn in sorted((+garments).items())
    ]
    _add(connection, garment_trends, rows)


def add_outfits(
    connection: sa.Connection, slice_: TrendSlice, outfits: Counter[OutfitNames]
) -> None:
    """Add ``outfits`` to the stored counts."""
    rows = [
        {
            **slice_._asdict(),
            **dict(zip(GARMENT_COLUMNS, outfit.garments, strict=True)),
            **dict(zip(COLOUR_COLUMNS, outfit.colours, strict=True)),
            "worn": worn,
        }
        for outfit, worn in sorted((+outfits).items())
    ]
    _add(connection, outfit_trends, rows)


def write_coverage(
    connection: sa.Connection,
    slice_: TrendSlice,
    coverage: Coverage,
    counted_at: datetime,
    *,
    adding: bool,
) -> None:
    """Write the coverage of ``slice_``. With ``adding``, add the photos to the stored number."""
    row = {
        **slice_._asdict(),
        **coverage._asdict(),
        "counted_at": naive_utc(counted_at),
    }
    del row["destination_category"]
    added = ("photos", "photos_with_garments") if adding else ()
    replaced = [name for name in (*coverage._fields, "counted_at") if name not in added]
    connection.execute(upsert(connection, trend_coverage, [row], added=added, replaced=replaced))


def naive_utc(moment: datetime) -> datetime:
    """Convert ``moment`` to UTC without a time zone, because the databases store no offset.

    Raises:
        ValueError: ``moment`` has no time zone, so its meaning depends on the machine.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; expected for instance datetime.now(UTC)")
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    added: Sequence[str] = (),
    replaced: Sequence[str] = (),
) -> sa.Insert:
    """Insert ``rows``; for existing rows, add to the columns ``added`` and replace ``replaced``."""
    if connection.dialect.name == "sqlite":
        for_sqlite = sqlite.insert(table).values(rows)
        changes = _changes(table, for_sqlite.excluded, added, replaced)
        return for_sqlite.on_conflict_do_update(_key_of(table), set_=changes)
    for_mysql = mysql.insert(table).values(rows)
    changes = _changes(table, for_mysql.inserted, added, replaced)
    return for_mysql.on_duplicate_key_update(changes)


def _add(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    # The callers sort the rows. So all writers lock rows in the same order, without deadlocks.
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        batch = rows[start : start + _ROWS_PER_STATEMENT]
        connection.execute(
            upsert(connection, table, batch, added=["worn"], replaced=["destination_category"])
        )


def _changes(
    table: sa.Table, new: Any, added: Sequence[str], replaced: Sequence[str]
) -> dict[str, Any]:
    return {
        **{name: table.c[name] + new[name] for name in added},
        **{name: new[name] for name in replaced},
    }


def _key_of(table: sa.Table) -> list[sa.Column[Any]]:
    """Give the columns that identify a row: the unique constraint, or else the primary key."""
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            return list(constraint.columns)
    return list(table.primary_key.columns)
