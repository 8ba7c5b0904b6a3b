"""Tests that every database has the same tables and views after a migration."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event

from oott_fashion.destinations import read_destinations
from oott_fashion.stores import trend_connection, trend_migration
from oott_fashion.stores.trend_connection import engine_for
from oott_fashion.stores.trend_migration import VERSION_TABLE
from oott_fashion.stores.trend_schema import VIEWS, metadata
from oott_fashion.stores.trend_tables import TrendDatabaseError, TrendTables
from tests.databases import MariaDB, in_processes, run_sql


@pytest.fixture
def engine(trend_database_url: str) -> Iterator[sa.Engine]:
    engine = engine_for(trend_database_url)
    yield engine
    engine.dispose()


def migrate(url: str) -> None:
    tables = TrendTables.open(url, read_destinations())
    tables.migrate()
    tables.close()


def definitions(engine: sa.Engine) -> dict[str, str]:
    """Read the CREATE TABLE statement of each table from the server."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").all()
            # SQLite writes an added column behind the constraints. So the order is not compared.
            return {
                name: ",".join(sorted(re.split(r"[,\s()]+", sql)))
                for name, sql in rows
                if name in metadata.tables
            }
        return {
            table: connection.exec_driver_sql(f"SHOW CREATE TABLE {table}").one()[1]
            for table in metadata.tables
        }


def test_the_revisions_create_the_tables_of_the_schema(
    trend_database_url: str, engine: sa.Engine
) -> None:
    migrate(trend_database_url)
    by_revisions = definitions(engine)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []

    metadata.drop_all(engine)
    metadata.create_all(engine)

    assert by_revisions == definitions(engine)


def test_migrating_again_changes_nothing(trend_database_url: str) -> None:
    migrate(trend_database_url)
    statements: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", record)
    try:
        migrate(trend_database_url)
    finally:
        event.remove(sa.Engine, "before_cursor_execute", record)

    changes = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")
    assert statements
    assert [statement for statement in statements if statement.startswith(changes)] == []


def test_names_that_differ_in_case_or_accent_are_different(
    trend_database_url: str,
) -> None:
    migrate(trend_database_url)

    run_sql(
        trend_database_url,
        "INSERT INTO released_colours VALUES ('Beige', 'beige'), ('bèige', 'beige')",
    )

    found = run_sql(
        trend_database_url, "SELECT COUNT(*) FROM released_colours WHERE colour = 'beige'"
    )
    assert found == [(1,)]


def test_four_processes_can_migrate_one_database_at_the_same_time(trend_database_url: str) -> None:
    assert in_processes(4, lambda _: migrate(trend_database_url)) == [0] * 4

    migrate(trend_database_url)
    assert run_sql(trend_database_url, "SELECT COUNT(*) FROM CRAWL_DATA") == [(0,)]


def test_waiting_for_a_long_migration_times_out(
    mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trend_connection, "_ANSWER_SECONDS", 1)
    monkeypatch.setattr(trend_migration, "_LONGEST_MIGRATION_SECONDS", 2)
    database = mariadb.new_database()
    other = engine_for(mariadb.url(database))
    with other.connect() as connection:
        connection.exec_driver_sql(f"SELECT GET_LOCK('oott {database}', 0)")

        with pytest.raises(TrendDatabaseError, match="another process has been migrating"):
            migrate(mariadb.url(database))
    other.dispose()


def test_a_migration_does_not_wait_for_another_database(mariadb: MariaDB) -> None:
    database = mariadb.new_database()
    other = engine_for(mariadb.url(database))
    with other.connect() as connection:
        connection.exec_driver_sql(f"SELECT GET_LOCK('oott {database}', 0)")

        migrate(mariadb.url(mariadb.new_database()))
    other.dispose()


def test_the_alembic_version_of_dagster_is_not_changed(
    trend_database_url: str,
) -> None:
    run_sql(
        trend_database_url,
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        "INSERT INTO alembic_version VALUES ('dagster')",
    )

    migrate(trend_database_url)

    assert run_sql(trend_database_url, "SELECT * FROM alembic_version") == [("dagster",)]


