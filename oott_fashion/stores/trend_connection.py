"""How the trend database is reached, and what is said to a person when it is not."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import NullPool

Result = TypeVar("Result")

_CONNECT_SECONDS = 10
# A server that stops in the middle of an answer would hold its caller for ever.
_ANSWER_SECONDS = 60
_LOCK_SECONDS = 20
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
    """The trend database cannot be used, for a reason that a person can mend."""


class TrendDatabaseUnavailable(TrendDatabaseError):
    """The trend database cannot be used now; the same may work when it is tried again."""


def engine_for(url: str) -> sa.Engine:
    """Prepare connections to the trend database; none is made yet.

    Raises:
        TrendDatabaseError: ``url`` names no SQLite file, MySQL or MariaDB database, has options
            of another kind than the driver's, or the folder of the file cannot be made.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        _make_folder(parsed)
        # A connection that is kept would go on writing to its file after that was deleted.
        engine = _engine(parsed, poolclass=NullPool, connect_args={"timeout": _LOCK_SECONDS})
        event.listen(engine, "connect", _leave_transactions_to_sqlalchemy)
        event.listen(engine, "begin", _begin)
        return engine
    return _engine(
        parsed,
        pool_pre_ping=True,
        pool_recycle=1800,
        pool_timeout=_CONNECT_SECONDS,
        connect_args={
            "connection_timeout": _CONNECT_SECONDS,
            "read_timeout": _ANSWER_SECONDS,
            "write_timeout": _ANSWER_SECONDS,
            "charset": "utf8mb4",
            "collation": "utf8mb4_bin",
            "init_command": f"SET SESSION innodb_lock_wait_timeout = {_LOCK_SECONDS}",
        },
    )


def for_writing(engine: sa.Engine) -> sa.Engine:
    """Give the same connections, whose transactions take SQLite's one write lock at once.

    A transaction that reads first and then wants to write fails in SQLite when another wrote
    between, however long it is willing to wait.
    """
    return engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")


def use_write_ahead_log(engine: sa.Engine) -> None:
    """Switch SQLite to its write-ahead log, which the file remembers."""

    def switch() -> None:
        # SQLite refuses to switch inside a transaction.
        with engine.execution_options(sqlite_begin=None).connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")

    # Of two that switch at once, SQLite turns one away without waiting.
    retry_when_busy(switch)


def redacted(url: sa.URL) -> str:
    """Write ``url`` for people: without its password, and without a query that may hold one."""
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def readable_errors(url: sa.URL) -> Iterator[None]:
    """Turn what the database driver says into one sentence that says what to do.

    Raises:
        TrendDatabaseUnavailable: the server is down, busy or crowded.
        TrendDatabaseError: it refuses the user, is full, read-only or not migrated.
    """
    try:
        yield
    except IntegrityError:
        raise  # a mistake in the program, which no person at the database can mend
    except DBAPIError as error:
        reason = _reason(error)
        kind = TrendDatabaseUnavailable if reason in _PASSING else TrendDatabaseError
        raise kind(f"the trend database {redacted(url)} {reason}") from error
    except NoConnectionFree as error:
        raise TrendDatabaseUnavailable(
            f"the trend database {redacted(url)} has no connection free; try again later"
        ) from error


def retry_when_busy(attempt: Callable[[], Result]) -> Result:
    """Make ``attempt``, anew when another writer was in its way, a few times at most."""
    pauses = iter(_PAUSES_SECONDS)
    while True:
        try:
            return attempt()
        except DBAPIError as error:
            pause = next(pauses, None)
            if pause is None or _reason(error) != _BUSY:
                raise
            # Those who met once would meet again if they waited equally long.
            time.sleep(pause * random.uniform(0.5, 1.5))


def _engine(url: sa.URL, **settings: Any) -> sa.Engine:
    def connect(dialect: sa.Dialect, _record: object, place: Any, options: Any) -> Any:
        with _refused_options_named(url):
            return dialect.connect(*place, **options)

    with _refused_options_named(url):
        engine = sa.create_engine(url, **settings)
    event.listen(engine, "do_connect", connect)
    return engine


