"""Named blobs: written whole or not at all, read, listed, deleted; and those in a local folder.

The one way OOTT keeps files at rest. A name is a relative path with slashes; what starts with a
dot is not listed. ``object_blobs.blobs_at`` opens either kind, folder or bucket.
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from oott_fashion.stores.file_locks import (
    is_same_file,
    locked_folder,
    open_exclusively,
    remove_unless_locked,
)

_UNFINISHED = ".writing-"
_HOLDER = ".held"
# What a bucket, or a disk, refuses in names.
_UNNAMEABLE = frozenset("\0\r\n")


class BlobNotFound(LookupError):
    """Nothing is kept under that name."""


class StoreUnreachable(OSError):
    """The object store cannot be asked now; later it may.

    An OSError, as a disk's troubles are, so that who expects those is not surprised by a bucket.
    """


class StoreMisconfigured(StoreUnreachable):
    """The object store cannot be used as it is set up; trying again does not help."""


class AlreadyLocked(Exception):
    """Another process, or another part of this one, is alone in that folder."""


class LockLost(Exception):
    """Another may be alone in the folder by now; nothing more must be written there."""


class Lock(Protocol):
    """Says whether its holder is still alone."""

    def check(self) -> None:
        """Pass while the hold lasts; to be called before each write that matters.

        Raises:
            LockLost: another may have taken it over.
        """


class Blobs(Protocol):
    """Where blobs are kept; whatever is asked of an object store may raise StoreUnreachable."""

    def read(self, name: str) -> bytes:
        """Read a blob.

        Raises:
            BlobNotFound: there is none of that name.
        """

    def write(self, name: str, content: bytes) -> None:
        """Write a blob in place of any before it; a crash leaves the old one or the new one."""

    def delete(self, name: str) -> None:
        """Delete a blob, if it is there."""

    def delete_all(self, folder: str) -> None:
        """Delete every blob in ``folder`` and below it, one by one."""

    def exists(self, name: str) -> bool:
        """Tell whether there is a blob of that name; a folder is none."""

    def names(self, folder: str) -> Iterator[str]:
        """List the blobs directly in ``folder``, sorted; ``""`` is the root."""

    def folders(self, folder: str) -> Iterator[str]:
        """List the folders directly in ``folder`` that have a blob below them, sorted."""

    def where(self, name: str) -> str:
        """Say where a blob or folder is, for people to read."""

    def locked(self, folder: str) -> AbstractContextManager[Lock]:
        """Be alone in ``folder``; a process that was killed, or stopped for long, no longer is.

        Raises:
            AlreadyLocked: another is, and this does not wait.
        """


class LocalBlobs:
    """Blobs as files under ``root``."""

    def __init__(self, root: str | Path, private: bool = False) -> None:
        """Keep blobs under ``root``, which need not exist yet.

        What is ``private`` only this user can read: the files, and the folders made for them.

        Raises:
            ValueError: ``root`` is a URL.
        """
        if "://" in str(root):
            raise ValueError(f"{root} is not a local folder, the only place that works here")
        self.root = Path(root)
        self._private = private

    def read(self, name: str) -> bytes:
        path = self._file(name)
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise BlobNotFound(f"{path} does not exist") from error

    def write(self, name: str, content: bytes) -> None:
        path = self._file(name)
        self._make(path.parent)
        with open_exclusively(path.with_name(f"{_UNFINISHED}{path.name}"), self._private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)

    def delete(self, name: str) -> None:
        """Delete a blob, and what a killed writer of it left; its folder stays.

        A folder that another is about to write into, or is alone in, must not go.
        """
        path = self._file(name)
        _remove(path)
        unfinished = path.with_name(f"{_UNFINISHED}{path.name}")
        if unfinished.exists():
            remove_unless_locked(unfinished)

    def delete_all(self, folder: str) -> None:
        for place, _, files in os.walk(self._file(folder)):
            for file in files:
                if file.startswith(_UNFINISHED):
                    remove_unless_locked(Path(place, file))
                elif file != _HOLDER:
                    _remove(Path(place, file))

    def exists(self, name: str) -> bool:
        return self._file(name).is_file()

    def names(self, folder: str) -> Iterator[str]:
        for path in self._entries(folder):
            if path.is_file():
                yield f"{folder}/{path.name}" if folder else path.name

    def folders(self, folder: str) -> Iterator[str]:
        for path in self._entries(folder):
            if path.is_dir() and _holds_a_blob(path):
                yield f"{folder}/{path.name}" if folder else path.name

    def where(self, name: str) -> str:
        return str(self.path_of(name))

    @contextmanager
    def locked(self, folder: str) -> Iterator[Lock]:
        """Be alone in ``folder``, after removing what killed writers left in it."""
        place = self.path_of(folder)
        note = place / _HOLDER
        self._make(place)
        with ExitStack() as stack:
            try:
                opened = stack.enter_context(locked_folder(place, wait=False))
            except BlockingIOError:
                raise AlreadyLocked(locked_message(str(place), _noted(note))) from None
            for unfinished in place.glob(f"{_UNFINISHED}*"):
                remove_unless_locked(unfinished)
            stack.callback(note.unlink, missing_ok=True)
            note.write_text(json.dumps(lock_owner()), encoding="utf-8")
            yield _FolderHold(opened, place)

    @contextmanager
    def exclusive_lock(self, folder: str) -> Iterator[None]:
        """Wait for whoever is alone in ``folder``, then be so; a killed one no longer is."""
        place = self.path_of(folder)
        self._make(place)
        with locked_folder(place, wait=True):
            yield

    def path_of(self, name: str) -> Path:
        """Where a blob or folder is on this disk, for libraries that open files themselves.

        Raises:
            ValueError: ``name`` would leave the folder.
        """
        return self.root / checked(name) if name else self.root

    def _file(self, name: str) -> Path:
        return self.root / checked(name)

    def _make(self, folder: Path) -> None:
        """Make ``folder``; what is above the root is not this store's to close."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        below = [it for it in (folder, *folder.parents) if it.is_relative_to(self.root)]
        for made in reversed(below):
            made.mkdir(0o700 if self._private else 0o777, exist_ok=True)

    def _entries(self, folder: str) -> list[Path]:
        place = self.path_of(folder)
        if not place.is_dir():
            return []
        return sorted(path for path in place.iterdir() if not path.name.startswith("."))


