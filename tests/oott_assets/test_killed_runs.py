"""After a run is killed, the next run completes the month as if nothing had happened."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.oott_assets.killed_runs import WHOLE
from tests.starters import SMALL_STARTER

Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the killed runs, and give the folder with their homes."""
    folder = tmp_path_factory.mktemp("killed")
    settings = {
        "OOTT_STARTER_DETECTOR": str(SMALL_STARTER),
        "OOTT_ENGINE": "onnxruntime",
        "OOTT_LOOKBOOK_PHOTOS": "1",
    }
    subprocess.run(
        [sys.executable, "-m", "tests.oott_assets.killed_runs", str(folder)],
        env=os.environ | settings,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def killed_homes(homes: Path) -> list[Path]:
    return [homes / moment for moment in (homes / "moments").read_text().split()]


def rows(home: Path) -> Rows:
    """Read both trend tables without their row numbers; give no rows if there are no tables."""
    database = home / "trends.sqlite"
    if not database.exists():
        return []
    with closing(sqlite3.connect(database)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if "garment_trends" not in tables:
            return []
        looks = connection.execute(
            "SELECT month, destination, source, garment, colour, worn FROM garment_trends"
        ).fetchall()
        outfits = connection.execute(
            "SELECT month, destination, source, outer, top, bottom, shoes, worn FROM outfit_trends"
        ).fetchall()
    return sorted(looks, key=str) + sorted(outfits, key=str)


def files(home: Path) -> set[str]:
    """List the files of a home, except temporary files of SQLite and of the blobs.

    Those of the blobs are removed a minute later, and no reader lists them.
    """
    return {
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.is_file() and not path.name.startswith(("trends.sqlite-", ".writing-"))
    }


def test_runs_are_killed_before_every_kind_of_write(homes: Path) -> None:
    kinds = [home.name.split("-")[0] for home in killed_homes(homes)]

    # The writes are a photo, a manifest and detections.
    assert kinds.count("write") == 3
    assert kinds.count("detector") == 2
    assert kinds.count("commit") >= 2
    assert not any(files(home) == files(homes / WHOLE) for home in killed_homes(homes)[:5])


def test_a_killed_run_leaves_no_rows_or_all_rows(homes: Path) -> None:
    whole = rows(homes / WHOLE)

    assert whole
    for home in killed_homes(homes):
        assert rows(home) in ([], whole), home.name


def test_the_run_after_a_kill_writes_the_same_tables(homes: Path) -> None:
    for home in killed_homes(homes):
        assert rows(homes / f"{home.name}-again") == rows(homes / WHOLE), home.name


def test_the_run_after_a_kill_leaves_the_same_files(homes: Path) -> None:
    for home in killed_homes(homes):
        assert files(homes / f"{home.name}-again") == files(homes / WHOLE), home.name
