"""Modules and packages have names that say what they contain."""

import subprocess
from collections import Counter
from pathlib import PurePath

import pytest

# A module with such a name collects unrelated code, which nobody finds again.
FORBIDDEN = ("utils", "util", "helpers", "helper", "common", "manager", "resources", "misc")

# Each package has its own settings.
REPEATED = ("__init__", "__main__", "settings")


def project_files() -> list[PurePath]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [PurePath(line) for line in listed.stdout.splitlines()]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_no_module_or_package_has_a_name_that_fits_anything(name: str) -> None:
    assert [str(file) for file in project_files() if name in (*file.parts, file.stem)] == []


def test_no_two_modules_of_the_packages_have_one_name() -> None:
    stems = Counter(file.stem for file in project_files() if file.parts[0].startswith("oott_"))

    assert {stem for stem, count in stems.items() if count > 1} <= set(REPEATED)
