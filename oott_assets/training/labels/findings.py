"""What is wrong with a data set, and what is merely odd."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# A message longer than a screen is not read; the rest is alike more often than not.
_MAX_LINES = 20
_MAX_NAMES = 5


class Problem(NamedTuple):
    """What must be mended in ``file``, as it is named in the data set, before a detector learns."""

    file: str
    what: str


class Findings:
    """The problems and the remarks on the data set in ``folder``, as they were found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.remarks: list[str] = []

    def problem(self, file: Path, what: str) -> None:
        self.problems.append(Problem(self.name_of(file), what))

    def remark(self, file: Path, what: str) -> None:
        self.remarks.append(f"{self.name_of(file)}: {what}")

    def name_of(self, file: Path) -> str:
        """Name ``file`` from the data set's folder on; of a name that is not UTF-8, what can be."""
        inside = file.relative_to(self.folder) if file.is_relative_to(self.folder) else file
        # The folder itself is no part of its inside.
        return os.fsencode(inside if inside.parts else file.name).decode(errors="replace")


def problems_sentence(problems: Sequence[Problem]) -> str:
    """Tell how many ``problems`` there are, and the first of them, a line each."""
    if not problems:
        return "no problems in the labelled data"
    count = len(problems)
    lines = [f"{problem.file}: {problem.what}" for problem in problems[:_MAX_LINES]]
    more = [f"and {count - _MAX_LINES:,} more"] if count > _MAX_LINES else []
    found = f"{count:,} problem{'' if count == 1 else 's'} in the labelled data; mend and run again"
    return "\n".join([found, *lines, *more])


def shortened(names: Sequence[str]) -> str:
    """Write the first of ``names``, and how many more there are."""
    more = [f"{len(names) - _MAX_NAMES} more"] if len(names) > _MAX_NAMES else []
    return ", ".join([*names[:_MAX_NAMES], *more]) or "none"
