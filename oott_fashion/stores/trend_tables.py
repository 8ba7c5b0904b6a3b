"""The trend tables: what was worn where, when and how often; the only SQL that writes trends."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import NamedTuple, Self, TypeVar

import sqlalchemy as sa

from oott_fashion.destinations import Destinations
from oott_fashion.garments import Category
from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.batch_keys import ReusedKey, claim_key, delete_old_keys
from oott_fashion.stores.trend_connection import (
    TrendDatabaseError,
    TrendDatabaseUnavailable,
    engine_for,
    for_writing,
    readable_errors,
    retry_when_busy,
)
from oott_fashion.stores.trend_migration import migrate, write_reference_rows
from oott_fashion.stores.trend_rows import (
    Coverage,
    TrendSlice,
    add_garments,
    add_outfits,
    delete_slice,
    naive_utc,
    rows_of,
    write_coverage,
)
from oott_fashion.stores.trend_schema import garment_trends, outfit_trends, trend_coverage
from oott_fashion.trends import Look

__all__ = [
    "Coverage",
    "GarmentRow",
    "ReusedKey",
    "TrendDatabaseError",
    "TrendDatabaseUnavailable",
    "TrendSlice",
    "TrendTables",
]

Result = TypeVar("Result")


class GarmentRow(NamedTuple):
    """How often a look was worn in a month at a destination, over all sources."""

    destination: str
    month: date
    category: Category
    garment: str
    colour: str
    worn: int


class TrendTables:
    """The trend tables of one SQLite, MySQL or MariaDB database.

    Every method may raise ``TrendDatabaseError``, whose message is for people.
    """

    def __init__(self, engine: sa.Engine, destinations: Destinations) -> None:
        self._engine = engine
        self._destinations = destinations
        self._translated = False

    @classmethod
    def open(cls, url: str, destinations: Destinations) -> Self:
        """Prepare the tables at ``url``; nothing is connected to yet.

        Raises:
            TrendDatabaseError: ``url`` is no address of a SQLite, MySQL or MariaDB database.
        """
        return cls(engine_for(url), destinations)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engine.dispose()

    def migrate(self) -> None:
        """Bring the database to this release, whatever it is at; safe for several at once."""
        with readable_errors(self._engine.url):
            migrate(self._engine, self._destinations)

    def check_connection(self) -> None:
        """Raise TrendDatabaseError unless the database answers and has the tables."""
        with self.reading() as connection:
            connection.execute(sa.select(trend_coverage.c.counted_at).limit(1)).first()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a connection for reading.

        Raises:
            TrendDatabaseError: the database is unreachable or rejects the query.
        """
        with readable_errors(self._engine.url), self._engine.connect() as connection:
            yield connection

    def replace(
        self,
        slice_: TrendSlice,
        garments: Counter[Look],
        outfits: Counter[OutfitNames],
        coverage: Coverage,
        counted_at: datetime,
    ) -> None:
        """Put these counts in the place of those of ``slice_``, wholly or not at all.

        Raises:
            ValueError: ``slice_.month`` is no 1st, or ``counted_at`` has no time zone.
        """
        _refuse_mid_month(slice_)

        def work(connection: sa.Connection) -> None:
            # First, because whoever else replaces this slice waits here.
            write_coverage(connection, slice_, coverage, counted_at, adding=False)
            delete_slice(connection, slice_)
            add_garments(connection, slice_, garments)
            add_outfits(connection, slice_, outfits)

        self._in_one_transaction(work)

    def add(
        self,
        slice_: TrendSlice,
        garments: Counter[Look],
        outfits: Counter[OutfitNames],
        coverage: Coverage,
        counted_at: datetime,
        idempotency_key: str | None,
        request_digest: str,
    ) -> bool:
        """Add these counts to those of ``slice_``; False if that was done under this key before.

        Raises:
            ReusedKey: the key came within the last 30 days with another digest.
            ValueError: the key has not 1 to 255 characters, ``slice_.month`` is no 1st, or
                ``counted_at`` has no time zone.
        """
        _refuse_mid_month(slice_)
        received_at = naive_utc(counted_at)

        def work(connection: sa.Connection) -> bool:
            if idempotency_key is not None and not claim_key(
                connection, idempotency_key, request_digest, received_at
            ):
                return False
            write_coverage(connection, slice_, coverage, counted_at, adding=True)
            add_garments(connection, slice_, garments)
            add_outfits(connection, slice_, outfits)
            delete_old_keys(connection, received_at)
            return True

        return self._in_one_transaction(work)

    def garment_rows(
        self,
        month: date | None = None,
        destination: str | None = None,
        limit: int | None = None,
    ) -> list[GarmentRow]:
        """List the looks of a month, a destination or all of them, the most worn first."""
        look = [garment_trends.c[name] for name in GarmentRow._fields[:-1]]
        worn = sa.func.sum(garment_trends.c.worn)
        rows = sa.select(*look, worn).group_by(*look).order_by(worn.desc(), *look).limit(limit)
        if month is not None:
            rows = rows.where(garment_trends.c.month == month)
        if destination is not None:
            rows = rows.where(garment_trends.c.destination == destination)
        with self.reading() as connection:
            # MySQL sums integers to a Decimal.
            return [
                GarmentRow._make((*seen, int(times))) for *seen, times in connection.execute(rows)
            ]

    def coverage_of(self, slice_: TrendSlice) -> Coverage | None:
        """Tell what ``slice_`` rests on, or None when it was never counted."""
        columns = [trend_coverage.c[name] for name in Coverage._fields]
        with self.reading() as connection:
            row = connection.execute(
                sa.select(*columns).where(rows_of(trend_coverage, slice_))
            ).one_or_none()
        return None if row is None else Coverage(*row)

    def garments_worn(self, slice_: TrendSlice) -> int:
        """Add up ``worn`` over the garments of ``slice_``."""
        return self._worn(garment_trends, slice_)

    def outfits_worn(self, slice_: TrendSlice) -> int:
        """Add up ``worn`` over the outfits of ``slice_``."""
        return self._worn(outfit_trends, slice_)

    def _worn(self, table: sa.Table, slice_: TrendSlice) -> int:
        worn = sa.select(sa.func.sum(table.c.worn)).where(rows_of(table, slice_))
        with self.reading() as connection:
            return int(connection.scalar(worn) or 0)

    def _in_one_transaction(self, work: Callable[[sa.Connection], Result]) -> Result:
        with readable_errors(self._engine.url):
            if not self._translated:
                # On its own: a read before the first lock would fix what MySQL lets `work` see.
                self._commit(lambda it: write_reference_rows(it, self._destinations))
                self._translated = True
            return self._commit(work)

    def _commit(self, work: Callable[[sa.Connection], Result]) -> Result:
        def attempt() -> Result:
            with for_writing(self._engine).begin() as connection:
                return work(connection)

        return retry_when_busy(attempt)


def _refuse_mid_month(slice_: TrendSlice) -> None:
    if slice_.month.day != 1:
        raise ValueError(f"{slice_.month} is no month; a month is the date of its 1st")
