"""Times ``make backfill`` on many small partitions, and measures how Dagster's records grow.

``python -m benchmarks.backfill PHOTOS_FOLDER`` copies 24 photos of the folder into each partition,
collects them, and then counts them as the command does, in a new process. It estimates no month.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import click
import dagster as dg

_STARTER = Path("models/starter-detector").absolute()
_TARGET = 960

# The command, without the trend pages of the months at its end.
_COUNT = """
import sys
from oott_assets import backfill
backfill.due_months = lambda tables: {}
backfill.main(sys.argv[1:])
"""


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--months", default=2, show_default=True)
@click.option("--places", default=20, show_default=True)
@click.option("--photos", default=24, show_default=True, help="photos per partition")
def main(folder: Path, months: int, places: int, photos: int) -> None:
    """Count the partitions, and print seconds and bytes."""
    with tempfile.TemporaryDirectory() as home:
        _set_up(Path(home), folder, months, places, photos)
        once = _timed(
            Path(home), "--from", "2026-01", "--to", "2026-01", "--destination", "hongdae"
        )
        before = _bytes_of_records(Path(home))
        wall, cpu = _timed(Path(home))
        grown = _bytes_of_records(Path(home)) - before
    counted = months * places - 1
    click.echo(f"1 partition: {once[0]:.1f} s, {once[1]:.1f} CPU s")
    click.echo(f"{counted} partitions of {photos} photos: {wall:.1f} s, {cpu:.1f} CPU s")
    each = (wall - once[0]) / (counted - 1)
    click.echo(f"each: {each:.2f} s, {(cpu - once[1]) / (counted - 1):.2f} CPU s")
    click.echo(f"so {_TARGET} partitions take {(once[0] + each * _TARGET) / 60:.1f} minutes")
    click.echo(f"Dagster's records grow by {grown / counted / 1000:.0f} kB a partition")


def _set_up(home: Path, folder: Path, months: int, places: int, photos: int) -> None:
    files = cycle(sorted(folder.glob("*.jpg")))
    shutil.copy("dagster.yaml", home)
    os.environ |= {
        "DAGSTER_HOME": str(home),
        "OOTT_HOME": str(home / "home"),
        "OOTT_FIRST_MONTH": "2026-01",
        "OOTT_STARTER_DETECTOR": str(_STARTER),
        "OOTT_PHOTO_SOURCE": "folder",
        "OOTT_PHOTOS_FOLDER": str(home / "photos"),
        "OOTT_HIDE_FACES": "false",
    }
    from oott_assets.definitions import configured_resources, defs
    from oott_assets.partitions import destinations

    job = defs.resolve_job_def("monthly_trends_job").get_subset(op_selection=["instagram_images"])
    with dg.DagsterInstance.ephemeral() as records:
        for place in destinations.slugs[:places]:
            for month in range(1, months + 1):
                target = home / f"photos/{place}/2026-{month:02}"
                target.mkdir(parents=True)
                for file in islice(files, photos):
                    shutil.copy(file, target)
                job.execute_in_process(
                    partition_key=f"{place}|2026-{month:02}",
                    resources=configured_resources(),
                    instance=records,
                    run_config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
                )


def _timed(home: Path, *options: str) -> tuple[float, float]:
    """Count in a new process; give the seconds, and the CPU seconds of all its processes."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", _COUNT, *options],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _bytes_of_records(home: Path) -> int:
    files = (home / ".oott").rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    main()