def test_a_database_of_a_newer_release_is_not_changed(
    trend_database_url: str,
) -> None:
    migrate(trend_database_url)
    run_sql(trend_database_url, "UPDATE trend_schema_version SET version_num = '9999'")

    with pytest.raises(TrendDatabaseError, match=r"newer release \(revision 9999\); update OOTT"):
        migrate(trend_database_url)

    assert run_sql(trend_database_url, "SELECT COUNT(*) FROM CRAWL_DATA") == [(0,)]


@pytest.mark.parametrize("view", VIEWS)
def test_a_dropped_view_is_created_again(trend_database_url: str, view: str) -> None:
    migrate(trend_database_url)
    run_sql(trend_database_url, f"DROP VIEW {view}")

    migrate(trend_database_url)

    # This fails if the view does not exist.
    run_sql(trend_database_url, f"DROP VIEW {view}")


def test_a_view_with_the_rights_of_a_user_who_is_gone_is_repaired(mariadb: MariaDB) -> None:
    url = mariadb.url(mariadb.new_database())
    migrate(url)
    run_sql(url, "DROP VIEW CRAWL_DATA", "CREATE USER builder")
    run_sql(
        url,
        "CREATE DEFINER=builder SQL SECURITY DEFINER VIEW CRAWL_DATA AS "
        "SELECT worn AS crawlSeq FROM garment_trends",
        "DROP USER builder",
    )
    with pytest.raises(sa.exc.DatabaseError, match="definer"):
        run_sql(url, "SELECT * FROM CRAWL_DATA")

    migrate(url)

    assert run_sql(url, "SELECT crawlSeq, crawlColor FROM CRAWL_DATA") == []
    rights = "SELECT DISTINCT security_type FROM information_schema.views"
    assert run_sql(url, f"{rights} WHERE table_schema = DATABASE()") == [("INVOKER",)]


def test_a_reader_of_the_views_needs_the_right_to_read_the_tables(mariadb: MariaDB) -> None:
    database = mariadb.new_database()
    migrate(mariadb.url(database))
    mariadb.execute("CREATE USER backend", f"GRANT SELECT ON {database}.CRAWL_DATA TO backend")
    backend = mariadb.url(database, user="backend")
    with pytest.raises(sa.exc.DatabaseError, match="lack rights"):
        run_sql(backend, "SELECT * FROM CRAWL_DATA")

    mariadb.execute(
        *(
            f"GRANT SELECT ON {database}.{table} TO backend"
            for table in ("garment_trends", "destination_categories", "released_colours")
        )
    )

    assert run_sql(backend, "SELECT * FROM CRAWL_DATA") == []
    mariadb.execute("DROP USER backend")


def test_an_older_release_with_its_views_is_migrated(trend_database_url: str) -> None:
    migrate(trend_database_url)
    run_sql(trend_database_url, "DELETE FROM trend_schema_version", "DROP VIEW CRAWL_DATA")
    run_sql(trend_database_url, "CREATE VIEW CRAWL_DATA AS SELECT 1 AS outdated")

    migrate(trend_database_url)

    assert run_sql(trend_database_url, "SELECT crawlSeq FROM CRAWL_DATA") == []


def test_counts_of_release_0_1_are_kept_with_an_unknown_number_of_photos(
    trend_database_url: str,
) -> None:
    migrate(trend_database_url)
    run_sql(
        trend_database_url,
        "DROP VIEW CRAWL_DATA",
        "DROP VIEW CRAWL_COORDI",
        "DROP TABLE trend_estimates",
        "ALTER TABLE outfit_trends DROP COLUMN photos",
        "UPDATE trend_schema_version SET version_num = '0001'",
        "INSERT INTO garment_trends (month, destination, destination_category, source, category, "
        "garment, colour, worn) "
        "VALUES ('2026-09-01', 'jeju', 'seaside', 'crawl', 'outer', 'coat', 'navy', 3)",
    )

    migrate(trend_database_url)

    assert run_sql(trend_database_url, "SELECT worn, photos FROM garment_trends") == [(3, None)]
    assert run_sql(trend_database_url, "SELECT photos FROM outfit_trends") == []
    assert run_sql(trend_database_url, "SELECT share FROM trend_estimates") == []
