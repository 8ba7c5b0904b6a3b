"""The checks of `make check` pass."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.long_files import LONG_FILES
from tests.starters import STARTER

BIN = Path(sys.executable).parent


@pytest.mark.parametrize("check", ["ruff format --check .", "ruff check .", "mypy", "lint-imports"])
def test_the_project_passes(check: str) -> None:
    program, *arguments = check.split()

    done = subprocess.run([str(BIN / program), *arguments], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_make_check_runs_these_checks() -> None:
    recipe = Path("Makefile").read_text().split("check: .venv/test\n")[1].split("\n\n")[0]

    assert recipe.count("$(BIN)/") == 5


@pytest.mark.parametrize("name", LONG_FILES)
def test_every_file_that_is_to_run_first_exists(name: str) -> None:
    assert (Path("tests") / name).is_file()


def test_the_starter_detector_is_small_enough_for_the_repository() -> None:
    assert sum(file.stat().st_size for file in STARTER.iterdir()) <= 15_000_000
