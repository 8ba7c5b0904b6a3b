import fcntl
import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from oott_fashion.stores.blobs import AlreadyLocked, BlobChanged, BlobNotFound, Blobs, LocalBlobs
from oott_fashion.stores.gcs_blobs import GcsBlobs
from tests.databases import in_processes, kill_when_ready
from tests.object_store import Bucket


@pytest.fixture
def local(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "store")


@pytest.fixture(params=["folder", "bucket"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Blobs]:
    """Give a function that opens the same store again, as another process would."""
    if request.param == "folder":
        return lambda: LocalBlobs(tmp_path / "store")
    bucket: Bucket = request.getfixturevalue("bucket")
    return lambda: GcsBlobs(bucket.client(), bucket.name, "oott/store")


@pytest.fixture
def blobs(opened: Callable[[], Blobs]) -> Blobs:
    return opened()


def files_in(blobs: LocalBlobs) -> list[str]:
    """List every file of the store, including hidden files."""
    files = [path for path in blobs.root.rglob("*") if path.is_file()]
    return sorted(str(file.relative_to(blobs.root)) for file in files)


def test_a_written_blob_can_be_read(blobs: Blobs) -> None:
    blobs.write("photos/2024/coat.jpg", b"\xff\xd8\0")

    assert blobs.read("photos/2024/coat.jpg") == b"\xff\xd8\0"
    assert blobs.exists("photos/2024/coat.jpg")


def test_a_local_blob_is_a_file(local: LocalBlobs) -> None:
    local.write("photos/coat.jpg", b"coat")

    assert local.path_of("photos/coat.jpg").read_bytes() == b"coat"


def test_other_users_cannot_read_private_blobs(tmp_path: Path) -> None:
    private = LocalBlobs(tmp_path / "home" / "store", readers="user")

    private.write("photos/coat.jpg", b"coat")
    with private.locked("photos/2024"), private.exclusive_lock("journal"):
        pass

    paths = [private.root, *private.root.rglob("*")]
    assert {oct(path.stat().st_mode & 0o077) for path in paths} == {"0o0"}
    assert (tmp_path / "home").stat().st_mode & 0o055


def test_other_users_can_read_blobs_that_are_not_private(local: LocalBlobs) -> None:
    local.write("models/latest.json", b"{}")

    paths = [local.root, *local.root.rglob("*")]
    assert all(path.stat().st_mode & 0o044 for path in paths)


def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    blobs.write("empty", b"")

    assert blobs.exists("empty")
    assert blobs.read("empty") == b""


def test_a_large_blob_is_read_as_it_was_written(blobs: Blobs) -> None:
    content = os.urandom(9_000_000)  # above 8 MiB, the Google Cloud library uploads in parts

    blobs.write("large", content)

    assert blobs.read("large") == content


def test_writing_a_blob_replaces_a_longer_one(blobs: Blobs) -> None:
    blobs.write("latest.json", b"a long first version")
    blobs.write("latest.json", b"second")

    assert blobs.read("latest.json") == b"second"
    assert list(blobs.names("")) == ["latest.json"]


def test_writing_leaves_no_other_file(local: LocalBlobs) -> None:
    local.write("latest.json", b"a long first version")
    local.write("latest.json", b"second")

    assert files_in(local) == ["latest.json"]


@pytest.mark.parametrize(
    "name",
    ["한국/겨울 코트.jpg", "a%20b/%2F", "q?a=b&c#d+e", "a b/ c ", "'\"<>;*", "..a/b..", "a..b"],
)
def test_a_blob_name_can_have_unusual_characters(name: str, blobs: Blobs) -> None:
    blobs.write(f"photos/{name}", name.encode())

    assert blobs.read(f"photos/{name}") == name.encode()
    assert blobs.exists(f"photos/{name}")


@pytest.mark.parametrize("folder", ["한국", "a%20b", "q?a=b&c#d+e", "a b", "'\"<>;*", "a..b"])
def test_a_folder_with_an_unusual_name_is_listed(folder: str, blobs: Blobs) -> None:
    blobs.write(f"photos/{folder}/겨울 코트%20.jpg", b"coat")

    assert list(blobs.folders("photos")) == [f"photos/{folder}"]
    assert list(blobs.names(f"photos/{folder}")) == [f"photos/{folder}/겨울 코트%20.jpg"]


def test_the_error_for_a_missing_blob_has_its_address(blobs: Blobs) -> None:
    blobs.write("folder/coat.jpg", b"coat")

    for name in ("missing", "folder", "folder/missing", "folder/coat.jpg/missing"):
        assert not blobs.exists(name)
        assert blobs.version(name) is None
        with pytest.raises(BlobNotFound, match=f"{re.escape(blobs.where(name))} does not exist"):
            blobs.read(name)


def test_where_gives_the_full_address(local: LocalBlobs, bucket: Bucket) -> None:
    at_root = GcsBlobs(bucket.client(), bucket.name)
    below = GcsBlobs(bucket.client(), bucket.name, "oott/store")

    assert local.where("photos/a.jpg") == f"{local.root}/photos/a.jpg"
    assert at_root.where("photos/a.jpg") == f"{bucket.url}/photos/a.jpg"
    assert below.where("photos/a.jpg") == f"{bucket.url}/oott/store/photos/a.jpg"


def test_a_store_that_was_never_written_to_is_empty(blobs: Blobs) -> None:
    assert list(blobs.names("photos")) == []
    assert list(blobs.names("")) == []
    assert list(blobs.folders("")) == []


def test_listing_does_not_create_the_store(local: LocalBlobs) -> None:
    assert list(local.names("photos")) == []
    assert not local.root.exists()


def test_blobs_are_listed_sorted_without_subfolders(blobs: Blobs) -> None:
    for name in ("photos/b.jpg", "photos/a.jpg", "photos/2024/c.jpg", "other/d.jpg", "photos2/e"):
        blobs.write(name, b"")

    assert list(blobs.names("photos")) == ["photos/a.jpg", "photos/b.jpg"]


def test_folders_are_listed_sorted_without_their_subfolders(blobs: Blobs) -> None:
    for name in ("photos/b/1", "photos/a!/2/deep", "photos/a/3", "photos/z", "other/4"):
        blobs.write(name, b"")

    assert list(blobs.folders("photos")) == ["photos/a", "photos/a!", "photos/b"]
    assert list(blobs.folders("")) == ["other", "photos"]


def test_deleting_a_blob_keeps_its_neighbour(blobs: Blobs) -> None:
    blobs.write("photos/a/1.jpg", b"1")
    blobs.write("photos/a/2.jpg", b"2")

    blobs.delete("photos/a/1.jpg")

    assert not blobs.exists("photos/a/1.jpg")
    assert list(blobs.names("photos/a")) == ["photos/a/2.jpg"]


def test_a_folder_without_blobs_is_not_listed(blobs: Blobs) -> None:
    blobs.write("photos/hongdae/2024-01/1.jpg", b"1")

    blobs.delete("photos/hongdae/2024-01/1.jpg")

    assert list(blobs.folders("photos")) == []


def test_deleting_a_missing_blob_does_nothing(blobs: Blobs) -> None:
    blobs.write("photos/1.jpg", b"1")

    for name in ("missing", "photos", "photos/missing", "photos/1.jpg/missing"):
        blobs.delete(name)

    assert blobs.read("photos/1.jpg") == b"1"


def test_deleting_a_folder_keeps_other_folders(blobs: Blobs) -> None:
    for name in ("journals/a/1", "journals/a/deep/2", "journals/a/.hidden", "journals/ab/3"):
        blobs.write(name, b"x")

    blobs.delete_all("journals/a")
    blobs.delete_all("journals/never")

    assert list(blobs.folders("journals")) == ["journals/ab"]
    assert not blobs.exists("journals/a/.hidden")
    assert blobs.exists("journals/ab/3")


@pytest.mark.parametrize("name", ["../secret", "photos/../../secret", "/etc/passwd", ".."])
def test_a_name_outside_the_store_is_rejected(name: str, blobs: Blobs) -> None:
    calls: list[Callable[[str], object]] = [
        blobs.where, blobs.read, blobs.exists, lambda name: blobs.write(name, b""), blobs.delete,
        blobs.delete_all, lambda name: list(blobs.names(name)),
        lambda name: list(blobs.folders(name)), lambda name: blobs.locked(name).__enter__(),
        blobs.version, lambda name: blobs.replace(name, b"", None),
    ]  # fmt: skip

    for call in calls:
        with pytest.raises(ValueError, match="is not a blob name: it points outside the store"):
            call(name)


@pytest.mark.parametrize("name", ["", "a//b", "a/", "./a", "a/./b", "a\nb", "a\0b"])
def test_an_invalid_blob_name_is_rejected(name: str, blobs: Blobs) -> None:
    calls: list[Callable[[str], object]] = [
        blobs.read, blobs.exists, blobs.delete, blobs.delete_all,
        lambda name: blobs.write(name, b""),
    ]  # fmt: skip

    for call in calls:
        with pytest.raises(ValueError, match="is not a blob name"):
            call(name)


def test_one_of_eight_writers_replaces_a_blob(opened: Callable[[], Blobs]) -> None:
    blobs = opened()
    version = blobs.write("manifest", b"old")
    all_ready = threading.Barrier(8)

    def race(number: int) -> bytes | None:
        writer, content = opened(), f"content {number}".encode()
        all_ready.wait(30)
        try:
            with writer.exclusive_lock("manifests"):
                writer.replace("manifest", content, version)
        except BlobChanged:
            return None
        return content

    with ThreadPoolExecutor(8) as threads:
        won = [content for content in threads.map(race, range(8)) if content]

    assert won == [blobs.read("manifest")]


def test_a_blob_is_replaced_only_while_it_is_as_it_was(blobs: Blobs) -> None:
    assert blobs.version("manifest") is None

    first = blobs.replace("manifest", b"1", None)
    second = blobs.replace("manifest", b"2", first)

    assert blobs.version("manifest") == second
    for version in (None, first):
        with pytest.raises(BlobChanged, match=f"{re.escape(blobs.where('manifest'))} was changed"):
            blobs.replace("manifest", b"3", version)
    blobs.delete("manifest")
    with pytest.raises(BlobChanged):
        blobs.replace("manifest", b"3", second)
    assert not blobs.exists("manifest")


def test_one_of_eight_threads_gets_the_lock_of_a_folder(local: LocalBlobs) -> None:
    all_ready, all_tried = threading.Barrier(8), threading.Barrier(8)

    def race(blobs: LocalBlobs) -> str:
        all_ready.wait(30)
        try:
            with blobs.locked("photos/hongdae"):
                all_tried.wait(30)
                return "locked"
        except AlreadyLocked as error:
            all_tried.wait(30)
            return str(error)

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(race, [LocalBlobs(local.root) for _ in range(8)]))

    assert outcomes.count("locked") == 1
    errors = [outcome for outcome in outcomes if outcome != "locked"]
    assert all("photos/hongdae is locked by" in error for error in errors)


