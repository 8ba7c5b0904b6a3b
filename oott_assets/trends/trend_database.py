"""The Dagster resource for the trend tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from oott_fashion.destinations import read_destinations
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.trend_tables import TrendTables


class TrendDatabase(dg.ConfigurableResource[None]):
    """Opens the database of ``OOTT_DATABASE_URL``.

    The URL contains a password. It is not a config field, because Dagster would show it.
    """

    @contextmanager
    def tables(self) -> Iterator[TrendTables]:
        """Migrate the database to this release, and open its trend tables.

        Raises:
            TrendDatabaseError: the database is unavailable, rejects the user, or is newer.
        """
        settings = read_settings(SharedSettings)
        tables = TrendTables.open(
            settings.trend_database_url, read_destinations(settings.destinations_file)
        )
        try:
            tables.migrate()
            yield tables
        finally:
            tables.close()
