"""SQL statements that write one slice of the trend tables."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.trend_connection import batches
from oott_fashion.stores.trend_schema import (
    COLOUR_COLUMNS,
    GARMENT_COLUMNS,
    garment_trends,
    outfit_trends,
    trend_coverage,
)
from oott_fashion.trends import Look

Row = tuple[Any, ...]
Source = Literal["crawl", "app", "prototype"]

_COUNTS = ("worn", "photos")


class TrendSlice(NamedTuple):
    """One source, destination and month: the part of the tables that is replaced as a whole."""

    month: date
    destination: str
    destination_category: str
    source: Source


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


def add_garments(
    connection: sa.Connection,
    slice_: TrendSlice,
    garments: Counter[Look],
    photos: Counter[Look] | None,
) -> None:
    """Add ``garments``, and the ``photos`` that show each, to the stored counts.

    If ``photos`` is None, their number is unknown, and stays so when more are added.
    """
    its_slice = _values_of(slice_)
    rows = [
        (*its_slice, *look, worn, None if photos is None else photos[look])
        for look, worn in (+garments).items()
    ]
    _add(connection, garment_trends, (*TrendSlice._fields, *Look._fields, *_COUNTS), rows)


def add_outfits(
    connection: sa.Connection,
    slice_: TrendSlice,
    outfits: Counter[OutfitNames],
    *,
    one_per_photo: bool,
) -> None:
    """Add ``outfits`` to the stored counts. Unless ``one_per_photo``, their photos are unknown."""
    its_slice = _values_of(slice_)
    rows = [
        (*its_slice, *outfit.garments, *outfit.colours, worn, worn if one_per_photo else None)
        for outfit, worn in (+outfits).items()
    ]
    columns = (*TrendSlice._fields, *GARMENT_COLUMNS, *COLOUR_COLUMNS, *_COUNTS)
    _add(connection, outfit_trends, columns, rows)


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
    connection.execute(upsert(connection, trend_coverage, added=added, replaced=replaced), [row])


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
    *,
    added: Sequence[str] = (),
    replaced: Sequence[str] = (),
) -> sa.Insert:
    """Insert rows; for existing rows, add to the columns ``added`` and replace ``replaced``."""
    if connection.dialect.name == "sqlite":
        for_sqlite = sqlite.insert(table)
        changes = _changes(table, for_sqlite.excluded, added, replaced)
        return for_sqlite.on_conflict_do_update(_key_of(table), set_=changes)
    for_mysql = mysql.insert(table)
    changes = _changes(table, for_mysql.inserted, added, replaced)
    return for_mysql.on_duplicate_key_update(changes)


def _add(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Add ``rows``, whose values are in the order of ``columns``, which is that of ``table``."""
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"a row of {table.name} is {row}, expected {', '.join(columns)}")
    statement = upsert(connection, table, added=_COUNTS, replaced=["destination_category"])
    # It is compiled once for all rows. With `execute`, SQLAlchemy would also convert every value.
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    # All writers lock rows in the same order, without deadlocks. One text per row sorts fastest.
    ordered = sorted(rows, key=lambda row: "\n".join(row[: -len(_COUNTS)]))
    for batch in batches(ordered):
        values: Sequence[Any] = batch
        if not compiled.positional:
            values = [dict(zip(columns, row, strict=True)) for row in batch]
        connection.exec_driver_sql(str(compiled), values)


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


def _values_of(slice_: TrendSlice) -> Row:
    # SQLite has no dates, so SQLAlchemy stores them as text.
    return (slice_.month.isoformat(), *slice_[1:])
