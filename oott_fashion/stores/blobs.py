"""Blob storage: the interface that folders and buckets share, and its version for local folders.

OOTT stores all files as blobs. Writes are atomic. A blob name is a relative path with slashes;
names that start with a dot are not listed. ``object_blobs.blobs_at`` opens a folder or a bucket.
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
_LOCK_FILE = ".held"
# Characters that a bucket or a disk does not allow in names.
_FORBIDDEN_CHARACTERS = frozenset("\0\r\n")


class BlobNotFound(LookupError):
    """There is no blob with that name."""


class StoreUnreachable(OSError):
    """The object store cannot be reached now; a retry may help.

    It is an OSError, like disk errors, so that code which handles disk errors also handles buckets.
    """


class StoreMisconfigured(StoreUnreachable):
    """The object store rejects the credentials or the address; a retry does not help."""


class AlreadyLocked(Exception):
    """Another process, or another thread of this one, has locked the folder."""


class LockLost(Exception):
    """The lock was lost; the caller must stop writing, as another process may hold the lock."""


class Lock(Protocol):
    """An exclusive lock on a folder."""

    def check(self) -> None:
        """Check that the lock is still ours; call this before each important write.

        Raises:
            LockLost: another process may have locked the folder.
        """


class Blobs(Protocol):
    """A blob store; with an object store, every method may raise StoreUnreachable."""

    def read(self, name: str) -> bytes:
        """Read a blob.

        Raises:
            BlobNotFound: there is no blob with that name.
        """

    def write(self, name: str, content: bytes) -> None:
        """Write or replace a blob; after a crash either the old or the new content is there."""

    def delete(self, name: str) -> None:
        """Delete a blob if it exists."""

    def delete_all(self, folder: str) -> None:
        """Delete every blob in ``folder`` and below it, one by one."""

    def exists(self, name: str) -> bool:
        """Tell whether a blob with that name exists; a folder is not a blob."""

    def names(self, folder: str) -> Iterator[str]:
        """List the blobs directly in ``folder``, sorted; ``""`` is the root."""

    def folders(self, folder: str) -> Iterator[str]:
        """List the folders directly in ``folder`` that contain a blob, sorted."""

    def where(self, name: str) -> str:
        """Give the full address of a blob or folder, for messages."""

    def locked(self, folder: str) -> AbstractContextManager[Lock]:
        """Lock ``folder``, without waiting for another lock.

        A killed process loses its lock. In a bucket, a process also loses its lock if it is
        suspended for a long time.

        Raises:
            AlreadyLocked: another process or thread has locked the folder.
        """


class LocalBlobs:
    """Blobs as files under ``root``."""

    def __init__(self, root: str | Path, private: bool = False) -> None:
        """Store blobs under ``root``, which is created when needed.

        With ``private``, only this user can read the files and the folders created for them.

        Raises:
            ValueError: ``root`` is a URL.
        """
        if "://" in str(root):
            raise ValueError(f"{root} is not a local folder; only local folders are supported here")
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
        """Delete a blob and the temporary file that a killed writer left; its folder stays.

        The folder is not removed, because another process may write into it or have locked it.
        """
        path = self._file(name)
        _remove(path)
        unfinished = path.with_name(f"{_UNFINISHED}{path.name}")
        if unfinished.exists():
            remove_unless_locked(unfinished)

    def delete_all(self, folder: str) -> None:
        for subfolder, _, files in os.walk(self._file(folder)):
            for file in files:
                if file.startswith(_UNFINISHED):
                    remove_unless_locked(Path(subfolder, file))
                elif file != _LOCK_FILE:
                    _remove(Path(subfolder, file))

    def exists(self, name: str) -> bool:
        return self._file(name).is_file()

    def names(self, folder: str) -> Iterator[str]:
        for path in self._entries(folder):
            if path.is_file():
                yield f"{folder}/{path.name}" if folder else path.name

    def folders(self, folder: str) -> Iterator[str]:
        for path in self._entries(folder):
            if path.is_dir() and _contains_a_blob(path):
                yield f"{folder}/{path.name}" if folder else path.name

    def where(self, name: str) -> str:
        return str(self.path_of(name))

    @contextmanager
    def locked(self, folder: str) -> Iterator[Lock]:
        """Lock ``folder``, and remove the temporary files that killed writers left in it."""
        path = self.path_of(folder)
        lock_file = path / _LOCK_FILE
        self._make(path)
        with ExitStack() as stack:
            try:
                descriptor = stack.enter_context(locked_folder(path, wait=False))
            except BlockingIOError:
                raise AlreadyLocked(locked_message(str(path), _owner_in(lock_file))) from None
            for unfinished in path.glob(f"{_UNFINISHED}*"):
                remove_unless_locked(unfinished)
            stack.callback(lock_file.unlink, missing_ok=True)
            lock_file.write_text(json.dumps(lock_owner()), encoding="utf-8")
            yield _FolderLock(descriptor, path)

    @contextmanager
    def exclusive_lock(self, folder: str) -> Iterator[None]:
        """Lock ``folder``, after waiting for any other lock; a killed process loses its lock."""
        path = self.path_of(folder)
        self._make(path)
        with locked_folder(path, wait=True):
            yield

    def path_of(self, name: str) -> Path:
        """Give the path of a blob or folder, for libraries that open files themselves.

        Raises:
            ValueError: ``name`` is not a blob name, for instance because it contains "..".
        """
        return self.root / checked_name(name) if name else self.root

    def _file(self, name: str) -> Path:
        return self.root / checked_name(name)

    def _make(self, folder: Path) -> None:
        """Create ``folder``; only the root and the folders below it are made private."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        below = [path for path in (folder, *folder.parents) if path.is_relative_to(self.root)]
        for path in reversed(below):
            path.mkdir(0o700 if self._private else 0o777, exist_ok=True)

    def _entries(self, folder: str) -> list[Path]:
        path = self.path_of(folder)
        if not path.is_dir():
            return []
        return sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))


