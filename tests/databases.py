"""The databases of the tests: SQLite files, and a MariaDB server that runs as long as pytest."""

import ctypes
import itertools
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import mysql.connector
import pytest

from oott_fashion.destinations import read_destinations
from oott_fashion.stores.trend_connection import engine_for, for_writing
from oott_fashion.stores.trend_tables import TrendTables

_START_SECONDS = 60
_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
_LIBC = ctypes.CDLL(None)
_FORK = multiprocessing.get_context("fork")

_SYSTEM_TABLES = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")


@dataclass(frozen=True)
class MariaDB:
    """A running MariaDB server; root has no password."""

    port: int
    pid: int
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self) -> str:
        """Create an empty database with the server's default character set, latin1."""
        name = f"oott_{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def url(self, database: str, user: str = "root", password: str = "") -> str:
        """Give the address of ``database``, as a user would set it."""
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Stop the server in the block: it accepts connections, and never answers."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def execute(self, *statements: str) -> None:
        """Run ``statements`` as root."""
        connection = mysql.connector.connect(host="127.0.0.1", port=self.port, user="root")
        with closing(connection), closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """Run a MariaDB server for this test session, on a free local port."""
    # The temporary folders of pytest have names that are too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="oott-mariadb-"))
    try:
        with mariadb_server(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mariadb_server(folder: Path) -> Iterator[MariaDB]:
    """Run a MariaDB server on a free local port, with its data in ``folder``."""
    port = free_port()
    make_system_tables(folder)
    with _running(folder, port) as pid:
        yield MariaDB(port, pid)


@pytest.fixture(params=["sqlite", "mariadb"])
def trend_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database, once on SQLite and once on MariaDB."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'trends.db'}"
    server: MariaDB = request.getfixturevalue("mariadb")
    return server.url(server.new_database())


@pytest.fixture
def trend_tables(trend_database_url: str) -> Iterator[TrendTables]:
    """Open migrated trend tables without rows."""
    tables = TrendTables.open(trend_database_url, read_destinations())
    tables.migrate()
    yield tables
    tables.close()


def run_sql(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run ``statements`` at ``url`` in one transaction; give the rows of the last statement."""
    rows: list[tuple[Any, ...]] = []
    engine = for_writing(engine_for(url))
    with engine.begin() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement)
            rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def in_processes(count: int, work: Callable[[int], object]) -> list[int]:
    """Run ``work`` in ``count`` processes at the same time; give their exit codes."""
    processes = _start(count, work)
    for process in processes:
        process.join(timeout=60)
    return [-1 if process.exitcode is None else process.exitcode for process in processes]


def kill_when_ready(work: Callable[[Callable[[], None]], object]) -> None:
    """Run ``work`` in a process, and kill the process when it calls the given function."""
    receiver, sender = _FORK.Pipe(duplex=False)

    def work_until_ready(_number: int) -> None:
        def block() -> None:
            sender.send("ready")
            time.sleep(60)

        work(block)

    [process] = _start(1, work_until_ready)
    if not receiver.poll(30):
        pytest.fail("the process did not reach the point where it is killed")
    process.kill()
    process.join()


def _start(count: int, work: Callable[[int], object]) -> list[ForkProcess]:
    all_ready = _FORK.Barrier(count)

    def start(number: int) -> None:
        all_ready.wait(timeout=30)
        work(number)

    processes = [_FORK.Process(target=start, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    return processes


def _program() -> Path:
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    program = shutil.which("mariadbd", path=places) or shutil.which("mysqld", path=places)
    if program is None:
        pytest.fail(
            "these tests need a MariaDB server: install the apt package mariadb-server-core, "
            "for instance with tests/install-packages.sh",
            pytrace=False,
        )
    return Path(program)


def _command(folder: Path) -> list[str]:
    return [
        str(_program()),
        "--no-defaults",
        *(["--user=root"] if os.getuid() == 0 else []),
        f"--datadir={folder / 'data'}",
        "--skip-name-resolve",
        "--innodb-buffer-pool-size=16M",
        "--innodb-log-file-size=8M",
        "--innodb-flush-log-at-trx-commit=0",
        "--debug-no-sync",
        "--innodb-use-native-aio=0",  # io_uring is forbidden in many containers
    ]


def make_system_tables(folder: Path) -> None:
    """Create the system tables, as mariadb-install-db does.

    The script itself needs my_print_defaults, which Debian ships with the client and its Perl.
    """
    program = _program()
    (folder / "data").mkdir()
    shares = [
        file.parent for file in (program.parents[1] / "share").glob(f"m*/{_SYSTEM_TABLES[0]}")
    ]
    if not shares:
        pytest.fail(f"{_SYSTEM_TABLES[0]} is missing for {program}; install mariadb-server-core")
    statements = ["CREATE DATABASE mysql;", "USE mysql;", "SET @auth_root_socket = NULL;"]
    statements += [(shares[0] / name).read_text(encoding="utf-8") for name in _SYSTEM_TABLES]
    result = subprocess.run(
        [*_command(folder), "--bootstrap"],
        input="\n".join(statements),
        capture_output=True,
        text=True,
        timeout=_START_SECONDS,
    )
    if result.returncode:
        pytest.fail(f"MariaDB could not create its system tables:\n{result.stderr[-2000:]}")


@contextmanager
def _running(folder: Path, port: int) -> Iterator[int]:
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            server_command(folder, port), stdout=output, stderr=output, preexec_fn=_die_with_pytest
        )
    try:
        _await_answer(server, port, log)
        yield server.pid
    finally:
        server.kill()  # its data is thrown away, so a clean shutdown is not needed
        server.wait()


def server_command(folder: Path, port: int) -> list[str]:
    """Give the command that runs a MariaDB server with its data in ``folder``."""
    return [
        *_command(folder),
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={folder / 'socket'}",
        f"--pid-file={folder / 'pid'}",
    ]


def _die_with_pytest() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _await_answer(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            mysql.connector.connect(host="127.0.0.1", port=port, user="root").close()
        except mysql.connector.Error:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"MariaDB did not start:\n{log.read_text(errors='replace')[-2000:]}")


def free_port() -> int:
    """Find a free local port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