@contextmanager
def _refused_options_named(url: sa.URL) -> Iterator[None]:
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        # By their names only: a value may be a password.
        raise TrendDatabaseError(
            f"the driver of the trend database {redacted(url)} refuses an option of its address, "
            f"one of {', '.join(url.query) or 'none'}; correct it or leave it out"
        ) from error


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        # Without the original error, which may quote the password.
        raise TrendDatabaseError(
            "the address of the trend database is no URL; expected for instance "
            "sqlite:///trends.db or mysql://user:password@server:3306/database"
        ) from None
    if parsed.drivername not in _DRIVERS:
        raise TrendDatabaseError(
            f"the trend tables do not live in {parsed.drivername}; expected an address that "
            "starts with sqlite:/// or mysql://"
        )
    if parsed.get_backend_name() != "sqlite" and url.count("@") > 1:
        # It would end the password early, and the rest be shown as part of the server's name.
        raise TrendDatabaseError(
            "the address of the trend database has more than one @; the one before the server "
            "stays, write any other, for instance in the password, as %40"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise TrendDatabaseError(
            f"{redacted(parsed)} names no database; expected for instance sqlite:///trends.db or "
            "mysql://user:password@server:3306/database"
        )
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _make_folder(url: sa.URL) -> None:
    if url.database is None or url.database.startswith("file:"):
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrendDatabaseError(
            f"the folder of the trend database {redacted(url)} cannot be made: {error.strerror}"
        ) from error


def _leave_transactions_to_sqlalchemy(connection: Any, _record: object) -> None:
    # Python's own begins come too late: neither CREATE TABLE nor a SELECT would be inside.
    connection.isolation_level = None


def _begin(connection: sa.Connection) -> None:
    statement = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    if statement is not None:
        connection.exec_driver_sql(statement)


_DOWN = "does not answer; start the server, or correct the address"
_REFUSED = "refuses the user or the password; correct them in the address"
_FORBIDDEN = (
    "does not let this user do that; grant SELECT, INSERT, UPDATE and DELETE to count, and "
    "CREATE, ALTER, DROP, INDEX and CREATE VIEW to migrate"
)
_NO_DATABASE = "does not exist; make it with CREATE DATABASE ... CHARACTER SET utf8mb4"
_NOT_MIGRATED = "has no trend tables, or those of another release; migrate it first"
_BUSY = "is held by other writers; try again later"
_FULL = "has no room left on its disk; make some"
_READ_ONLY = "is read-only; give an address that may be written to"
_CROWDED = "has too many connections; close some, or allow more"
_UNOPENED_FILE = "cannot be opened; the file must be readable and its folder writable"
_DAMAGED_FILE = "is no SQLite database or a damaged one; move the file away"

# Reasons that go away by themselves.
_PASSING = (_DOWN, _BUSY, _CROWDED)

# Numbers: the "Server Error Reference" and "Client Error Reference" of MySQL, and of MariaDB.
_MYSQL_REASONS = {
    **dict.fromkeys((2002, 2003, 2005, 2006, 2013, 2026, 2055, 1053, 3024, 4031), _DOWN),
    **dict.fromkeys((1045, 1251, 1524, 1698, 1862, 2059, 2061, 3118), _REFUSED),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1356, 1370), _FORBIDDEN),
    1049: _NO_DATABASE,
    **dict.fromkeys((1051, 1054, 1146), _NOT_MIGRATED),
    **dict.fromkeys((1020, 1205, 1213), _BUSY),
    **dict.fromkeys((3, 28, 1021, 1030, 1041, 1114), _FULL),
    **dict.fromkeys((1036, 1290, 1792, 1836), _READ_ONLY),
    **dict.fromkeys((1040, 1203, 1226), _CROWDED),
}

# Result codes: https://www.sqlite.org/rescode.html, by the beginning of their names.
_SQLITE_REASONS = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CANTOPEN": _UNOPENED_FILE,
    "SQLITE_NOTADB": _DAMAGED_FILE,
    "SQLITE_CORRUPT": _DAMAGED_FILE,
}


def _reason(error: DBAPIError) -> str:
    said = str(error.orig)
    if "no such table" in said or "no such column" in said:
        return _NOT_MIGRATED
    for beginning, reason in _SQLITE_REASONS.items():
        if _sqlite_name(error).startswith(beginning):
            return reason
    return _MYSQL_REASONS.get(_number(error), f"answered: {said}")


def _number(error: DBAPIError) -> int:
    return getattr(error.orig, "errno", None) or 0


def _sqlite_name(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlite_errorname", None) or ""
