"""The trend tables, migrated and opened; their address holds a password and stays in settings."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from oott_fashion.destinations import read_destinations
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.trend_tables import TrendTables


class TrendDatabase(dg.ConfigurableResource[None]):
    """Opens the database of ``OOTT_DATABASE_URL``, which Dagster therefore never shows."""

    @contextmanager
    def tables(self) -> Iterator[TrendTables]:
        """Open the trend tables, bringing the database to this release first.

        Raises:
            TrendDatabaseError: the database is down, refuses the user, or is of a newer release.
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