class _FolderLock:
    """The lock on a local folder; the lock is lost only if someone removes the folder."""

    def __init__(self, descriptor: int, folder: Path) -> None:
        self._descriptor = descriptor
        self._folder = folder

    def check(self) -> None:
        if not is_same_file(self._descriptor, self._folder):
            raise LockLost(f"{self._folder} was removed while this process used it; run again")


def checked_name(name: str) -> str:
    """Return ``name`` if it is a valid name for a blob or a folder other than the root.

    Raises:
        ValueError: the name is not valid.
    """
    parts = name.split("/")
    if name.startswith("/") or ".." in parts:
        raise ValueError(f"{name!r} is not a blob name: it points outside the store")
    if "" in parts or "." in parts or not _FORBIDDEN_CHARACTERS.isdisjoint(name):
        raise ValueError(
            f"{name!r} is not a blob name: it has a line break, or a part that is empty or a dot"
        )
    return name


def lock_owner() -> dict[str, str]:
    """Describe this process, for processes that find the folder locked."""
    since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return {"host": socket.gethostname(), "pid": str(os.getpid()), "since": since}


def locked_message(where: str, owner: Mapping[str, str]) -> str:
    """Write the error message for a locked folder; ``owner`` is empty when it is unknown."""
    try:
        process = "process {pid} on {host} since {since}".format_map(owner)
    except KeyError:
        process = "another process"
    return (
        f"{where} is locked by {process}; wait until that process ends, or stop it, and run again"
    )


def _owner_in(lock_file: Path) -> dict[str, str]:
    """Read who has locked a folder; empty while the owner has not written its lock file."""
    try:
        owner = json.loads(lock_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _contains_a_blob(folder: Path) -> bool:
    return any(not file.startswith(".") for _, _, files in os.walk(folder) for file in files)


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        path.unlink()
