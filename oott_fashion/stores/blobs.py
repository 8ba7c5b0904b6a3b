"""Blob storage: the interface that folders and buckets share, and its version for local folders.

OOTT stores all files as blobs. Writes are atomic. A blob name is a relative path with slashes;
names that start with a dot are not listed. ``object_blobs.blobs_at`` opens a folder or a bucket.
"""

import fcntl
import os
import socket
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

_UNFINISHED = ".writing-"
# A writer locks its file soon after creating it.
_MIN_ABANDONED_SECONDS = 60
# Characters that a bucket or a disk does not allow in names.
_FORBIDDEN_CHARACTERS = frozenset("\0\r\n")


class BlobNotFound(LookupError):
    """There is no blob with that name."""


class DamagedBlob(ValueError):
    """A blob is truncated, or another program or release wrote it; the message says what to run."""


class StoreUnreachable(OSError):
    """The object store cannot be reached now; a retry may help.

    It is an OSError, like disk errors, so that code which handles disk errors also handles buckets.
    """


class StoreMisconfigured(StoreUnreachable):
    """The object store rejects the credentials or the address; a retry does not help."""


class AlreadyLocked(Exception):
    """Another process, or another thread of this one, has locked the folder."""


class BlobChanged(OSError):
    """Another process replaced the blob meanwhile, so it was not written; a retry may help."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} was changed by another process meanwhile; run again")


class Blobs(Protocol):
    """A blob store; with an object store, every method may raise StoreUnreachable."""

    def read(self, name: str) -> bytes:
        """Read a blob.

        Raises:
            BlobNotFound: there is no blob with that name.
        """

    def write(self, name: str, content: bytes) -> str:
        """Write or replace a blob, and give its new version.

        After a crash either the old or the new content is there.
        """

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

    def version(self, name: str) -> str | None:
        """Give the version of a blob, which every write changes; None if there is no such blob."""

    def replace(self, name: str, content: bytes, version: str | None) -> str:
        """Write a blob if it still has ``version``, and give its new version.

        In a folder, only processes that lock the same folder are excluded.

        Raises:
            BlobChanged: another process has written the blob.
        """

    def locked(self, folder: str) -> AbstractContextManager[None]:
        """Lock ``folder`` on this machine, without waiting; a bucket has no locks.

        A killed process loses its lock.

        Raises:
            AlreadyLocked: another process or thread has locked the folder.
        """

    def exclusive_lock(self, folder: str) -> AbstractContextManager[None]:
        """Lock ``folder`` on this machine, after waiting for any other lock."""


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

    def write(self, name: str, content: bytes) -> str:
        path = self._file(name)
        self._make(path.parent)
        unfinished = path.with_name(f"{_UNFINISHED}{uuid.uuid4().hex}")
        try:
            with open(unfinished, "xb", opener=self._open) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                version = _version_of(unfinished.stat())
                # New photos are the most frequent writes, and their folders are large.
                if path.exists():
                    _remove_abandoned(path.parent, os.listdir(path.parent))
                # The file is still locked, so no other process takes it for abandoned.
                os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        return version

    def version(self, name: str) -> str | None:
        path = self._file(name)
        with suppress(FileNotFoundError):
            return _version_of(path.stat()) if path.is_file() else None
        return None

    def replace(self, name: str, content: bytes, version: str | None) -> str:
        if self.version(name) != version:
            raise BlobChanged(self.where(name))
        return self.write(name, content)

    def delete(self, name: str) -> None:
        """Delete a blob; its folder stays, because another process may write into it."""
        _remove(self._file(name))

    def delete_all(self, folder: str) -> None:
        for subfolder, _, files in os.walk(self._file(folder)):
            for file in files:
                if not file.startswith(_UNFINISHED):
                    _remove(Path(subfolder, file))
            _remove_abandoned(subfolder, files)

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

    def locked(self, folder: str) -> AbstractContextManager[None]:
        return self._lock(folder, wait=False)

    def exclusive_lock(self, folder: str) -> AbstractContextManager[None]:
        return self._lock(folder, wait=True)

    @contextmanager
    def _lock(self, folder: str, wait: bool) -> Iterator[None]:
        """Lock a file beside ``folder``, so that the folder itself can be deleted."""
        path = self.path_of(folder)
        self._make(path)
        file = path.with_name(f".{path.name}.lock") if folder else path / ".lock"
        lock = FileLock(file, timeout=-1 if wait else 0, mode=0o600 if self._private else 0o644)
        try:
            lock.acquire()
        except Timeout:
            raise AlreadyLocked(
                f"{path} is locked by {_owner_of(file)}; wait until that process ends, or stop it, "
                "and run again"
            ) from None
        try:
            since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
            file.write_text(f"process {os.getpid()} on {socket.gethostname()} since {since}")
            _remove_abandoned(path, os.listdir(path))
            yield
        finally:
            # A process that waits for the deleted file creates another one.
            file.unlink(missing_ok=True)
            lock.release()

    def path_of(self, name: str) -> Path:
        """Give the path of a blob or folder, for libraries that open files themselves.

        Raises:
            ValueError: ``name`` is not a blob name, for instance because it contains "..".
        """
        return self.root / checked_name(name) if name else self.root

    def _file(self, name: str) -> Path:
        return self.root / checked_name(name)

    def _open(self, path: str, flags: int) -> int:
        descriptor = os.open(path, flags, 0o600 if self._private else 0o666)
        # A killed writer loses its lock. A disk without locks keeps what killed writers left.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

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
        names = sorted(os.listdir(path))
        _remove_abandoned(path, names)
        return [path / name for name in names if not name.startswith(".")]


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


def _owner_of(lock_file: Path) -> str:
    with suppress(OSError, ValueError):
        return lock_file.read_text(encoding="utf-8") or "another process"
    return "another process"


def _version_of(found: os.stat_result) -> str:
    return f"{found.st_ino}-{found.st_mtime_ns}"


def _remove_abandoned(folder: str | Path, names: Iterable[str]) -> None:
    """Remove the files in ``folder`` that a killed writer has left, among those with ``names``."""
    for name in names:
        if name.startswith(_UNFINISHED):
            # Another process may have ended or removed it. The folder may be read-only.
            with suppress(OSError):
                _remove_unlocked(Path(folder, name))


def _remove_unlocked(file: Path) -> None:
    if time.time() - file.stat().st_mtime > _MIN_ABANDONED_SECONDS:
        with file.open("rb") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink()


def _contains_a_blob(folder: Path) -> bool:
    for subfolder, _, files in os.walk(folder):
        _remove_abandoned(subfolder, files)
        if any(not file.startswith(".") for file in files):
            return True
    return False


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        path.unlink()
