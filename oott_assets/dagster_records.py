"""Opens Dagster's records (runs, events, logs) and marks killed runs as failed.

``make ui`` and ``make train`` run ``python -m oott_assets.dagster_records`` first; ``demo.py`` and
other commands call ``open_records``.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock

from oott_assets.instance.live_runs import is_alive
from oott_assets.instance.records_place import (
    dagster_home,
    local_folder,
    records_folder,
    records_url,
)
from oott_assets.photos.settings import PhotoSettings
from oott_assets.settings import RecordsSettings, TrendSettings
from oott_assets.training.settings import TrainingSettings
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import denial_at, denial_of

_CONFIG = Path(__file__).parents[1] / "dagster.yaml"
_STARTED = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])


@contextmanager
def open_records() -> Iterator[dg.DagsterInstance]:
    """Open the records of DAGSTER_HOME, and fail every run whose process no longer exists.

    Run monitoring does that, too, but only while Dagster's daemon works. A run that was killed
    would stay "started" and would keep its place in a pool.

    Raises:
        BadSetting: DAGSTER_HOME or OOTT_RECORDS_URL cannot be used, or this user cannot write into
            the records.
    """
    # The lock is needed, because two processes that create the records at the same time would
    # leave a broken migration history.
    with readable_denials(), _lock(), dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(_STARTED):
            if not is_alive(run.run_id):
                instance.report_run_failed(run, "the process of this run was killed")
                instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    with dg.DagsterInstance.get() as instance:
        yield instance


@contextmanager
def readable_denials() -> Iterator[None]:
    """Turn missing rights on the records into one sentence.

    Raises:
        BadSetting: this user cannot write into the records.
    """
    try:
        # SQLite says only that it cannot write, and Dagster adds a traceback.
        for path in () if records_url() else _files(records_folder()):
            # Other processes delete the locks of their runs, and SQLite its -wal and -shm files.
            if not os.access(path, os.W_OK, effective_ids=True) and path.exists():
                raise BadSetting(f"Dagster's records: {denial_at(path)}")
        yield
    except OSError as error:
        if denial := denial_of(error):
            raise BadSetting(f"Dagster's records: {denial}") from error
        raise


def _files(records: Path) -> Iterator[Path]:
    """List the folders and databases of the records, and the locks and logs of runs."""
    if records.exists():
        yield from (records, *records.glob("*"), *records.glob("*/*"))


def _lock() -> FileLock:
    home = dagster_home()
    home.mkdir(parents=True, exist_ok=True)
    config = home / _CONFIG.name
    if not config.exists():
        # In a new DAGSTER_HOME. A link stays up to date; a file instead of it is left alone.
        config.symlink_to(_CONFIG)
    folder = local_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_suffix(".lock"))


def main() -> None:
    """Open the records once, so that killed runs are marked as failed.

    A wrong or misspelt setting stops it with one sentence. Dagster itself would print a traceback.
    """
    argparse.ArgumentParser(description=__doc__).parse_args()
    try:
        for kind in (TrendSettings, PhotoSettings, RecordsSettings, TrainingSettings):
            read_settings(kind)
        with open_records():
            pass
    except BadSetting as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
