"""Reads and writes the trend tables: which garments were worn where, when and how often."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import NamedTuple, Self, TypeVar

import sqlalchemy as sa

from oott_fashion.destinations import Destinations
from oott_fashion.garments import Category
from oott_fashion.outfits import OutfitNames
from oott_fashion.packing.outfit_model import CountedOutfit
from oott_fashion.stores.app_photos import claim_photos, delete_old_photos
from oott_fashion.stores.batch_keys import ReusedKey, claim_key, delete_old_keys
from oott_fashion.stores.estimate_tables import (
    EstimateRow,
    EventRow,
    ForecastRow,
    GrowthRow,
    PlaceKind,
    Subject,
    estimate_rows,
    estimated_at,
    estimated_months,
    event_rows,
    forecast_rows,
    growth_rows,
    latest_estimated_month,
    replace_all_forecasts,
    replace_growth,
    replace_month_estimates,
)
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
    Source,
    TrendSlice,
    add_garments,
    add_outfits,
    delete_slice,
    naive_utc,
    rows_of,
    write_coverage,
)
from oott_fashion.stores.trend_schema import (
    COLOUR_COLUMNS,
    GARMENT_COLUMNS,
    garment_trends,
    outfit_trends,
    trend_coverage,
)
from oott_fashion.trends import Look, garment_counts, outfit_counts, photos_showing
from oott_fashion.vision.detections import Detection

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
    """How often a look was worn in a month at a destination."""

    destination: str
    month: date
    category: Category
    garment: str
    colour: str
    worn: int


class TrendTables:
    """The trend tables of one SQLite, MySQL or MariaDB database.

    Every method may raise ``TrendDatabaseError``, with a message for users.
    """

    def __init__(self, engine: sa.Engine, destinations: Destinations) -> None:
        self._engine = engine
        self._destinations = destinations
        self._translated = False

    @classmethod
    def open(cls, url: str, destinations: Destinations) -> Self:
        """Open the tables at ``url``, without connecting yet.

        Raises:
            TrendDatabaseError: ``url`` is not the address of a SQLite, MySQL or MariaDB database.
        """
        return cls(engine_for(url), destinations)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engine.dispose()

    def migrate(self) -> None:
        """Migrate the database to this release; several processes may do it at the same time."""
        with readable_errors(self._engine.url):
            migrate(self._engine, self._destinations)

    def check_connection(self) -> None:
        """Raise TrendDatabaseError unless the database responds and has the tables."""
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
        photos: Counter[Look] | None = None,
    ) -> None:
        """Replace all counts of ``slice_`` in one transaction.

        ``photos`` is the number of photos that show each look, None if it is unknown.

        Raises:
            ValueError: ``slice_.month`` is not the 1st of a month, or ``counted_at`` has no time
                zone.
        """
        _reject_mid_month(slice_)

        def work(connection: sa.Connection) -> None:
            # This comes first: its row lock makes other writers of the same slice wait.
            write_coverage(connection, slice_, coverage, counted_at, adding=False)
            delete_slice(connection, slice_)
            add_garments(connection, slice_, garments, photos)
            add_outfits(connection, slice_, outfits, one_per_photo=photos is not None)

        self._in_one_transaction(work)

    def add(
        self,
        slice_: TrendSlice,
        photos: Mapping[str, Sequence[Detection]],
        detector_version: str,
        counted_at: datetime,
        idempotency_key: str | None,
        request_digest: str,
    ) -> bool:
        """Add to the counts of ``slice_``; return False if this key was counted before.

        ``photos`` has the garments by a digest of the photo. A photo that was counted before in
        this month and destination is not counted again.

        Raises:
            ReusedKey: the key was used in the last 30 days with another digest.
            ValueError: the key does not have 1 to 255 characters, ``slice_.month`` is not the 1st
                of a month, or ``counted_at`` has no time zone.
        """
        _reject_mid_month(slice_)
        received_at = naive_utc(counted_at)

        def work(connection: sa.Connection) -> bool:
            if idempotency_key is not None and not claim_key(
                connection, idempotency_key, request_digest, received_at
            ):
                return False
            # Its row lock makes other writers of the same slice wait, so they see what this one
            # has counted.
            nothing = Coverage(0, 0, detector_version)
            write_coverage(connection, slice_, nothing, counted_at, adding=True)
            new = claim_photos(connection, slice_, photos)
            seen = [garments for digest, garments in photos.items() if digest in new]
            coverage = Coverage(len(seen), sum(map(bool, seen)), detector_version)
            write_coverage(connection, slice_, coverage, counted_at, adding=True)
            add_garments(connection, slice_, garment_counts(seen), photos_showing(seen))
            add_outfits(connection, slice_, outfit_counts(seen), one_per_photo=True)
            delete_old_keys(connection, received_at)
            delete_old_photos(connection, slice_.month)
            return True

        return self._in_one_transaction(work)

    def replace_estimates(self, month: date, rows: Iterable[EstimateRow]) -> None:
        """Replace the estimates of ``month`` in one transaction."""
        estimates = list(rows)
        self._in_one_transaction(
            lambda connection: replace_month_estimates(connection, month, estimates)
        )

    def replace_forecasts(
        self, forecasts: Iterable[ForecastRow], events: Iterable[EventRow]
    ) -> None:
        """Replace all forecasts and events in one transaction."""
        ahead, unusual = list(forecasts), list(events)
        self._in_one_transaction(
            lambda connection: replace_all_forecasts(connection, ahead, unusual)
        )

    def replace_growth(self, rows: Iterable[GrowthRow]) -> None:
        """Replace all changes over two years in one transaction."""
        growth = list(rows)
        self._in_one_transaction(lambda connection: replace_growth(connection, growth))

    def estimated_months(self) -> list[date]:
        """List the months that have estimates, the earliest first."""
        with self.reading() as connection:
            return estimated_months(connection)

    def latest_estimated_month(self, place_kind: PlaceKind, place: str) -> date | None:
        """Find the latest month with estimates of a place; None if there are none."""
        with self.reading() as connection:
            return latest_estimated_month(connection, place_kind, place)

    def estimated_at(self, month: date) -> datetime | None:
        """Tell when ``month`` was estimated, in UTC; None if it never was."""
        with self.reading() as connection:
            return estimated_at(connection, month)

    def estimates(
        self,
        month: date | None = None,
        place_kind: PlaceKind | None = None,
        place: str | None = None,
        subject: Subject | None = None,
        category: str | None = None,
    ) -> list[EstimateRow]:
        """List estimates in the order of their key; filter by what is given."""
        with self.reading() as connection:
            return estimate_rows(
                connection,
                month=month,
                place_kind=place_kind,
                place=place,
                subject=subject,
                category=category,
            )

    def forecasts(
        self, place_kind: PlaceKind | None = None, place: str | None = None
    ) -> list[ForecastRow]:
        """List forecasts in the order of their key; filter by what is given."""
        with self.reading() as connection:
            return forecast_rows(connection, place_kind=place_kind, place=place)

    def events(
        self, place_kind: PlaceKind | None = None, place: str | None = None
    ) -> list[EventRow]:
        """List events in the order of their key; filter by what is given."""
        with self.reading() as connection:
            return event_rows(connection, place_kind=place_kind, place=place)

    def growth(
        self, place_kind: PlaceKind | None = None, place: str | None = None
    ) -> list[GrowthRow]:
        """List changes over two years in the order of their key; filter by what is given."""
        with self.reading() as connection:
            return growth_rows(connection, place_kind=place_kind, place=place)

    def garment_rows(
        self,
        month: date | None = None,
        destination: str | None = None,
        limit: int | None = None,
        source: Source = "crawl",
    ) -> list[GarmentRow]:
        """List looks of one source, the most worn first; filter by month and destination."""
        *look, worn = (garment_trends.c[name] for name in GarmentRow._fields)
        rows = sa.select(*look, worn).order_by(worn.desc(), *look).limit(limit)
        rows = rows.where(garment_trends.c.source == source)
        if month is not None:
            rows = rows.where(garment_trends.c.month == month)
        if destination is not None:
            rows = rows.where(garment_trends.c.destination == destination)
        with self.reading() as connection:
            return [GarmentRow._make(row) for row in connection.execute(rows)]

    def counted_outfits(self, limit: int) -> list[CountedOutfit]:
        """List the outfits of the latest months, from any source."""
        outfits = outfit_trends.c
        place = (outfits.month, outfits.destination, outfits.destination_category)
        split = len(GARMENT_COLUMNS)
        garments = [outfits[name] for name in GARMENT_COLUMNS]
        colours = [outfits[name] for name in COLOUR_COLUMNS]
        wanted = sa.select(*place, outfits.worn, *garments, *colours)
        latest = wanted.order_by(outfits.month.desc(), outfits.id).limit(limit)
        with self.reading() as connection:
            return [
                CountedOutfit(
                    month, destination, category, tuple(names[:split]), tuple(names[split:]), worn
                )
                for month, destination, category, worn, *names in connection.execute(latest)
            ]

    def newest_counts(self) -> datetime | None:
        """Tell when counts were last written, in UTC; None if there are none."""
        with self.reading() as connection:
            newest: datetime | None = connection.scalar(
                sa.select(sa.func.max(trend_coverage.c.counted_at))
            )
            return newest

    def looks_by_category(self) -> list[tuple[str, Look]]:
        """List each look that was counted in each destination category, from any source."""
        trends = garment_trends.c
        columns = (trends.destination_category, trends.category, trends.garment, trends.colour)
        with self.reading() as connection:
            found = connection.execute(sa.select(*columns).distinct())
            return [(place, Look(*look)) for place, *look in found]

    def coverage_of(self, slice_: TrendSlice) -> Coverage | None:
        """Read the coverage of ``slice_``; None if it was never counted."""
        columns = [trend_coverage.c[name] for name in Coverage._fields]
        with self.reading() as connection:
            row = connection.execute(
                sa.select(*columns).where(rows_of(trend_coverage, slice_))
            ).one_or_none()
        return None if row is None else Coverage(*row)

    def coverages(self, source: Source) -> dict[tuple[str, date], Coverage]:
        """Read the coverage of each destination and month of ``source``."""
        names = ("destination", "month", *Coverage._fields)
        columns = [trend_coverage.c[name] for name in names]
        counted = sa.select(*columns).where(trend_coverage.c.source == source)
        with self.reading() as connection:
            return {
                (destination, month): Coverage(*coverage)
                for destination, month, *coverage in connection.execute(counted)
            }

    def counted_at(self, source: str) -> dict[date, datetime]:
        """Tell when the newest counts of each month of ``source`` were made, in UTC."""
        month, newest = trend_coverage.c.month, sa.func.max(trend_coverage.c.counted_at)
        counted = sa.select(month, newest).where(trend_coverage.c.source == source).group_by(month)
        with self.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}

    def garments_worn(self, slice_: TrendSlice) -> int:
        """Sum ``worn`` over the garments of ``slice_``."""
        return self._worn(garment_trends, slice_)

    def outfits_worn(self, slice_: TrendSlice) -> int:
        """Sum ``worn`` over the outfits of ``slice_``."""
        return self._worn(outfit_trends, slice_)

    def _worn(self, table: sa.Table, slice_: TrendSlice) -> int:
        worn = sa.select(sa.func.sum(table.c.worn)).where(rows_of(table, slice_))
        with self.reading() as connection:
            return int(connection.scalar(worn) or 0)

    def _in_one_transaction(self, work: Callable[[sa.Connection], Result]) -> Result:
        with readable_errors(self._engine.url):
            if not self._translated:
                # These rows get their own transaction. In MySQL, the first read of a transaction
                # fixes the snapshot that the transaction sees. The snapshot of `work` must not be
                # older than its first lock.
                self._commit(
                    lambda connection: write_reference_rows(connection, self._destinations)
                )
                self._translated = True
            return self._commit(work)

    def _commit(self, work: Callable[[sa.Connection], Result]) -> Result:
        def attempt() -> Result:
            with for_writing(self._engine).begin() as connection:
                return work(connection)

        return retry_when_busy(attempt)


def _reject_mid_month(slice_: TrendSlice) -> None:
    if slice_.month.day != 1:
        raise ValueError(f"{slice_.month} is not a month; expected the date of its 1st day")
