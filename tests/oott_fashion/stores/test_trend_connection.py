"""Tests of the messages for a trend database that cannot be used."""

import os
import socket
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from oott_fashion.destinations import read_destinations
from oott_fashion.stores import trend_connection
from oott_fashion.stores.trend_connection import engine_for, for_writing
from oott_fashion.stores.trend_tables import (
    Coverage,
    TrendDatabaseError,
    TrendSlice,
    TrendTables,
)
from oott_fashion.trends import Look
from tests.databases import MariaDB, run_sql

PASSWORD = "hush-hush"


def opened(url: str) -> TrendTables:
    return TrendTables.open(url, read_destinations())


def write(tables: TrendTables) -> None:
    slice_ = TrendSlice(date(2026, 10, 1), "hongdae", "hot-place", "crawl")
    look = Look("outer", "coat", "navy")
    now = datetime(2026, 11, 1, tzinfo=UTC)
    tables.replace(slice_, Counter({look: 1}), Counter(), Coverage(1, 1, "v1"), now)


def error_message(use: Callable[[], object]) -> str:
    """Give the error message, and check that the traceback does not contain the password."""
    with pytest.raises(TrendDatabaseError) as caught:
        use()
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


@pytest.mark.parametrize("use", ["migrate", "check_connection", "garment_rows"])
def test_the_error_for_a_stopped_server_says_what_to_do(use: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        tables = opened(f"mysql://ann:{PASSWORD}@127.0.0.1:{port}/trends?ssl_ca={PASSWORD}")

        message = error_message(getattr(tables, use))

    assert message == (
        f"the trend database mysql+mysqlconnector://ann:***@127.0.0.1:{port}/trends does not "
        "respond; start the server, or correct the address"
    )


def test_a_silent_server_causes_a_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trend_connection, "_CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tables = opened(f"mysql://ann:{PASSWORD}@127.0.0.1:{silent.getsockname()[1]}/trends")

        assert "does not respond" in error_message(tables.check_connection)


def test_a_server_that_falls_silent_causes_a_timeout(
    mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trend_connection, "_ANSWER_SECONDS", 1)
    tables = opened(mariadb.url(mariadb.new_database()))

    def wait() -> None:
        with tables.reading() as connection:
            connection.exec_driver_sql("SELECT SLEEP(3)")

    began = time.monotonic()
    assert "does not respond" in error_message(wait)
    assert time.monotonic() - began < 1.9


def test_a_wrong_password_has_its_own_message(mariadb: MariaDB) -> None:
    mariadb.execute("CREATE OR REPLACE USER ann IDENTIFIED BY 'another'")
    tables = opened(mariadb.url(mariadb.new_database(), "ann", PASSWORD))

    assert "refuses the user or the password" in error_message(tables.migrate)


def test_a_missing_database_has_its_own_message(mariadb: MariaDB) -> None:
    tables = opened(mariadb.url("nowhere"))

    assert "does not exist; create it with CREATE DATABASE" in error_message(
        tables.check_connection
    )


def test_the_error_for_a_read_only_user_lists_the_needed_rights(mariadb: MariaDB) -> None:
    database = mariadb.new_database()
    opened(mariadb.url(database)).migrate()
    mariadb.execute(
        f"CREATE OR REPLACE USER reader IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON {database}.* TO reader",
    )
    tables = opened(mariadb.url(database, "reader", PASSWORD))

    tables.check_connection()
    tables.migrate()
    assert tables.garment_rows() == []
    assert "grant SELECT, INSERT, UPDATE and DELETE" in error_message(lambda: write(tables))


def test_the_error_for_a_user_without_create_lists_the_needed_rights(mariadb: MariaDB) -> None:
    database = mariadb.new_database()
    mariadb.execute(
        f"CREATE OR REPLACE USER counter IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO counter",
    )
    tables = opened(mariadb.url(database, "counter", PASSWORD))

    assert "CREATE VIEW for migrating" in error_message(tables.migrate)


def test_a_user_with_the_listed_rights_can_migrate_and_count(
    mariadb: MariaDB,
) -> None:
    database = mariadb.new_database()
    rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, CREATE VIEW"
    mariadb.execute(
        f"CREATE OR REPLACE USER owner IDENTIFIED BY '{PASSWORD}'",
        f"GRANT {rights} ON {database}.* TO owner",
    )
    tables = opened(mariadb.url(database, "owner", PASSWORD))

    tables.migrate()
    write(tables)

    assert len(tables.garment_rows()) == 1


def test_a_lock_that_does_not_end_is_waited_for_once_and_has_its_own_message(
    trend_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(trend_database_url).migrate()
    monkeypatch.setattr(trend_connection, "_LOCK_SECONDS", 1)
    tables = opened(trend_database_url)
    write(tables)
    other = for_writing(engine_for(trend_database_url))
    with other.begin() as connection:
        connection.exec_driver_sql("UPDATE trend_coverage SET photos = 9")

        began = time.monotonic()
        assert "locked by other writers; try again later" in error_message(lambda: write(tables))
        assert time.monotonic() - began < 2.5
    other.dispose()


def test_a_read_only_file_can_be_read_but_not_written(tmp_path: Path) -> None:
    file = tmp_path / "trends.db"
    opened(f"sqlite:///{file}").migrate()

    tables = opened(f"sqlite:///file:{file}?mode=ro&uri=true")

    assert tables.garment_rows() == []
    message = error_message(lambda: write(tables))
    assert "is read-only; the file, its -wal and -shm files and their folder must be" in message


def test_a_full_disk_keeps_the_old_rows(tmp_path: Path) -> None:
    tables = opened(f"sqlite:///{tmp_path / 'trends.db'}")
    tables.migrate()
    write(tables)
    tables.close()

    def fill(connection: object, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]

    event.listen(tables._engine, "connect", fill)
    garments = Counter({Look("outer", "coat", f"{number}" * 30): 1 for number in range(2000)})
    slice_ = TrendSlice(date(2026, 9, 1), "hongdae", "hot-place", "crawl")
    now = datetime(2026, 11, 1, tzinfo=UTC)

    coverage = Coverage(1, 1, "v1")
    message = error_message(lambda: tables.replace(slice_, garments, Counter(), coverage, now))

    assert "has a full disk" in message
    assert len(tables.garment_rows()) == 1


def test_a_deleted_sqlite_file_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "trends.db"
    tables = opened(f"sqlite:///{file}")
    tables.migrate()
    write(tables)
    file.unlink()

    assert "migrate it first" in error_message(lambda: write(tables))
    tables.migrate()
    write(tables)
    assert run_sql(f"sqlite:///{file}", "SELECT SUM(worn) FROM garment_trends") == [(1,)]


def test_a_writer_of_a_sqlite_file_does_not_wait_for_its_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trend_connection, "_LOCK_SECONDS", 0.1)
    monkeypatch.setattr(trend_connection, "_PAUSES_SECONDS", ())
    url = f"sqlite:///{tmp_path / 'trends.db'}"
    opened(url).migrate()

    with engine_for(url).begin() as reading:
        before = reading.exec_driver_sql("SELECT COUNT(*) FROM garment_trends").scalar()
        write(opened(url))
        after = reading.exec_driver_sql("SELECT COUNT(*) FROM garment_trends").scalar()

    assert before == after == 0


def test_a_file_that_is_not_a_database_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "trends.db"
    file.write_bytes(b"holiday photos " * 1000)

    assert "is not a SQLite database" in error_message(opened(f"sqlite:///{file}").migrate)
    assert file.read_bytes() == b"holiday photos " * 1000


def test_a_folder_instead_of_a_file_is_rejected(tmp_path: Path) -> None:
    assert "cannot be opened" in error_message(opened(f"sqlite:///{tmp_path}").check_connection)


def test_the_folder_of_a_sqlite_file_is_created(tmp_path: Path) -> None:
    opened(f"sqlite:///{tmp_path / 'new' / 'folder' / 'trends.db'}").migrate()

    assert os.listdir(tmp_path / "new" / "folder") != []


def test_a_folder_that_cannot_be_created_has_its_own_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    message = error_message(lambda: opened(f"sqlite:///{tmp_path / 'file' / 'trends.db'}"))

    assert "cannot create the folder" in message


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"postgresql://ann:{PASSWORD}@db/trends", "cannot be stored in postgresql"),
        (f"mysql+pymysql://ann:{PASSWORD}@db/trends", "cannot be stored in mysql\\+pymysql"),
        (f"ann:{PASSWORD}@db/trends", "is not a URL"),
        (f"mysql://ann:{PASSWORD}@db:port/trends", "is not a URL"),
        (f"mysql://ann:{PASSWORD}@db", "has no database name"),
        (f"mysql://ann:p@{PASSWORD}@db/trends", "write every other @, .* as %40"),
        (f"mysql://ann:p@{PASSWORD}/w@db/trends", "write every other @, .* as %40"),
        (f"mysql://ann:p@{PASSWORD}?w@db/trends", "write every other @, .* as %40"),
        ("sqlite://", "has no database name"),
        ("sqlite:///:memory:", "has no database name"),
    ],
)
def test_an_unsupported_address_is_rejected(url: str, message: str) -> None:
    with pytest.raises(TrendDatabaseError, match=message):
        opened(url)
    error_message(lambda: opened(url))


@pytest.mark.parametrize(
    "options", ["foo=1", "connection_timeout=soon", "use_pure=perhaps", f"foo={PASSWORD}"]
)
def test_the_error_for_an_unknown_option_hides_its_value(options: str, mariadb: MariaDB) -> None:
    url = f"{mariadb.url(mariadb.new_database())}?{options}"

    message = error_message(lambda: opened(url).migrate())

    assert f"rejects an option in the address; its options are {options.split('=')[0]};" in message
    assert options.split("=")[1] not in message.split("an option in")[1]


def test_an_at_sign_written_as_40_is_part_of_the_password(mariadb: MariaDB) -> None:
    database = mariadb.new_database()
    mariadb.execute(
        "CREATE OR REPLACE USER at IDENTIFIED BY 'p@ss'", f"GRANT ALL ON {database}.* TO at"
    )

    opened(mariadb.url(database, "at", "p%40ss")).migrate()


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+mysqlconnector"])
def test_mysql_uses_the_installed_driver(scheme: str, mariadb: MariaDB) -> None:
    url = mariadb.url(mariadb.new_database()).replace("mysql", scheme, 1)

    opened(url).migrate()
