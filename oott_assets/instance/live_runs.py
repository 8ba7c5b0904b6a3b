"""Tells whether the process of a run is alive, by a lock that ends with the process.

A process id says nothing on another machine or after a reboot. If the records are files, the lock
is a file lock, which the kernel takes from a dead process. If they are in MySQL or MariaDB, it is
a named lock of the server, which ends with the connection of the process.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from oott_assets.instance.records_place import records_folder, records_url

# A server forgets its locks when it restarts. The process then takes its lock again.
_RENEWAL_SECONDS = 10
_CONNECT_SECONDS = 10


@contextmanager
def alive(run_id: str) -> Iterator[None]:
    """Hold the lock of a run, which this process executes."""
    url = records_url()
    with _database_lock(url, run_id) if url else _file_lock(run_id):
        yield


def is_alive(run_id: str) -> bool:
    """Tell whether a process holds the lock of a run.

    Raises:
        SQLAlchemyError: the database does not answer, so nothing is known.
    """
    if url := records_url():
        with _engine(url).connect() as connection:
            free = connection.scalar(sa.text("SELECT IS_FREE_LOCK(:name)"), _name_of(run_id))
            return not free
    file = _file_of(run_id)
    if not file.exists():
        return False
    try:
        with FileLock(file, timeout=0):
            return False
    except Timeout:
        return True


@contextmanager
def _file_lock(run_id: str) -> Iterator[None]:
    file = _file_of(run_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file):
        yield
    file.unlink(missing_ok=True)


def _file_of(run_id: str) -> Path:
    return records_folder() / "alive" / run_id


@contextmanager
def _database_lock(url: str, run_id: str) -> Iterator[None]:
    """Hold the lock in a thread, because the connection may break during a run of hours."""
    taken, ended = threading.Event(), threading.Event()

    def hold() -> None:
        engine = _engine(url)
        while not ended.is_set():
            try:
                with engine.connect() as connection:
                    while not ended.is_set():
                        connection.execute(sa.text("SELECT GET_LOCK(:name, 0)"), _name_of(run_id))
                        taken.set()
                        ended.wait(_RENEWAL_SECONDS)
            except SQLAlchemyError:
                ended.wait(1)

    thread = threading.Thread(target=hold, name="lock of the run", daemon=True)
    thread.start()
    # Without a database, the run fails anyway.
    taken.wait(_CONNECT_SECONDS)
    with ExitStack() as stack:
        stack.callback(thread.join, _CONNECT_SECONDS)
        stack.callback(ended.set)
        yield


def _name_of(run_id: str) -> dict[str, str]:
    return {"name": f"oott-run-{run_id}"}


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(
        url, poolclass=NullPool, connect_args={"connection_timeout": _CONNECT_SECONDS}
    )
