"""Measures what photos cost: bytes in each store, and speed with and without another machine.

``python -m benchmarks.capacity PHOTOS_FOLDER`` counts the photos of the folder as one month, with
the records of Dagster on SQLite. Then it detects their garments with two cores of this machine, and
with one core here and a Dask worker on the other core. With ``--kill``, that worker is killed when
it has read some photos.
"""

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import NamedTuple

import click
import dagster as dg
import psutil

from tests.databases import free_port

_PARTITION = "hongdae|2026-09"
_DEMO = "hongdae|2026-08"


class Detected(NamedTuple):
    """What the last of some turns needed; CPU time is of all processes."""

    photos: int
    on_workers: int
    seconds: float
    cpu: float


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--kill", is_flag=True, help="kill the worker in the middle of the last turn")
def main(folder: Path, kill: bool) -> None:
    """Print bytes per photo and partition, then photos per second."""
    with tempfile.TemporaryDirectory() as home:
        _set_up(Path(home), folder.absolute())
        _print_bytes(Path(home))
        _print_rate("2 cores here", _detected([0, 1], None, None))
        with _worker(1) as (address, processes):
            before = _cpu_of(processes)
            detected = _detected([0], address, processes[-1].pid if kill else None)
            there = _cpu_of(processes) - before
            _print_rate("1 core here, 1 worker", detected)
            click.echo(f"scheduler and worker, all turns: {there:.1f} CPU s")


def _set_up(home: Path, folder: Path) -> None:
    """Give one photo to a month, and all to another."""
    (home / "photos/hongdae/2026-08").mkdir(parents=True)
    shutil.copytree(folder, home / "photos/hongdae/2026-09")
    first = next(file for file in sorted(folder.iterdir()) if file.suffix.lower() == ".jpg")
    shutil.copy(first, home / "photos/hongdae/2026-08")
    (home / "dagster").mkdir()
    os.environ |= {
        "OOTT_HOME": str(home / "home"),
        "OOTT_STARTER_DETECTOR": str(Path("models/starter-detector").absolute()),
        "OOTT_PHOTO_SOURCE": "folder",
        "OOTT_PHOTOS_FOLDER": str(home / "photos"),
        "OOTT_HIDE_FACES": "false",
    }


def _print_bytes(home: Path) -> None:
    with dg.DagsterInstance.local_temp(str(home / "dagster")) as records:
        _materialise(_DEMO, records)  # it makes the databases
        before, tables = _bytes_in(home / "dagster"), _bytes_in(home / "home/trends.sqlite")
        run = _materialise(_PARTITION, records)
        grown = _bytes_in(home / "dagster") - before
        tables = _bytes_in(home / "home/trends.sqlite") - tables
    [event] = [
        event
        for event in run.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey("garment_detections")
    ]
    shown = event.materialization.metadata
    photos, garments = (int(str(shown[name].value)) for name in ("photos", "garments"))
    store = home / "home/photos"
    click.echo(f"{photos} photos, {garments} garments")
    for name, size, count in (
        ("photo files, bytes per photo", _bytes_in(store / "photos"), photos),
        ("manifest, bytes per photo", _bytes_in(store / "manifests"), photos),
        ("detections, bytes per garment", _bytes_in(store / "detections"), garments),
        ("trend tables on SQLite, bytes per partition", tables, 1),
        ("records of Dagster on SQLite, bytes per partition", grown, 1),
    ):
        click.echo(f"{name:52}{size / count:12,.0f}")


def _materialise(
    partition: str, records: dg.DagsterInstance, step: str | None = None
) -> dg.ExecuteInProcessResult:
    from oott_assets.definitions import configured_resources, defs

    job = defs.resolve_job_def("monthly_trends_job")
    return (job.get_subset(op_selection=[step]) if step else job).execute_in_process(
        partition_key=partition,
        resources=configured_resources(),
        instance=records,
        run_config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
    )


def _bytes_in(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def _detected(cores: list[int], scheduler: str | None, killed: int | None) -> Detected:
    """Detect the garments in a new process, which may use some cores."""
    context = multiprocessing.get_context("spawn")
    results: SimpleQueue[Detected] = context.SimpleQueue()
    process = context.Process(target=_detect, args=(cores, scheduler, killed, results))
    process.start()
    result = results.get()
    process.join()
    return result


def _detect(
    cores: list[int],
    scheduler: str | None,
    killed: int | None,
    results: "SimpleQueue[Detected]",
) -> None:
    """Detect them three times: other processes and workers open the detector in the first turn."""
    here = psutil.Process()
    here.cpu_affinity(cores)
    if scheduler:
        os.environ["OOTT_DASK_SCHEDULER"] = scheduler
    for turn in range(3):
        if killed and turn == 2:
            subprocess.Popen(["sh", "-c", f"sleep 3; kill -9 {killed}"])
        before, start = _cpu_of([here, *here.children(recursive=True)]), time.perf_counter()
        run = _materialise(_PARTITION, dg.DagsterInstance.ephemeral(), "garment_detections")
        seconds = time.perf_counter() - start
        cpu = _cpu_of([here, *here.children(recursive=True)]) - before
    [event] = run.get_asset_materialization_events()
    shown = event.materialization.metadata
    photos, there = (int(str(shown[name].value)) for name in ("photos", "photos_read_on_workers"))
    results.put(Detected(photos, there, seconds, cpu))


@contextmanager
def _worker(core: int) -> Iterator[tuple[str, list[psutil.Popen]]]:
    """Run a scheduler on the core of the benchmark, and a worker on ``core``."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    commands = (
        (0, "dask_scheduler", "--host", "127.0.0.1", f"--port={port}", "--no-jupyter"),
        (core, "dask_worker", address, "--nthreads=1", "--no-nanny", "--host", "127.0.0.1"),
    )
    processes = []
    for place, program, *options in commands:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *options, "--no-dashboard"]
        process = psutil.Popen(command, stderr=subprocess.DEVNULL)
        process.cpu_affinity([place])
        processes.append(process)
    try:
        time.sleep(5)
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _cpu_of(processes: list[psutil.Popen] | list[psutil.Process]) -> float:
    seconds = 0.0
    for process in processes:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            seconds += sum(process.cpu_times()[:2])
    return seconds


def _print_rate(name: str, detected: Detected) -> None:
    click.echo(
        f"{name:24} {detected.photos / detected.seconds:6.1f} photos/s, "
        f"{1000 * detected.cpu / detected.photos:5.1f} CPU ms a photo in the run; "
        f"{detected.on_workers} of {detected.photos} photos were read on workers"
    )


if __name__ == "__main__":
    main()
