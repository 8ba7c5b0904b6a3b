"""Connections to the trend database, and readable messages for its errors."""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from oott_fashion.stores.mysql_values import RememberingConverter

Result = TypeVar("Result")
Row = TypeVar("Row")

_CONNECT_SECONDS = 10
# Longer than the wait for a lock, which has its own error.
_ANSWER_SECONDS = 15
# A write takes milliseconds. If a lock lasts this long, its owner hangs, or is a backup.
_LOCK_SECONDS = 10
# The driver of MySQL joins rows into one statement, and MariaDB allows 16 MB in a statement.
_ROWS_PER_STATEMENT = 5_000
_PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "mysql": "mysql+mysqlconnector",
    "mysql+mysqlconnector": "mysql+mysqlconnector",
    "mariadb": "mysql+mysqlconnector",
    "mariadb+mysqlconnector": "mysql+mysqlconnector",
}


class TrendDatabaseError(Exception):
    """The trend database cannot be used; the message says what a person can do."""


class TrendDatabaseUnavailable(TrendDatabaseError):
    """The trend database cannot be used now; a retry may help."""


def engine_for(url: str) -> sa.Engine:
    """Create the engine for the trend database, without connecting yet.

    Raises:
        TrendDatabaseError: ``url`` is not the address of a SQLite file or a MySQL or MariaDB
            database, has an option that the driver does not know, or the folder of the file
            cannot be created.
    """
    parsed = _parsed(url)
    # No engine keeps connections. A kept one continues to write to a SQLite file that was deleted,
    # and a server that no longer answers on it is waited for twice. A new one takes 2 ms.
    if parsed.get_backend_name() == "sqlite":
        _make_folder(parsed)
        engine = _engine(parsed, poolclass=NullPool, connect_args={"timeout": _LOCK_SECONDS})
        event.listen(engine, "connect", _leave_transactions_to_sqlalchemy)
        event.listen(engine, "begin", _begin)
        return engine
    return _engine(
        parsed,
        poolclass=NullPool,
        connect_args={
            "converter_class": RememberingConverter,
            "connection_timeout": _CONNECT_SECONDS,
            "read_timeout": _ANSWER_SECONDS,
            "write_timeout": _ANSWER_SECONDS,
            "charset": "utf8mb4",
            "collation": "utf8mb4_bin",
            "init_command": f"SET SESSION innodb_lock_wait_timeout = {_LOCK_SECONDS}",
        },
    )


def for_writing(engine: sa.Engine) -> sa.Engine:
    """Give an engine whose SQLite transactions take the write lock when they begin.

    In SQLite, a transaction may read first and write later. It fails if another transaction has
    written in between, and a longer timeout does not help.
    """
    return engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")


def use_write_ahead_log(engine: sa.Engine) -> None:
    """Switch SQLite to its write-ahead log, so that readers need not wait for a writer."""

    def switch() -> None:
        # SQLite cannot switch inside a transaction.
        with engine.execution_options(sqlite_begin=None).connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")

    # If two processes switch at the same time, SQLite rejects one of them without waiting.
    retry_when_busy(switch)


def redacted(url: sa.URL) -> str:
    """Give ``url`` without its password, and without its query, which may contain one."""
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def readable_errors(url: sa.URL) -> Iterator[None]:
    """Turn errors of the database driver into one sentence that says what to do.

    Raises:
        TrendDatabaseUnavailable: the server is down or busy.
        TrendDatabaseError: the server refuses the user, is full, read-only or not migrated.
    """
    try:
        yield
    except IntegrityError:
        raise  # a bug in OOTT, which the user cannot fix in the database
    except DBAPIError as error:
        reason = _reason(error)
        kind = TrendDatabaseUnavailable if reason in _TEMPORARY else TrendDatabaseError
        raise kind(f"the trend database {redacted(url)} {reason}") from error


def batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Divide ``rows`` into parts that can be inserted with one statement."""
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        yield rows[start : start + _ROWS_PER_STATEMENT]


def retry_when_busy(attempt: Callable[[], Result]) -> Result:
    """Call ``attempt``, and retry up to 5 times while another writer has a lock.

    An attempt that has waited for a lock as long as allowed is not retried.
    """
    pauses = iter(_PAUSES_SECONDS)
    last_retry = time.monotonic() + 0.9 * _LOCK_SECONDS  # the drivers round their waiting time
    while True:
        try:
            return attempt()
        except DBAPIError as error:
            pause = next(pauses, None)
            too_late = time.monotonic() > last_retry
            if pause is None or too_late or _reason(error) != _BUSY:
                raise
            # The wait is random, because two writers with equal waits would collide again.
            time.sleep(pause * random.uniform(0.5, 1.5))


def _engine(url: sa.URL, **settings: Any) -> sa.Engine:
    def connect(dialect: sa.Dialect, record: object, place: Any, options: Any) -> Any:
        create_by_umask(dialect, record, place, options)
        with _option_errors(url):
            return dialect.connect(*place, **options)

    with _option_errors(url):
        engine = sa.create_engine(url, **settings)
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "handle_error", _leave_silent_connection)
    return engine


def create_by_umask(dialect: sa.Dialect, _record: object, place: Any, _options: Any) -> None:
    """Create the file of a SQLite database, before SQLite does.

    SQLite ignores the umask: it would create it with mode 0644, so the group could not write.
    """
    if dialect.name == "sqlite" and place and not place[0].startswith((":", "file:")):
        with suppress(OSError):  # it exists, or SQLite says what is wrong
            os.close(os.open(place[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))


def _leave_silent_connection(context: sa.ExceptionContext) -> None:
    # SQLAlchemy does not know this error. It would wait as long again for each of two rollbacks.
    if getattr(context.original_exception, "errno", None) == _MYSQL_TIMEOUT:
        context.is_disconnect = True


@contextmanager
def _option_errors(url: sa.URL) -> Iterator[None]:
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        # The message has only the option names: a value may be a password.
        raise TrendDatabaseError(
            f"the driver of the trend database {redacted(url)} rejects an option in the address; "
            f"its options are {', '.join(url.query) or 'none'}; correct or remove one"
        ) from error


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        # The original error is left out, because its message may contain the password.
        raise TrendDatabaseError(
            "the address of the trend database is not a URL; expected for instance "
            "sqlite:///trends.db or mysql://user:password@server:3306/database"
        ) from None
    if parsed.drivername not in _DRIVERS:
        raise TrendDatabaseError(
            f"the trend tables cannot be stored in {parsed.drivername}; expected an address that "
            "starts with sqlite:/// or mysql://"
        )
    if parsed.get_backend_name() != "sqlite" and url.count("@") > 1:
        # The first @ ends the password. If the password itself contains an @, the rest of the
        # password would appear in messages as the host name.
        raise TrendDatabaseError(
            "the address of the trend database has more than one @; keep only the @ before the "
            "host name, and write every other @, for instance in the password, as %40"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise TrendDatabaseError(
            f"{redacted(parsed)} has no database name; expected for instance sqlite:///trends.db "
            "or mysql://user:password@server:3306/database"
        )
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _make_folder(url: sa.URL) -> None:
    if url.database is None or url.database.startswith("file:"):
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrendDatabaseError(
            f"cannot create the folder of the trend database {redacted(url)}: {error.strerror}"
        ) from error


def _leave_transactions_to_sqlalchemy(connection: Any, _record: object) -> None:
    # Python's sqlite3 begins a transaction too late: CREATE TABLE and SELECT would be outside it.
    connection.isolation_level = None


def _begin(connection: sa.Connection) -> None:
    statement = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    if statement is not None:
        connection.exec_driver_sql(statement)


_DOWN = "does not respond; start the server, or correct the address"
_REFUSED = "refuses the user or the password; correct them in the address"
_FORBIDDEN = (
    "does not give this user the needed rights; grant SELECT, INSERT, UPDATE and DELETE for "
    "counting, and CREATE, ALTER, DROP, INDEX and CREATE VIEW for migrating"
)
_NO_DATABASE = "does not exist; create it with CREATE DATABASE ... CHARACTER SET utf8mb4"
_NOT_MIGRATED = "has no trend tables, or those of another release; migrate it first"
_BUSY = "is locked by other writers; try again later"
_FULL = "has a full disk; free some space"
_READ_ONLY = "is read-only; use an address that can be written to"
# The files that SQLite makes beside a file that is read-only are read-only, too, and stay so.
_READ_ONLY_FILE = (
    "is read-only; the file, its -wal and -shm files and their folder must be writable (users who "
    "share it need umask 002 and a group-writable folder)"
)
_CROWDED = "has too many connections; close some, or allow more"
_UNOPENED_FILE = "cannot be opened; the file must be readable and its folder writable"
_DAMAGED_FILE = "is not a SQLite database, or is damaged; move the file away"

# Reasons for which a retry may help.
_TEMPORARY = (_DOWN, _BUSY, _CROWDED)

_MYSQL_TIMEOUT = 3024

# Source: the "Server Error Reference" and "Client Error Reference" of MySQL, and of MariaDB.
_MYSQL_REASONS = {
    **dict.fromkeys((2002, 2003, 2005, 2006, 2013, 2026, 2055, 1053, _MYSQL_TIMEOUT, 4031), _DOWN),
    **dict.fromkeys((1045, 1251, 1524, 1698, 1862, 2059, 2061, 3118), _REFUSED),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1356, 1370), _FORBIDDEN),
    1049: _NO_DATABASE,
    **dict.fromkeys((1051, 1054, 1146), _NOT_MIGRATED),
    **dict.fromkeys((1020, 1205, 1213), _BUSY),
    **dict.fromkeys((3, 28, 1021, 1030, 1041, 1114), _FULL),
    **dict.fromkeys((1036, 1290, 1792, 1836), _READ_ONLY),
    **dict.fromkeys((1040, 1203, 1226), _CROWDED),
}

# Source: the result codes in https://www.sqlite.org/rescode.html, by the start of their names.
_SQLITE_REASONS = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY_FILE,
    "SQLITE_PERM": _READ_ONLY_FILE,
    "SQLITE_CANTOPEN": _UNOPENED_FILE,
    "SQLITE_NOTADB": _DAMAGED_FILE,
    "SQLITE_CORRUPT": _DAMAGED_FILE,
}


def _reason(error: DBAPIError) -> str:
    message = str(error.orig)
    if "no such table" in message or "no such column" in message:
        return _NOT_MIGRATED
    for prefix, reason in _SQLITE_REASONS.items():
        if _sqlite_name(error).startswith(prefix):
            return reason
    return _MYSQL_REASONS.get(_number(error), f"failed: {message}")


def _number(error: DBAPIError) -> int:
    return getattr(error.orig, "errno", None) or 0


def _sqlite_name(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlite_errorname", None) or ""
