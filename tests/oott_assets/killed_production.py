"""Kills the processes of a production set-up in the middle of a backfill, and compares the tables.

``python -m tests.oott_assets.killed_production``. It is no test, because it takes ten minutes. The
code server, the daemon, the webserver, runs and MariaDB are killed at random moments, and runs and
MariaDB also inside the transaction that writes the trend tables. Servers are started again.

With ``--full-disks``, nothing is killed: the disks of the store, of MariaDB and of records in files
are full for a while, and the disk of the store is read-only for a while.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import click
import httpx
import mysql.connector
import psutil

from tests.databases import free_port, make_system_tables, run_sql, server_command
from tests.oott_assets.dagster_processes import REPOSITORY, Webserver, wait_until
from tests.starters import SMALL_STARTER

_PARTITIONS = [
    f"{place}|2026-{month:02}" for place in ("hongdae", "haeundae") for month in range(4, 8)
]
_TABLES = {
    "garment_trends": "month, destination, garment, colour, worn, photos",
    "outfit_trends": "month, destination, `outer`, top, bottom, shoes, worn, photos",
    "trend_coverage": "month, destination, photos, photos_with_garments, detector_version",
}
_RUNS = """
{ partitionBackfillsOrError(status: REQUESTED) {
    ... on PartitionBackfills { results { id } }
  }
  runsOrError(filter: {pipelineName: "monthly_trends_job"}) {
    ... on Runs { results { status tags { key value } } }
} }
"""
_FAILURES = """
{ runsOrError(filter: {statuses: [FAILURE]}) { ... on Runs { results { eventConnection { events {
    __typename ... on MessageEvent { message }
    ... on ExecutionStepFailureEvent { failureMetadata { description } }
} } } } } }
"""
_SERVERS = ("mariadb", "code", "daemon", "webserver")
_DISK_MB = 400
_FAULT_SECONDS = 40
_WORKING = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"}

Answer = TypeVar("Answer")


class Production:
    """The processes of a production set-up, each of which can be killed and started again."""

    def __init__(self, folder: Path, records_in_files: bool = False) -> None:
        self.folder = folder
        self.records_home, self.home = folder / "dagster", folder / "home"
        self.database_folder = folder / "database"
        for each in (self.records_home, self.home, self.database_folder):
            each.mkdir()
        self.database_port, self._code, web = free_port(), free_port(), free_port()
        self.webserver = Webserver(f"http://127.0.0.1:{web}")
        records = f"mysql://root:@127.0.0.1:{self.database_port}"
        self.trends_url = f"{records}/trends"
        settings = {
            "DAGSTER_HOME": str(self.records_home),
            "OOTT_HOME": str(self.home),
            "OOTT_STARTER_DETECTOR": str(SMALL_STARTER),
            "OOTT_ENGINE": "onnxruntime",
            "OOTT_PHOTO_SOURCE": "lookbook",
            "OOTT_LOOKBOOK_PHOTOS": "6",
            "OOTT_DATABASE_URL": self.trends_url,
        } | ({} if records_in_files else {"OOTT_RECORDS_URL": f"{records}/records"})
        self._environment = os.environ | settings | {"PYTHONPATH": str(REPOSITORY)}
        code = f"grpc_server: {{host: 127.0.0.1, port: {self._code}, location_name: oott}}"
        (folder / "workspace.yaml").write_text(f"load_from: [{code}]")
        workspace = ("-w", str(folder / "workspace.yaml"))
        self._commands: dict[str, Sequence[str]] = {
            "code": (
                "dagster",
                "api",
                "grpc",
                "-m",
                "oott_assets.definitions",
                "-p",
                f"{self._code}",
            ),
            "daemon": ("dagster-daemon", "run", *workspace),
            "webserver": ("dagster-webserver", *workspace, "-h", "127.0.0.1", "-p", f"{web}"),
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_all(self) -> None:
        make_system_tables(self.database_folder)
        self.start("mariadb")
        with closing(self.connection()) as connection, closing(connection.cursor()) as cursor:
            for name in ("trends", "records"):
                cursor.execute(f"CREATE DATABASE {name}")
        self._run(sys.executable, "-m", "oott_assets.dagster_records").wait()
        for name in self._commands:
            self.start(name)

    def start(self, name: str) -> None:
        if name == "mariadb":
            # The fast server of the tests forgets its last second when it is killed.
            safe = "--innodb-flush-log-at-trx-commit=1"
            command = server_command(self.database_folder, self.database_port)
            self._processes[name] = self._run(*command, safe)
            wait_until(self._database_answers)
        else:
            program, *arguments = self._commands[name]
            path = str(Path(sys.executable).parent / program)
            self._processes[name] = self._run(path, *arguments)

    def start_the_ended(self) -> list[str]:
        """Start the servers again that have ended, and name them."""
        ended = [name for name in _SERVERS if self._processes[name].poll() is not None]
        for name in ended:
            self.start(name)
        return ended

    def kill(self, name: str) -> None:
        """Kill a server, and start it again."""
        self._processes[name].kill()
        self._processes[name].wait()
        self.start(name)

    def runs(self) -> list[psutil.Process]:
        """Find the processes of runs, which the code server starts with multiprocessing."""
        home = str(self.home)
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_spawned = "spawn_main" in " ".join(process.cmdline())
                if is_spawned and process.environ().get("OOTT_HOME") == home:
                    found.append(process)
        return found

    @contextmanager
    def stopped_inside_a_write(self) -> Iterator[psutil.Process | None]:
        """Stop a run in the transaction that writes the trend tables; None if none comes to it.

        The run has written the coverage of its partition, and waits for a lock on the outfits.
        """
        with closing(self.connection()) as connection, closing(connection.cursor()) as cursor:
            deadline = time.monotonic() + 40
            while time.monotonic() < deadline:
                with suppress(mysql.connector.Error):  # the tables do not exist yet
                    cursor.execute("LOCK TABLES trends.outfit_trends READ")
                    break
                time.sleep(1)
            yield self._waiting_run(deadline)

    def _waiting_run(self, deadline: float) -> psutil.Process | None:
        query = (
            "SELECT host FROM information_schema.processlist"
            " WHERE db = 'trends' AND state LIKE '%lock%' AND info LIKE '%outfit_trends%'"
        )
        with closing(self.connection()) as connection, closing(connection.cursor()) as cursor:
            while time.monotonic() < deadline:
                cursor.execute(query)
                ports = {int(str(host).rpartition(":")[2]) for (host,) in cursor.fetchall()}
                for run in self.runs():
                    with suppress(psutil.Error):
                        if ports & {one.laddr.port for one in run.net_connections()}:
                            return run
                time.sleep(0.2)
        return None

    def connection(self) -> mysql.connector.MySQLConnection:
        return mysql.connector.MySQLConnection(
            host="127.0.0.1", port=self.database_port, user="root"
        )

    def launch(self, partitions: Sequence[str]) -> None:
        self._when_it_answers(lambda: self.webserver.launch(*partitions))

    def is_working(self) -> bool:
        """Tell whether a backfill waits or a run works."""
        data = self._when_it_answers(lambda: self.webserver.query(_RUNS))
        waits = bool(data["partitionBackfillsOrError"]["results"])
        return waits or any(run["status"] in _WORKING for run in data["runsOrError"]["results"])

    def statuses(self) -> Counter[str]:
        """Count the runs by status."""
        data = self._when_it_answers(lambda: self.webserver.query(_RUNS))
        return Counter(str(run["status"]) for run in data["runsOrError"]["results"])

    def reasons(self) -> Counter[str]:
        """Count the reasons that the UI shows for failed runs."""
        data = self._when_it_answers(lambda: self.webserver.query(_FAILURES))
        reasons: Counter[str] = Counter()
        for run in data["runsOrError"]["results"]:
            events = run["eventConnection"]["events"]
            shown = [
                (event.get("failureMetadata") or {}).get("description") or event["message"]
                for event in events
                if event["__typename"] in ("ExecutionStepFailureEvent", "RunFailureEvent")
            ]
            reasons[shown[0] if shown else "no reason"] += 1
        return reasons

    def last_statuses(self) -> dict[str, str]:
        """Give the status of the last run of each partition."""
        runs = self._when_it_answers(lambda: self.webserver.query(_RUNS))["runsOrError"]["results"]
        return {
            tag["value"]: run["status"]
            for run in reversed(runs)
            for tag in run["tags"]
            if tag["key"] == "dagster/partition"
        }

    def _when_it_answers(self, ask: Callable[[], Answer]) -> Answer:
        deadline = time.monotonic() + 120
        while True:
            try:
                return ask()
            except (httpx.HTTPError, AssertionError) as error:
                if time.monotonic() > deadline:
                    raise click.ClickException(f"the webserver does not answer: {error}") from error
                time.sleep(1)

    def _database_answers(self) -> bool:
        with suppress(mysql.connector.Error), closing(self.connection()):
            return True
        return False

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "output.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )

    def stop(self) -> None:
        for run in self.runs():
            with suppress(psutil.NoSuchProcess):
                run.kill()
        for process in reversed(self._processes.values()):
            process.kill()


@click.command(help=__doc__)
@click.option("--kills", default=20, show_default=True)
@click.option("--in-writes", default=5, show_default=True, help="kills inside a write of trends")
@click.option("--seed", default=15, show_default=True)
@click.option("--full-disks", is_flag=True, help="fill disks instead of killing; it needs root")
def main(kills: int, in_writes: int, seed: int, full_disks: bool) -> None:
    """Disturb a backfill, finish it, and compare with a backfill that is not disturbed."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="oott-kills-") as folder:
        whole = _tables_of(Production(_made(folder, "whole")), lambda _: None)
        if full_disks:
            in_server = Production(_made(folder, "disks"))
            in_files = Production(_made(folder, "files"), records_in_files=True)
            found = [
                _tables_of(
                    in_server, _fill_store_and_server, in_server.home, in_server.database_folder
                ),
                _tables_of(in_files, _fill_records, in_files.records_home),
            ]
        else:
            killed = Production(_made(folder, "killed"))
            found = [_tables_of(killed, lambda it: _kill(it, kills, in_writes, chance))]
    for table, rows in whole.items():
        same = all(each[table] == rows for each in found)
        click.echo(f"{table}: {len(rows)} rows, {'equal' if same else 'DIFFER'}")
    if any(each != whole for each in found):
        raise click.ClickException("what was disturbed has other tables")


