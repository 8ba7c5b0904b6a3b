"""Runs a partition once per write, each time in a new home, and kills the run before that write.

``python -m tests.oott_assets.killed_runs FOLDER`` writes ``FOLDER/MOMENT``, the state after the
kill, and ``FOLDER/MOMENT-again``, the state after the next run. It is a separate program because it
forks: a process with threads must not fork, and pytest has threads after other tests.
"""

import importlib
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import cache, partial
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from sqlalchemy import event

from oott_assets.definitions import configured_resources, defs
from oott_assets.garment_detector import GarmentDetector
from oott_assets.partitions import partition_key
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.detector_card import PublishedDetector

WHOLE = "whole"
# The checks of these assets take a third of the time, and write nothing.
ASSETS = ["instagram_images", "garment_detections", "monthly_trends"]


def main(folder: Path) -> None:
    """Run once without a kill and count the moments; then run once for each moment."""
    job(), records()  # the children share what takes long to make
    in_a_fork(partial(run, folder / WHOLE, record=folder / "moments"))
    import_modules(folder / "moments.modules")
    open_detector()
    for moment in (folder / "moments").read_text().split():
        in_a_fork(partial(run, folder / moment, killed_at=moment))
        shutil.copytree(folder / moment, folder / f"{moment}-again")
        in_a_fork(partial(run, folder / f"{moment}-again"))


@cache
def job() -> dg.JobDefinition:
    return defs.resolve_job_def("monthly_trends_job").get_subset(op_selection=ASSETS)


@cache
def records() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def in_a_fork(work: Callable[[], None]) -> None:
    """Do ``work`` in a child process, which may be killed."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    os.waitpid(child, 0)


def run(home: Path, killed_at: str | None = None, record: Path | None = None) -> None:
    """Materialise hongdae in September 2026 under ``home``."""
    os.environ["OOTT_HOME"] = str(home)
    home.mkdir(exist_ok=True)
    moments = Moments(killed_at)
    os.replace = moments.before_replacing(os.replace)

    def commit(connection: sa.Connection) -> None:
        # Dagster commits to its own databases; those moments are not counted.
        if str(connection.engine.url.database).endswith("trends.sqlite"):
            moments.reach("commit")

    event.listen(sa.Engine, "commit", commit)
    job().execute_in_process(
        partition_key=partition_key("hongdae", date(2026, 9, 1)),
        resources=configured_resources(),
        instance=records(),
    )
    if record is not None:
        # Between its first and its last file, the detector is not more complete than before.
        detector = [moment for moment in moments.seen if moment.startswith("detector")]
        record.write_text(" ".join(each for each in moments.seen if each not in detector[1:-1]))
        list_modules(record.with_suffix(".modules"))


def list_modules(file: Path) -> None:
    """Write which modules this process has imported."""
    file.write_text(" ".join(sys.modules))


def import_modules(file: Path) -> None:
    """Import what a first child imported, so that each of the next need not."""
    for name in file.read_text().split():
        # Some modules are made at run time, or have moved from sys.modules to another name.
        with suppress(ImportError):
            importlib.import_module(name)


def open_detector() -> None:
    """Open the detector here, where it has no threads on one core, so that no child opens it."""
    settings = read_settings(SharedSettings)
    starter = PublishedDetector.in_folder(settings.starter_detector)
    GarmentDetector.of(settings).opened(starter)


class Moments:
    """Counts the writes and commits, and kills the process before one of them."""

    def __init__(self, killed_at: str | None) -> None:
        self.killed_at = killed_at
        self.seen: list[str] = []

    def before_replacing(self, replace: Callable[..., None]) -> Callable[..., None]:
        """Wrap ``os.replace``; the files of the detector are a kind of their own."""

        def counted(temporary: str, file: str | Path) -> None:
            self.reach("detector" if "garment-detector" in str(file) else "write", temporary)
            replace(temporary, file)

        return counted

    def reach(self, kind: str, temporary: str | None = None) -> None:
        """Count a moment, or kill the process; then only half of a temporary file is written."""
        moment = f"{kind}-{sum(seen.startswith(kind) for seen in self.seen) + 1}"
        if moment == self.killed_at:
            if temporary:
                os.truncate(temporary, os.path.getsize(temporary) // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen.append(moment)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