def test_the_error_for_a_locked_folder_names_the_owner(local: LocalBlobs) -> None:
    with (
        local.locked("photos/hongdae"),
        pytest.raises(AlreadyLocked, match=f"process {os.getpid()} on .* since 20.* UTC; wait"),
        local.locked("photos/hongdae"),
    ):
        pytest.fail("one folder was locked twice")


def test_a_lock_ends_after_an_error_and_covers_one_folder(local: LocalBlobs) -> None:
    with pytest.raises(ZeroDivisionError), local.locked("photos"):
        raise ZeroDivisionError

    with ExitStack() as all_four:
        for folder in ("photos/a", "photos/b", "photos", ""):
            all_four.enter_context(local.locked(folder))


def test_a_lock_is_not_listed(blobs: Blobs) -> None:
    with blobs.locked("photos/hongdae"), blobs.locked(""):
        assert list(blobs.names("photos/hongdae")) == []
        assert list(blobs.folders("")) == []
        blobs.write("photos/hongdae/1.jpg", b"1")

    assert list(blobs.folders("")) == ["photos"]
    assert list(blobs.names("photos/hongdae")) == ["photos/hongdae/1.jpg"]


def test_deleting_a_locked_folder_does_not_unlock_it(local: LocalBlobs) -> None:
    with local.locked("journals/a"):
        local.write("journals/a/1", b"1")
        local.delete_all("journals/a")
        shutil.rmtree(local.path_of("journals/a"))

        with pytest.raises(AlreadyLocked), local.locked("journals/a"):
            pytest.fail("one folder was locked twice")