class _FolderHold:
    """A locked folder, which is only lost when someone removes it."""

    def __init__(self, opened: int, place: Path) -> None:
        self._opened = opened
        self._place = place

    def check(self) -> None:
        if not is_same_file(self._opened, self._place):
            raise LockLost(f"{self._place} was removed while it was worked in; run again")


def checked(name: str) -> str:
    """Give ``name`` back, if a blob or a folder other than the root may have it.

    Raises:
        ValueError: it may not.
    """
    parts = name.split("/")
    if name.startswith("/") or ".." in parts:
        raise ValueError(f"{name!r} is no blob name: it would leave the store")
    if "" in parts or "." in parts or not _UNNAMEABLE.isdisjoint(name):
        raise ValueError(
            f"{name!r} is no blob name: it has a line break, or a part that is empty or a dot"
        )
    return name


def lock_owner() -> dict[str, str]:
    """Describe this process to those who will find a folder held."""
    since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return {"host": socket.gethostname(), "pid": str(os.getpid()), "since": since}


def locked_message(where: str, holder: Mapping[str, str]) -> str:
    """Say that ``where`` is held, and by whom if ``holder`` tells."""
    try:
        known = "process {pid} on {host} since {since}".format_map(holder)
    except KeyError:
        known = "another process"
    return f"{where} is held by {known}; wait until that ends, or end it, and run again"


def _noted(note: Path) -> dict[str, str]:
    """Read who holds a folder; nothing where that is not written yet."""
    try:
        read = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _holds_a_blob(folder: Path) -> bool:
    return any(not file.startswith(".") for _, _, files in os.walk(folder) for file in files)


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        path.unlink()
