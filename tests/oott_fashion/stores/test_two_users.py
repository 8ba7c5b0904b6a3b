"""Two users of one group, who share a folder of blobs.

Root becomes each of them, in a child process. Another user cannot do that, and is both of them: the
modes of the files are compared anyway.
"""

import multiprocessing
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from oott_fashion.stores.blobs import AlreadyLocked, LocalBlobs, Readers, StoreMisconfigured
from oott_fashion.stores.trend_connection import engine_for
from tests.databases import in_processes, kill_when_ready

_FORK = multiprocessing.get_context("fork")

FIRST, SECOND, GROUP = 60_001, 60_002, 60_000


@pytest.fixture
def shared() -> Iterator[Path]:
    """Make a folder of the group, which pytest's own temporary folders would hide."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        if os.getuid() == 0:
            os.chown(folder, FIRST, GROUP)
        folder.chmod(0o2770)
        yield folder


def become(user: int, umask: int = 0o002) -> None:
    os.umask(umask)
    if os.getuid() == 0:
        os.setgroups([GROUP])
        os.setgid(user)
        os.setuid(user)


def do(user: int, work: Callable[[], object], umask: int = 0o002) -> None:
    """Do ``work`` as ``user`` in a child process, and check that it succeeds."""

    def as_user(_number: int) -> None:
        become(user, umask)
        work()

    assert in_processes(1, as_user) == [0]


def modes(folder: Path) -> set[str]:
    return {f"{path.stat().st_mode & 0o7777:o}" for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("readers", "expected"),
    [("all", {"2775", "664"}), ("group", {"2770", "660"}), ("user", {"2700", "600"})],
)
def test_files_in_a_folder_of_the_group_have_the_rights_that_were_asked_for(
    shared: Path, readers: Readers, expected: set[str]
) -> None:
    blobs = LocalBlobs(shared / "store", readers)

    def write() -> None:
        blobs.write("photos/hongdae/1", b"coat")

    def lock(block: Callable[[], None]) -> None:
        become(FIRST)
        with blobs.locked("photos/hongdae"):
            block()

    do(FIRST, write)
    kill_when_ready(lock)

    assert (shared / "store/photos/.hongdae.lock").exists()
    assert modes(shared) == expected


def test_a_private_store_stays_private_in_a_folder_that_is_not_of_the_group(shared: Path) -> None:
    shared.chmod(0o755)

    do(FIRST, lambda: LocalBlobs(shared / "store", "group").write("photos/1", b"coat"))

    assert modes(shared) == {"700", "600"}


@pytest.mark.parametrize("readers", ["all", "group"])
def test_a_second_user_goes_on_where_the_first_one_was_killed(
    shared: Path, readers: Readers
) -> None:
    blobs = LocalBlobs(shared / "store", readers)

    def see_the_lock(holder: int) -> None:
        with pytest.raises(AlreadyLocked, match=f"is locked by process {holder} on"):
            blobs.locked("photos/hongdae").__enter__()

    def go_on() -> None:
        with blobs.locked("photos/hongdae"), blobs.exclusive_lock("journals"):
            assert [*blobs.names("photos/hongdae")] == ["photos/hongdae/1"]
            blobs.write("photos/hongdae/1", b"another coat")
            blobs.write("photos/gangnam/1", b"coat")
            blobs.delete("photos/hongdae/1")

    with killed_in_the_end(blobs) as holder:
        do(SECOND, lambda: see_the_lock(holder))
    do(SECOND, go_on)
    do(FIRST, lambda: blobs.delete_all("photos"))

    assert [path for path in shared.rglob("*") if path.is_file()] == []


@contextmanager
def killed_in_the_end(blobs: LocalBlobs) -> Iterator[int]:
    """Let the first user lock a month and write into it, and kill that process in the end."""
    ready = _FORK.Event()

    def write_and_wait() -> None:
        become(FIRST)
        with blobs.locked("photos/hongdae"):
            blobs.write("photos/hongdae/1", b"coat")
            abandoned = blobs.path_of("photos/hongdae/.writing-0")
            abandoned.write_bytes(b"half a coat")
            long_ago = time.time() - 61
            os.utime(abandoned, (long_ago, long_ago))
            ready.set()
            time.sleep(60)

    process = _FORK.Process(target=write_and_wait)
    process.start()
    try:
        assert ready.wait(30)
        yield process.pid or 0
    finally:
        process.kill()
        process.join()


def test_a_second_user_is_told_what_is_wrong_if_the_group_may_not_write(shared: Path) -> None:
    blobs = LocalBlobs(shared / "store", "group")
    do(FIRST, lambda: blobs.write("photos/1", b"coat"), umask=0o022)

    def be_refused() -> None:
        if os.getuid() != SECOND:  # the only user, who is not root
            for folder in ("store", "store/photos"):
                (shared / folder).chmod(0o2550)
        for use in (
            lambda: blobs.write("photos/1", b"another coat"),
            lambda: blobs.delete("photos/1"),
            lambda: blobs.locked("photos").__enter__(),
        ):
            with pytest.raises(StoreMisconfigured) as raised:
                use()
            message = str(raised.value)
            assert message.startswith(str(shared / "store"))
            assert re.search(r"its mode 2[57][05]0; correct that", message)
            assert "users who share it need umask 002 and a group-writable folder" in message

    do(SECOND, be_refused)


def test_what_a_user_may_not_read_is_not_taken_for_nothing(shared: Path) -> None:
    blobs = LocalBlobs(shared / "store", "user")
    do(FIRST, lambda: blobs.write("photos/hongdae/1", b"coat"))

    def look() -> None:
        if os.getuid() != SECOND:
            (shared / "store/photos/hongdae").chmod(0)
        for use in (
            lambda: [*blobs.folders("photos")],
            lambda: [*blobs.names("photos/hongdae")],
            lambda: blobs.read("photos/hongdae/1"),
            lambda: blobs.exists("photos/hongdae/1"),
            lambda: blobs.version("photos/hongdae/1"),
            lambda: blobs.delete_all("photos"),
        ):
            with pytest.raises(StoreMisconfigured, match="cannot be used by"):
                use()

    do(SECOND, look)


def test_the_group_can_write_into_a_new_sqlite_file(shared: Path) -> None:
    engine = engine_for(f"sqlite:///{shared}/trends.db")

    def connect() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS looks (worn INTEGER)")
            connection.exec_driver_sql("INSERT INTO looks VALUES (1)")

    do(FIRST, connect)
    do(SECOND, connect)

    assert modes(shared) == {"664"}