def test_the_lock_of_a_killed_process_ends_immediately(local: LocalBlobs) -> None:
    def lock_and_block(block: Callable[[], None]) -> None:
        with local.locked("photos"):
            block()

    kill_when_ready(lock_and_block)

    with local.locked("photos"):
        pass


def test_an_exclusive_lock_waits_and_excludes_a_lock_that_does_not(local: LocalBlobs) -> None:
    waiting = threading.Event()

    def wait_for_the_lock() -> None:
        waiting.set()
        with local.exclusive_lock("photos"):
            pass

    with ThreadPoolExecutor(1) as threads:
        with local.exclusive_lock("photos"):
            waiter = threads.submit(wait_for_the_lock)
            assert waiting.wait(30)
            with pytest.raises(AlreadyLocked):
                local.locked("photos").__enter__()
            assert not waiter.done()
        waiter.result(30)


def test_temporary_files_of_killed_writers_are_removed_when_their_folder_is_used(
    local: LocalBlobs,
) -> None:
    for folder in ("above/below", "deleted", "listed", "locked", "recent", "replaced", "written"):
        local.write(f"{folder}/1", b"old")
        file = local.root / folder / ".writing-0"
        file.write_bytes(b"a face")
        if folder != "recent":
            long_ago = time.time() - 61
            os.utime(file, (long_ago, long_ago))

    # A live writer locks its file, however long the write takes.
    with (local.root / "written/.writing-0").open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert [*local.folders("above")] == ["above/below"]
        local.delete_all("deleted")
        local.write("replaced/1", b"new")
        with local.locked("locked"):
            pass
        for folder in ("listed", "recent", "written"):
            assert [*local.names(folder)] == [f"{folder}/1"]

    left = [file for file in files_in(local) if ".writing-" in file]
    assert left == ["recent/.writing-0", "written/.writing-0"]


