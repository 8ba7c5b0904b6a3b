"""Makes new SQLite databases cheap: nothing waits for the disk, and Dagster's schema is read once.

Tests make some thousands of databases, most of them for the records of Dagster. A killed process
loses nothing without these waits; only a power failure would.
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import util
from sqlalchemy import event

Name = str | os.PathLike[str]
Load = Callable[[Name, Name], ModuleType]


def make_sqlite_quick() -> None:
    """Do so in this process."""
    event.listen(sa.Engine, "connect", _do_not_wait_for_the_disk)
    # Alembic reads the 90 files of Dagster's schema for each database that Dagster makes.
    revisions = _read_revisions_once(util.load_python_file)
    pytest.MonkeyPatch().setattr(util, "load_python_file", revisions)


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA synchronous = OFF")


def _read_revisions_once(load: Load) -> Load:
    @cache
    def load_once(folder: str, file: str) -> ModuleType:
        return load(folder, file)

    def loaded(folder: Name, file: Name) -> ModuleType:
        # Other files, such as env.py, run the migration when they are loaded.
        if Path(folder).name == "versions":
            return load_once(str(folder), str(file))
        return load(folder, file)

    return loaded
