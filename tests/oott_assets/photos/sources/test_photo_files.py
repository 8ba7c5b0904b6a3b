import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from oott_assets.photos.sources.photo_files import (
    UnreadableFile,
    files_in,
    photos_under,
    read_limited,
    reasons_of,
    shortened,
)
from oott_assets.photos.sources.photo_source import SkippedFile

PHOTO = b"\xff\xd8\xff\xe0"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0"


def skipped(folder: Path) -> list[SkippedFile]:
    return [
        SkippedFile(str(file.relative_to(folder)), reason)
        for file, reason in files_in(folder)
        if reason is not None
    ]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("name", ["a.jfif", "4711_n.jpg?stp=dst-jpg_e35", "no_suffix", "B.HEIC"])
def test_photos_are_known_by_their_content(tmp_path: Path, name: str, kind: str) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / name, kind)

    assert photos_under(tmp_path) == [tmp_path / name]


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"avif"])
def test_heic_and_avif_are_photos_and_other_films_of_that_container_are_videos(
    tmp_path: Path, brand: bytes
) -> None:
    (tmp_path / "a").write_bytes(HEIC.replace(b"heic", brand))
    (tmp_path / "b.jpg").write_bytes(HEIC.replace(b"heic", b"isom"))

    assert photos_under(tmp_path) == [tmp_path / "a"]
    assert skipped(tmp_path) == [SkippedFile("b.jpg", "a video, not a photo")]


def test_other_files_are_skipped_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_text("<!DOCTYPE html>")
    (tmp_path / "BMW").write_text("BMW drives through Hongdae")
    (tmp_path / "empty.png").touch()
    (tmp_path / "._a.jpg").write_bytes(PHOTO)
    (tmp_path / ".thumbnails").mkdir()
    (tmp_path / ".thumbnails/b.jpg").write_bytes(PHOTO)

    assert sorted(skipped(tmp_path)) == [
        SkippedFile("._a.jpg", "hidden"),
        SkippedFile(".thumbnails", "hidden"),
        SkippedFile("BMW", "not a photo"),
        SkippedFile("empty.png", "empty"),
        SkippedFile("page.jpg", "not a photo"),
    ]
    assert photos_under(tmp_path) == []


@pytest.fixture
def special_files(tmp_path: Path) -> Iterator[Path]:
    """Give a folder in which no file is a photo, but all are named like one."""
    folder = tmp_path / "photos"
    folder.mkdir()
    os.mkfifo(folder / "fifo.jpg")
    (tmp_path / "outside.jpg").write_bytes(PHOTO)
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "device.jpg").symlink_to("/dev/zero")
    (folder / "loop.jpg").symlink_to(folder)
    (folder / "broken.jpg").symlink_to("gone.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket.jpg"))
        yield folder


def test_a_pipe_a_device_or_a_link_to_elsewhere_is_skipped_and_not_read(
    special_files: Path,
) -> None:
    no_file = "not a regular file, but a folder, a pipe or a device"
    elsewhere = "a link to a place outside the folder"

    assert sorted(skipped(special_files)) == [
        SkippedFile("broken.jpg", "cannot be read: No such file or directory"),
        SkippedFile("device.jpg", elsewhere),
        SkippedFile("fifo.jpg", no_file),
        SkippedFile("link.jpg", elsewhere),
        SkippedFile("loop.jpg", no_file),
        SkippedFile("socket.jpg", no_file),
    ]
    assert photos_under(special_files) == []
    with pytest.raises(UnreadableFile, match="not a regular file"):
        read_limited(special_files / "fifo.jpg", 10)


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tmp_path / "photos")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_bytes(PHOTO)
    (tmp_path / "photos/b.jpg").symlink_to("a.jpg")

    assert [file.name for file in photos_under(tmp_path / "linked")] == ["a.jpg", "b.jpg"]


def test_photos_of_subfolders_follow_those_of_the_folder_sorted_by_name(tmp_path: Path) -> None:
    for name in ("z.jpg", "b/y.jpg", "b/a/x.jpg", "a/w.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(PHOTO)

    found = [str(file.relative_to(tmp_path)) for file in photos_under(tmp_path)]
    assert found == ["z.jpg", "a/w.jpg", "b/y.jpg", "b/a/x.jpg"]


def test_reasons_are_counted_and_the_first_names_are_given() -> None:
    videos = [SkippedFile(f"{number}.mp4", "a video") for number in range(7)]

    assert reasons_of([SkippedFile("a", "empty"), *videos]) == [
        ("a video", 7, "0.mp4, 1.mp4, 2.mp4, 3.mp4, 4.mp4, 2 more"),
        ("empty", 1, "a"),
    ]
    assert shortened([]) == "none"
    assert shortened(list("abcde")) == "a, b, c, d, e"
