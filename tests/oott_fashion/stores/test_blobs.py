import os
from collections.abc import Callable
from pathlib import Path

import pytest

from oott_fashion.stores.blobs import LocalBlobs, NoBlob
from tests.databases import in_processes, kill_when_ready


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "store")


def files_in(blobs: LocalBlobs) -> list[str]:
    """List every file of the store, hidden ones too."""
    return sorted(str(path.relative_to(blobs.root)) for path in blobs.root.rglob("*.*"))


def test_what_was_written_is_read(blobs: LocalBlobs) -> None:
    blobs.write("photos/2024/coat.jpg", b"\xff\xd8\0")

    assert blobs.read("photos/2024/coat.jpg") == b"\xff\xd8\0"
    assert blobs.exists("photos/2024/coat.jpg")
    assert blobs.path_of("photos/2024/coat.jpg").read_bytes() == b"\xff\xd8\0"


def test_an_empty_blob_is_a_blob(blobs: LocalBlobs) -> None:
    blobs.write("empty", b"")

    assert blobs.exists("empty")
    assert blobs.read("empty") == b""


def test_a_blob_is_written_in_place_of_the_longer_one_before(blobs: LocalBlobs) -> None:
    blobs.write("latest.json", b"a long first version")
    blobs.write("latest.json", b"second")

    assert blobs.read("latest.json") == b"second"
    assert files_in(blobs) == ["latest.json"]


@pytest.mark.parametrize("name", ["missing", "folder/missing", "folder/coat.jpg/missing"])
def test_a_blob_that_was_never_written_is_missing_by_its_path(name: str, blobs: LocalBlobs) -> None:
    blobs.write("folder/coat.jpg", b"coat")

    assert not blobs.exists(name)
    with pytest.raises(NoBlob, match=f"{blobs.root}/{name} does not exist"):
        blobs.read(name)


def test_a_store_that_was_never_written_to_is_empty(blobs: LocalBlobs) -> None:
    assert list(blobs.names("photos")) == []
    assert not blobs.root.exists()


def test_a_folder_is_no_blob(blobs: LocalBlobs) -> None:
    blobs.write("photos/coat.jpg", b"coat")

    assert not blobs.exists("photos")


def test_blobs_of_a_folder_are_listed_in_order_without_those_below_it(blobs: LocalBlobs) -> None:
    for name in ("photos/b.jpg", "photos/a.jpg", "photos/2024/c.jpg", "other/d.jpg"):
        blobs.write(name, b"")

    assert list(blobs.names("photos")) == ["photos/a.jpg", "photos/b.jpg"]


@pytest.mark.parametrize("name", ["../secret", "photos/../../secret", "/etc/passwd", ".."])
def test_a_name_that_would_leave_the_store_is_refused(name: str, blobs: LocalBlobs) -> None:
    calls: list[Callable[[str], object]] = [
        blobs.path_of, blobs.read, blobs.exists, lambda name: blobs.write(name, b""),
        lambda name: list(blobs.names(name)),
    ]  # fmt: skip

    for call in calls:
        with pytest.raises(ValueError, match="is no blob name: it would leave the store"):
            call(name)


def test_two_dots_within_a_name_are_a_name(blobs: LocalBlobs) -> None:
    blobs.write("a..b", b"dots")

    assert blobs.read("a..b") == b"dots"


@pytest.mark.parametrize("root", ["gs://bucket/photos", "s3://bucket"])
def test_a_url_is_refused_as_a_store(root: str) -> None:
    with pytest.raises(ValueError, match=f"{root} is not a local folder"):
        LocalBlobs(root)


def test_a_writer_killed_half_way_leaves_the_old_blob(blobs: LocalBlobs) -> None:
    blobs.write("latest.json", b"old")

    _kill_while_writing(blobs, "latest.json", b"x" * 100_000)

    assert blobs.read("latest.json") == b"old"
    assert list(LocalBlobs(blobs.root.parent).names("store")) == ["store/latest.json"]


def test_what_a_killed_writer_left_is_neither_kept_nor_mixed_in(blobs: LocalBlobs) -> None:
    _kill_while_writing(blobs, "latest.json", b"x" * 100_000)

    blobs.write("latest.json", b"new")

    assert blobs.read("latest.json") == b"new"
    assert files_in(blobs) == ["latest.json"]


def test_a_write_that_fails_leaves_the_old_blob_and_nothing_else(
    blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.write("latest.json", b"old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        blobs.write("latest.json", b"new")

    assert blobs.read("latest.json") == b"old"
    assert files_in(blobs) == ["latest.json"]


def test_processes_that_write_one_blob_at_once_leave_one_of_theirs_whole(
    blobs: LocalBlobs,
) -> None:
    def write(number: int) -> None:
        for _ in range(20):
            blobs.write("latest.json", bytes([number]) * (100_000 + number))

    assert in_processes(4, write) == [0] * 4

    content = blobs.read("latest.json")
    assert content == bytes([content[0]]) * (100_000 + content[0])
    assert files_in(blobs) == ["latest.json"]


def test_a_reader_who_has_begun_reads_the_old_blob_to_its_end(blobs: LocalBlobs) -> None:
    blobs.write("latest.json", b"old")
    with blobs.path_of("latest.json").open("rb", buffering=0) as reader:
        begun = reader.read(1)

        blobs.write("latest.json", b"new")

        assert begun + reader.read() == b"old"
    assert blobs.read("latest.json") == b"new"


def _kill_while_writing(blobs: LocalBlobs, name: str, content: bytes) -> None:
    """Kill a process whose content is written and not yet in place."""

    def write_and_stop(block: Callable[[], None]) -> None:
        with pytest.MonkeyPatch.context() as slow_disk:
            slow_disk.setattr(os, "fsync", lambda _: block())
            blobs.write(name, content)

    kill_when_ready(write_and_stop)
