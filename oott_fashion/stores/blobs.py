"""Named blobs in a local folder: written whole or not at all, read, listed.

The one way OOTT keeps files at rest; an object store will be a second class with these methods.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class NoBlob(LookupError):
    """Nothing is kept under that name."""


class LocalBlobs:
    """Blobs as files under ``root``; a name is a relative path with slashes."""

    def __init__(self, root: str | Path) -> None:
        """Keep blobs under ``root``, which need not exist yet.

        Raises:
            ValueError: ``root`` is a URL; only local folders are supported so far.
        """
        if "://" in str(root):
            raise ValueError(f"{root} is not a local folder, the only kind of store so far")
        self.root = Path(root)

    def read(self, name: str) -> bytes:
        """Read a blob.

        Raises:
            NoBlob: there is none of that name.
        """
        try:
            return self.path_of(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoBlob(f"{self.path_of(name)} does not exist") from error

    def write(self, name: str, content: bytes) -> None:
        """Write a blob in place of any before it; a crash leaves the old one or the new one."""
        path = self.path_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone_with(path.with_name(f".writing-{path.name}")) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)

    @contextmanager
    def alone_in(self, folder: str) -> Iterator[None]:
        """Wait for whoever is alone in ``folder``, then be so; a killed one no longer is."""
        place = self.path_of(folder)
        place.mkdir(parents=True, exist_ok=True)
        opened = os.open(place, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield
        finally:
            os.close(opened)

    def exists(self, name: str) -> bool:
        return self.path_of(name).is_file()

    def names(self, folder: str) -> Iterator[str]:
        """List the blobs directly in ``folder``, sorted; what is being written is left out."""
        place = self.path_of(folder)
        if place.is_dir():
            for path in sorted(place.iterdir()):
                if path.is_file() and not path.name.startswith("."):
                    yield f"{folder}/{path.name}"

    def folders(self, folder: str) -> Iterator[str]:
        """List the folders directly in ``folder``, sorted."""
        place = self.path_of(folder)
        if place.is_dir():
            for path in sorted(place.iterdir()):
                if path.is_dir():
                    yield f"{folder}/{path.name}"

    def path_of(self, name: str) -> Path:
        """Where a blob is on this disk, for libraries that open files themselves.

        Raises:
            ValueError: ``name`` would leave the folder.
        """
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"{name!r} is no blob name: it would leave the store")
        return self.root / name


@contextmanager
def _alone_with(path: Path) -> Iterator[BinaryIO]:
    """Open ``path``, empty, for this writer alone, taking over what a killed one left."""
    while True:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Whoever held the lock before has moved its file away, and ours with it.
            if not _is_still(file, path):
                continue
            file.truncate(0)
            try:
                yield file
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            return


def _is_still(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
