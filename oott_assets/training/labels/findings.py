"""The problems of a data set, which stop the training, and remarks, which do not."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# Nobody reads a message that is longer than a screen, and the rest is usually similar.
_MAX_LINES = 20


class Problem(NamedTuple):
    """A fault of ``file`` that has to be corrected before training."""

    file: str
    what: str


class Findings:
    """The problems and remarks about the data set in ``folder``, in the order of discovery."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.remarks: list[str] = []

    def add_problem(self, file: Path, what: str) -> None:
        self.problems.append(Problem(self.name_of(file), what))

    def add_remark(self, file: Path, what: str) -> None:
        self.remarks.append(f"{self.name_of(file)}: {what}")

    def name_of(self, file: Path) -> str:
        """Give the path of ``file`` in the data set; bytes that are not UTF-8 are replaced."""
        relative = file.relative_to(self.folder) if file.is_relative_to(self.folder) else file
        # The relative path of the folder itself is empty.
        return os.fsencode(relative if relative.parts else file.name).decode(errors="replace")


def problem_summary(problems: Sequence[Problem]) -> str:
    """Write the number of ``problems``, then the first twenty, one per line."""
    if not problems:
        return "no problems in the labelled data"
    count = len(problems)
    lines = [f"{problem.file}: {problem.what}" for problem in problems[:_MAX_LINES]]
    more = [f"and {count - _MAX_LINES:,} more"] if count > _MAX_LINES else []
    plural = "" if count == 1 else "s"
    heading = f"{count:,} problem{plural} in the labelled data; correct the files and run again"
    return "\n".join([heading, *lines, *more])
