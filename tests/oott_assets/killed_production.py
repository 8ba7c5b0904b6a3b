"""Kills the processes of a production set-up in the middle of a backfill, and compares the tables.

``python -m tests.oott_assets.killed_production``. It is no test, because it takes ten minutes. The
code server, the daemon, the webserver, runs and MariaDB are killed at random moments, and runs and
MariaDB also inside the transaction that writes the trend tables. Servers are started again.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
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
_SERVERS = ("mariadb", "code", "daemon", "webserver")
_WORKING = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"}

Answer = TypeVar("Answer")


class Production:
    """The processes of a production set-up, each of which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database_port, self._code, web = free_port(), free_port(), free_port()
        self.webserver = Webserver(f"http://127.0.0.1:{web}")
        records = f"mysql://root:@127.0.0.1:{self.database_port}"
        self.trends_url = f"{records}/trends"
        (folder / "dagster").mkdir()
        settings = {
            "DAGSTER_HOME": str(folder / "dagster"),
            "OOTT_HOME": str(folder / "home"),
            "OOTT_STARTER_DETECTOR": str(SMALL_STARTER),
            "OOTT_ENGINE": "onnxruntime",
            "OOTT_PHOTO_SOURCE": "lookbook",
            "OOTT_LOOKBOOK_PHOTOS": "6",
            "OOTT_DATABASE_URL": self.trends_url,
            "OOTT_RECORDS_URL": f"{records}/records",
        }
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
        make_system_tables(self.folder)
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
            command = server_command(self.folder, self.database_port)
            self._processes[name] = self._run(*command, safe)
            wait_until(self._database_answers)
        else:
            program, *arguments = self._commands[name]
            path = str(Path(sys.executable).parent / program)
            self._processes[name] = self._run(path, *arguments)

    def kill(self, name: str) -> None:
        """Kill a server, and start it again."""
        self._processes[name].kill()
        self._processes[name].wait()
        self.start(name)

    def runs(self) -> list[psutil.Process]:
        """Find the processes of runs, which the code server starts with multiprocessing."""
        home = str(self.folder / "home")
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
def main(kills: int, in_writes: int, seed: int) -> None:
    """Kill processes during a backfill, finish it, and compare with a backfill without kills."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="oott-kills-") as folder:
        whole = _tables_of(Path(folder, "whole"), lambda _: None)
        killed = _tables_of(
            Path(folder, "killed"), lambda processes: _kill(processes, kills, in_writes, chance)
        )
    for table in _TABLES:
        click.echo(f"{table}: {len(whole[table])} rows, {'equal' if whole == killed else 'DIFFER'}")
    if whole != killed:
        raise click.ClickException("the kills have changed the tables")


def _tables_of(
    folder: Path, disturb: Callable[[Production], None]
) -> dict[str, list[tuple[object, ...]]]:
    folder.mkdir()
    processes = Production(folder)
    started = time.monotonic()
    try:
        processes.start_all()
        processes.launch(_PARTITIONS)
        disturb(processes)
        launches = 1
        while missing := _failed(processes):
            processes.launch(missing)
            launches += 1
        click.echo(
            f"{folder.name}: {time.monotonic() - started:.0f} s, {launches} backfills, "
            f"{dict(processes.statuses())}"
        )
        return {
            table: sorted(run_sql(processes.trends_url, f"SELECT {columns} FROM {table}"))  # noqa: S608
            for table, columns in _TABLES.items()
        }
    finally:
        processes.stop()


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
