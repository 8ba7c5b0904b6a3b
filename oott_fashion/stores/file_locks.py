"""Locks on local files and folders; the operating system releases those of a killed process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def open_exclusively(path: Path, private: bool = False) -> Iterator[BinaryIO]:
    """Open ``path`` as an empty file that no other writer can open at the same time.

    A file that a killed writer left is reused. With ``private``, only this user can read the file.
    """
    while True:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # The previous writer has moved the file to its final name; open a new one.
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
    """Lock ``folder``, creating it if it is missing, and yield its file descriptor.

    The lock also excludes other threads of the same process.

    Raises:
        BlockingIOError: the folder is locked already, and ``wait`` is false.
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_same_file(descriptor, folder):
                yield descriptor
                return
        finally:
            # Without LOCK_UN the folder would stay locked while a forked child has it open.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def remove_unless_locked(path: Path) -> None:
    """Remove a file, unless a writer has it open with ``open_exclusively``."""
    try:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_same_file(file.fileno(), path):
                path.unlink()
    except BlockingIOError:
        return


def is_same_file(descriptor: int, path: Path) -> bool:
    """Tell whether an open file or folder is still the one at ``path``."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
