"""Reads the lock files in requirements/."""

import re
from pathlib import Path


def locked(name: str) -> dict[str, str]:
    """Read the version of each package in ``requirements/NAME.txt``."""
    text = Path(f"requirements/{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))
