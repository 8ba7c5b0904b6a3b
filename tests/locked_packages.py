"""Reads the lock files in requirements/, and hides the packages that one of them lacks."""

import re
from importlib.metadata import packages_distributions
from pathlib import Path

# Python imports a module of this name when it starts.
_HOOK = '''"""Hides the packages that are not in requirements/{name}.txt."""

import sys

HIDDEN = {hidden!r}


class HiddenPackages:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"{{name}} is not in requirements/{name}.txt", name=name)


sys.meta_path.insert(0, HiddenPackages)
'''


def locked(name: str) -> dict[str, str]:
    """Read the version of each package in ``requirements/NAME.txt``."""
    text = Path(f"requirements/{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def without_other_packages(name: str, folder: Path) -> Path:
    """Write a folder for PYTHONPATH that hides all packages but those of a lock file."""
    allowed = locked(name).keys()
    hidden = {
        module
        for module, packages in packages_distributions().items()
        if allowed.isdisjoint(_normal(package) for package in packages)
    }
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_HOOK.format(name=name, hidden=hidden))
    return folder


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()