def test_a_file_is_locked_while_it_is_written(
    local: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, locks = os.replace, []

    def noted(unfinished: Path, file: Path) -> None:
        with unfinished.open("rb") as opened, pytest.raises(BlockingIOError):
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locks.append(unfinished)
        replace(unfinished, file)

    monkeypatch.setattr(os, "replace", noted)
    local.write("photos/1", b"a face")

    assert len(locks) == 1


@pytest.mark.parametrize("root", ["gs://bucket/photos", "s3://bucket"])
def test_a_url_is_rejected_as_a_local_store(root: str) -> None:
    with pytest.raises(ValueError, match=f"{root} is not a local folder"):
        LocalBlobs(root)


def test_a_killed_writer_leaves_the_old_blob(local: LocalBlobs) -> None:
    local.write("latest.json", b"old")

    _kill_while_writing(local, "latest.json", b"x" * 100_000)

    assert local.read("latest.json") == b"old"
    assert list(LocalBlobs(local.root.parent).names("store")) == ["store/latest.json"]


def test_a_failed_write_leaves_only_the_old_blob(
    local: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.write("latest.json", b"old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        local.write("latest.json", b"new")

    assert local.read("latest.json") == b"old"
    assert files_in(local) == ["latest.json"]


def test_processes_that_write_one_blob_do_not_mix_their_content(
    local: LocalBlobs,
) -> None:
    def write(number: int) -> None:
        for _ in range(20):
            local.write("latest.json", bytes([number]) * (100_000 + number))

    assert in_processes(4, write) == [0] * 4

    content = local.read("latest.json")
    assert content == bytes([content[0]]) * (100_000 + content[0])
    assert files_in(local) == ["latest.json"]


def test_a_reader_of_the_old_blob_is_not_disturbed_by_a_write(local: LocalBlobs) -> None:
    local.write("latest.json", b"old")
    with local.path_of("latest.json").open("rb", buffering=0) as reader:
        first_byte = reader.read(1)

        local.write("latest.json", b"new")

        assert first_byte + reader.read() == b"old"
    assert local.read("latest.json") == b"new"


def _kill_while_writing(local: LocalBlobs, name: str, content: bytes) -> None:
    """Kill a process that has written a temporary file but not yet renamed it."""

    def write_and_block(block: Callable[[], None]) -> None:
        with pytest.MonkeyPatch.context() as slow_disk:
            slow_disk.setattr(os, "fsync", lambda _: block())
            local.write(name, content)

    kill_when_ready(write_and_block)