def _made(folder: str, name: str) -> Path:
    made = Path(folder, name)
    made.mkdir()
    return made


def _tables_of(
    processes: Production, disturb: Callable[[Production], None], *disks: Path
) -> dict[str, list[tuple[object, ...]]]:
    started = time.monotonic()
    with ExitStack() as stack:
        for disk in disks:
            stack.enter_context(_small_disk(disk))
        stack.callback(processes.stop)
        processes.start_all()
        processes.launch(_PARTITIONS)
        disturb(processes)
        launches = 1
        while missing := _failed(processes):
            processes.launch(missing)
            launches += 1
        click.echo(
            f"{processes.folder.name}: {time.monotonic() - started:.0f} s, {launches} backfills, "
            f"{dict(processes.statuses())}"
        )
        for reason, runs in processes.reasons().most_common():
            click.echo(f"  {runs} failed: {' '.join(reason.split())[:300]}")
        return {
            table: sorted(run_sql(processes.trends_url, f"SELECT {columns} FROM {table}"))  # noqa: S608
            for table, columns in _TABLES.items()
        }


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    size = f"size={_DISK_MB}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill_store_and_server(processes: Production) -> None:
    _disturb(processes, "the store is full", _full(processes.home))
    _disturb(processes, "the store is read-only", _read_only(processes.home))
    _disturb(processes, "the database server is full", _full(processes.database_folder))


