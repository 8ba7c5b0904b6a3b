"""Locks on files and folders of this disk; the system frees those of a killed process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def open_exclusively(path: Path, private: bool = False) -> Iterator[BinaryIO]:
    """Open ``path``, empty, for this writer alone, taking over what a killed one left.

    What is ``private`` only this user can read.
    """
    while True:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Whoever held the lock before has moved its file away, and ours with it.
            if not is_same_file(file.fileno(), path):
                continue
            file.truncate(0)
            if private:
                os.fchmod(file.fileno(), 0o600)
            try:
                yield file
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            return


@contextmanager
def locked_folder(folder: Path, wait: bool) -> Iterator[int]:
    """Lock ``folder``, made where it is missing; give it opened.

    Two locks exclude each other within one process, too.

    Raises:
        BlockingIOError: another has locked it, and this one should not ``wait``.
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        opened = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_same_file(opened, folder):
                yield opened
                return
        finally:
            # Closing alone would leave it locked while a forked child has it open.
            fcntl.flock(opened, fcntl.LOCK_UN)
            os.close(opened)


def remove_unless_locked(path: Path) -> None:
    """Remove a file that no ``open_exclusively`` is writing."""
    try:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_same_file(file.fileno(), path):
                path.unlink()
    except BlockingIOError:
        return


def is_same_file(opened: int, path: Path) -> bool:
    """Tell whether what was opened is what ``path`` names now."""
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except FileNotFoundError:
        return False
