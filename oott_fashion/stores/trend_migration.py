"""Migrates a trend database that is empty, from the prototype or from an older release."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.schema import CreateView, DropView

from oott_fashion.destinations import Destinations
from oott_fashion.stores import prototype_takeover
from oott_fashion.stores.trend_connection import (
    TrendDatabaseError,
    TrendDatabaseUnavailable,
    for_writing,
    redacted,
    use_write_ahead_log,
)
from oott_fashion.stores.trend_rows import upsert
from oott_fashion.stores.trend_schema import VIEWS, reference_rows

# Dagster has its own `alembic_version` table, possibly in the same database.
VERSION_TABLE = "trend_schema_version"

_LONGEST_MIGRATION_SECONDS = 45
_LONGEST_STATEMENT_SECONDS = 60

# Alembic stores the running migration in module globals, which threads share.
_one_thread = threading.Lock()


def migrate(engine: sa.Engine, destinations: Destinations) -> None:
    """Apply the missing revisions, the prototype import, the views and the reference data.

    In SQLite this is one transaction. MySQL commits after every DDL statement. So each step checks
    what exists already, and after a killed migration the next one completes the rest.

    Raises:
        TrendDatabaseUnavailable: another migration is running for too long.
        TrendDatabaseError: the database is from a newer release, or has the prototype's tables
            under both names.
    """
    if engine.dialect.name == "sqlite":
        use_write_ahead_log(engine)
    with _migration_lock(engine) as connection, _one_thread, connection.begin():
        _apply_revisions(connection)
        prototype_takeover.rename_prototype_tables(connection)
        _drop_creator_views(connection)
        _make_missing_views(connection)
        write_reference_rows(connection, destinations)
        prototype_takeover.count_prototype(connection, destinations)


def write_reference_rows(connection: sa.Connection, destinations: Destinations) -> None:
    """Update the tables that the views use for translation, for instance with new categories."""
    for table, wanted in reference_rows(destinations).items():
        key, translation = table.columns
        known = {row[0]: row[1] for row in connection.execute(sa.select(key, translation))}
        changed = [
            {key.name: name, translation.name: meaning}
            for name, meaning in sorted(wanted.items())
            if known.get(name) != meaning
        ]
        if changed:
            connection.execute(upsert(connection, table, replaced=[translation.name]), changed)


@contextmanager
def _migration_lock(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Connect, after waiting for other processes that migrate this database."""
    with for_writing(engine).connect() as connection:
        if engine.dialect.name != "sqlite":
            _lock(connection)
        yield connection


def _lock(connection: sa.Connection) -> None:
    # To wait for the lock, or to change a large table, takes longer than to count a batch.
    driver: Any = connection.connection.driver_connection
    driver.read_timeout = _LONGEST_STATEMENT_SECONDS
    # The lock ends when its connection is closed.
    # Lock names are shared by all databases of the server, and have at most 64 characters.
    name = f"oott {connection.engine.url.database}"[:64]
    got = connection.scalar(sa.select(sa.func.get_lock(name, _LONGEST_MIGRATION_SECONDS)))
    connection.commit()
    if got != 1:
        raise TrendDatabaseUnavailable(
            f"another process has been migrating the trend database "
            f"{redacted(connection.engine.url)} for more than {_LONGEST_MIGRATION_SECONDS} "
            "seconds; try again later"
        )


def _apply_revisions(connection: sa.Connection) -> None:
    config = Config(attributes={"connection": connection})
    location = str(files("oott_fashion.stores") / "migrations")
    config.set_main_option("script_location", location.replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    current = context.get_current_revision()
    if current == scripts.get_current_head():
        return
    _reject_newer(connection, current, scripts)
    # SQLite cannot change a column that a view uses.
    for view in _views_of(connection):
        connection.execute(DropView(view.table))
    command.upgrade(config, "head")


def _reject_newer(connection: sa.Connection, current: str | None, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise TrendDatabaseError(
            f"the trend database {redacted(connection.engine.url)} is from a newer release "
            f"(revision {current}); update OOTT"
        )


def _drop_creator_views(connection: sa.Connection) -> None:
    """Drop the views that MySQL reads with the rights of their creator, as older releases did."""
    if connection.dialect.name == "sqlite":
        return
    creators = sa.text(
        "SELECT table_name FROM information_schema.views "
        "WHERE table_schema = DATABASE() AND security_type = 'DEFINER'"
    )
    names = {name.casefold() for name in connection.scalars(creators)}
    for name, view in VIEWS.items():
        if name.casefold() in names:
            connection.execute(DropView(view.table))


def _make_missing_views(connection: sa.Connection) -> None:
    existing = _views_of(connection)
    for view in VIEWS.values():
        if view not in existing:
            connection.execute(view)


def _views_of(connection: sa.Connection) -> list[CreateView]:
    # Some servers, for instance on Windows, store names in lower case.
    existing = {name.casefold() for name in sa.inspect(connection).get_view_names()}
    return [view for name, view in VIEWS.items() if name.casefold() in existing]