def _fill_records(processes: Production) -> None:
    _disturb(processes, "the records are full", _full(processes.records_home))


def _disturb(processes: Production, what: str, fault: AbstractContextManager[None]) -> None:
    """Let a fault last while runs work, and start what has ended because of it."""
    if not processes.is_working():
        processes.launch(_PARTITIONS)
    while not processes.runs():
        time.sleep(0.2)
    with fault:
        time.sleep(_FAULT_SECONDS)
    ended = processes.start_the_ended()
    click.echo(f"{what} for {_FAULT_SECONDS} s; ended: {', '.join(ended) or 'no server'}", err=True)


@contextmanager
def _full(disk: Path) -> Iterator[None]:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def _read_only(disk: Path) -> Iterator[None]:
    def remount(mode: str) -> int:
        command = ["mount", "-o", f"remount,{mode}", str(disk)]
        return subprocess.run(command, capture_output=True).returncode

    # A disk on which a file is being written is busy.
    while remount("ro"):
        time.sleep(0.05)
    try:
        yield
    finally:
        remount("rw")


def _failed(processes: Production) -> list[str]:
    """Wait until no run works, and list the partitions whose last run was not successful."""
    while processes.is_working():
        time.sleep(2)
    last = processes.last_statuses()
    return [name for name in _PARTITIONS if last.get(name) != "SUCCESS"]


def _kill(processes: Production, kills: int, in_writes: int, chance: random.Random) -> None:
    order = [True] * in_writes + [False] * (kills - in_writes)
    chance.shuffle(order)
    done: Counter[str] = Counter()
    for in_write in order:
        if not processes.is_working():
            processes.launch(_PARTITIONS)
        if in_write:
            killed = _kill_in_a_write(processes, chance)
        else:
            time.sleep(chance.uniform(1, 12))
            killed = _kill_one(processes, chance)
        done[killed] += 1
        click.echo(f"killed {killed}", err=True)
    click.echo(f"killed: {dict(done)}")


def _kill_one(processes: Production, chance: random.Random) -> str:
    runs = processes.runs()
    victim = chance.choice(("run", *_SERVERS) if runs else _SERVERS)
    if victim == "run":
        with suppress(psutil.NoSuchProcess):
            chance.choice(runs).kill()
    else:
        processes.kill(victim)
    return victim


def _kill_in_a_write(processes: Production, chance: random.Random) -> str:
    for _ in range(10):
        if not processes.is_working():
            processes.launch(_PARTITIONS)
        with processes.stopped_inside_a_write() as run:
            if run is not None:
                victim = chance.choice(("run", "mariadb"))
                if victim == "run":
                    run.kill()
                else:
                    processes.kill("mariadb")
                return f"{victim} inside a write"
    raise click.ClickException("no run has written its trends within some minutes")


if __name__ == "__main__":
    main()
