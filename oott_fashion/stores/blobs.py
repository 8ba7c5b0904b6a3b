"""Blob storage: the interface that folders and buckets share, and its version for local folders.

OOTT stores all files as blobs. Writes are atomic. A blob name is a relative path with slashes;
names that start with a dot are not listed. ``object_blobs.blobs_at`` opens a folder or a bucket.
"""

import errno
import fcntl
import grp
import os
import pwd
import socket
import stat
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from filelock import FileLock, Timeout

_UNFINISHED = ".writing-"
# A writer locks its file soon after creating it.
_MIN_ABANDONED_SECONDS = 60
# Characters that a bucket or a disk does not allow in names.
_FORBIDDEN_CHARACTERS = frozenset("\0\r\n")
# What filelock takes for a lock file that gets mode 0666 less the umask.
_BY_UMASK = -1
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)

# Who can read the files of a folder, unless its umask forbids more. "group": the group, if it may
# write into the folder and new files belong to it (mode 2770); only this user otherwise.
Readers = Literal["all", "group", "user"]


class BlobNotFound(LookupError):
    """There is no blob with that name."""


class DamagedBlob(ValueError):
    """A blob is truncated, or another program or release wrote it; the message says what to run."""


class StoreUnreachable(OSError):
    """The object store cannot be reached now; a retry may help.

    It is an OSError, like disk errors, so that code which handles disk errors also handles buckets.
    """


class StoreMisconfigured(StoreUnreachable):
    """The store rejects the credentials, the address or this user; a retry does not help."""


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
    """Blobs as files under ``root``; every method may raise StoreMisconfigured."""

    def __init__(self, root: str | Path, readers: Readers = "all") -> None:
        """Store blobs under ``root``, which is created when needed.

        Only ``readers`` can read the files and the folders created for them.

        Raises:
            ValueError: ``root`` is a URL.
        """
        if "://" in str(root):
            raise ValueError(f"{root} is not a local folder; only local folders are supported here")
        self.root = Path(root)
        self._readers = readers

    def read(self, name: str) -> bytes:
        path = self._file(name)
        try:
            with _readable_denials():
                return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise BlobNotFound(f"{path} does not exist") from error

    def write(self, name: str, content: bytes) -> str:
        with _readable_denials():
            return self._write(self._file(name), content)

    def _write(self, path: Path, content: bytes) -> str:
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
        with suppress(FileNotFoundError), _readable_denials():
            return _version_of(path.stat()) if path.is_file() else None
        return None

    def replace(self, name: str, content: bytes, version: str | None) -> str:
        if self.version(name) != version:
            raise BlobChanged(self.where(name))
        return self.write(name, content)

    def delete(self, name: str) -> None:
        """Delete a blob; its folder stays, because another process may write into it."""
        with _readable_denials():
            _remove(self._file(name))

    def delete_all(self, folder: str) -> None:
        for subfolder, _, files in os.walk(self._file(folder), onerror=_raise_denial):
            for file in files:
                if not file.startswith(_UNFINISHED):
                    with _readable_denials():
                        _remove(Path(subfolder, file))
            _remove_abandoned(subfolder, files)

    def exists(self, name: str) -> bool:
        with _readable_denials():
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
        file = path.with_name(f".{path.name}.lock") if folder else path / ".lock"
        try:
            with _readable_denials():
                self._make(path)
                lock = FileLock(file, timeout=-1 if wait else 0, mode=self._lock_mode())
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
        descriptor = os.open(path, flags, 0o666 & ~self._withheld())
        # A killed writer loses its lock. A disk without locks keeps what killed writers left.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def _make(self, folder: Path) -> None:
        """Create ``folder``; only ``readers`` can read the root and the folders below it."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        below = [path for path in (folder, *folder.parents) if path.is_relative_to(self.root)]
        for path in reversed(below):
            path.mkdir(0o777 & ~self._withheld(), exist_ok=True)

    def _withheld(self) -> int:
        """Give the permissions that new files do not have, as bits of a mode."""
        if self._readers == "group":
            existing = next(path for path in (self.root, *self.root.parents) if path.exists())
            mode = existing.stat().st_mode
            return 0o007 if mode & stat.S_ISGID and mode & stat.S_IWGRP else 0o077
        return 0o077 if self._readers == "user" else 0

    def _lock_mode(self) -> int:
        return _BY_UMASK if self._readers == "all" else 0o666 & ~self._withheld()

    def _entries(self, folder: str) -> list[Path]:
        path = self.path_of(folder)
        with _readable_denials():
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


def denial_of(error: OSError) -> str | None:
    """Say in one sentence which file this user cannot use, and why; None for another error."""
    if error.errno not in _DENIED or not isinstance(error.filename, str | os.PathLike):
        return None
    return denial_at(Path(os.fspath(error.filename)), error.errno == errno.EROFS)


def denial_at(path: Path, is_read_only: bool = False) -> str:
    """Say in one sentence that this user cannot use ``path``, or the folder to create it in."""
    there = [one for one in (path, *path.absolute().parents) if os.path.lexists(one)]
    # The owner of a file can delete it only if its folder can be written.
    denied = (one for one in there[:2] if not os.access(one, os.W_OK, effective_ids=True))
    found = next(denied, there[0])
    if is_read_only:
        return f"{found} is on a read-only file system; mount it for writing, or use another folder"
    state = found.lstat()
    return (
        f"{found} cannot be used by {_user(os.geteuid())}, because its owner is "
        f"{_user(state.st_uid)}, its group {_group(state.st_gid)} and its mode "
        f"{stat.S_IMODE(state.st_mode):o}; correct that (users who share it need umask 002 and a "
        "group-writable folder), and run again"
    )


def _user(number: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(number).pw_name
    return f"user {number}"


def _group(number: int) -> str:
    with suppress(KeyError):
        return grp.getgrgid(number).gr_name
    return f"{number}"


@contextmanager
def _readable_denials() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _raise_denial(error)
        raise


def _raise_denial(error: OSError) -> None:
    if sentence := denial_of(error):
        raise StoreMisconfigured(sentence) from error


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
    for subfolder, _, files in os.walk(folder, onerror=_raise_denial):
        _remove_abandoned(subfolder, files)
        if any(not file.startswith(".") for file in files):
            return True
    return False


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        path.unlink()
