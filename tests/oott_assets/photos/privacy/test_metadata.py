import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from oott_assets.photos.privacy.metadata import without_metadata
from oott_fashion.vision.photos import UnreadablePhoto, read_photo
from tests.oott_assets.photos.privacy.photo_files import (
    SECRET,
    encoded,
    exif,
    pixels,
    plain_files,
    profile,
    telling_files,
    telling_jpeg,
    telling_profile,
)

PLAIN, TELLING = plain_files(), telling_files()


def said_by(content: bytes) -> set[str | tuple[int, int]]:
    """List what Pillow reads off a file beside its pixels."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert not image.getexif()
        return set(image.info)


@pytest.mark.parametrize("kind", TELLING)
def test_nothing_that_a_file_says_beside_its_picture_is_kept(kind: str) -> None:
    stripped = without_metadata(TELLING[kind])

    assert SECRET in TELLING[kind]
    for word in (SECRET, b"Exif", b"EXIF", b"XMP", b"http", b"FBMD", b"MPF", b"mmod", b"ftyp"):
        assert word not in stripped
    assert said_by(stripped) <= {
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "adobe", "adobe_transform"),
        *("loop", "background", "timestamp", "duration", "icc_profile"),
    }


# One file says that it holds a second picture, and does not; Pillow warns of it, and reads on.
@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO file")
@pytest.mark.parametrize("kind", TELLING)
def test_a_stripped_file_shows_the_same_picture_of_the_same_kind(kind: str) -> None:
    stripped = without_metadata(TELLING[kind])

    assert np.array_equal(read_photo(stripped), read_photo(TELLING[kind]))
    assert stripped[:4] == TELLING[kind][:4]


@pytest.mark.parametrize("kind", PLAIN)
def test_a_file_that_has_nothing_to_strip_comes_back_byte_for_byte(kind: str) -> None:
    assert without_metadata(PLAIN[kind]) == PLAIN[kind]


@pytest.mark.parametrize("kind", TELLING)
def test_what_was_stripped_once_has_nothing_left_to_strip(kind: str) -> None:
    stripped = without_metadata(TELLING[kind])

    assert without_metadata(stripped) == stripped


def test_compressed_pixels_are_copied_as_they_are() -> None:
    plain = encoded(pixels(), "JPEG")

    stripped = without_metadata(telling_jpeg(plain) + SECRET)

    # Its first 20 bytes are JFIF's, without a thumbnail; then comes what Adobe has to say.
    assert stripped.startswith(plain[:20])
    assert stripped.endswith(plain[20:])


@pytest.mark.parametrize("kind", ["EXIF", "XMP", "profile"])
def test_a_webp_does_not_announce_what_was_taken_off_it(kind: str) -> None:
    said = {"EXIF": exif(), "XMP": SECRET, "profile": telling_profile()}
    option = {"EXIF": "exif", "XMP": "xmp", "profile": "icc_profile"}[kind]
    features = {"EXIF": 0x08, "XMP": 0x04, "profile": 0x20}[kind]
    telling = encoded(pixels(), "WEBP", **{option: said[kind]})

    assert telling[20] == features
    assert without_metadata(telling)[20] == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_colour_profile_is_kept_if_it_says_no_more_than_colours(kind: str) -> None:
    kept = without_metadata(encoded(pixels(), kind, icc_profile=profile(), exif=exif()))
    dropped = without_metadata(encoded(pixels(), kind, icc_profile=telling_profile()))

    with Image.open(io.BytesIO(kept)) as image:
        assert image.info["icc_profile"] == profile()
    assert "icc_profile" not in said_by(dropped)


def _with_tags(tags: int) -> bytes:
    return profile()[:128] + struct.pack(">I", tags) + profile()[132:]


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        SECRET,
        zlib.compress(SECRET * 9),
        zlib.compress(profile() + SECRET),
        zlib.compress(profile()) + SECRET,
        zlib.compress(profile())[:-9],
        zlib.compress(profile()[:-1]),
        zlib.compress(_with_tags(10**6)),
    ],
)
def test_what_is_no_whole_colour_profile_is_not_kept_as_one(packed: bytes) -> None:
    payload = b"iCCP" + b"ICC Profile\0\0" + packed
    chunk = struct.pack(">I", len(payload) - 4) + payload + struct.pack(">I", zlib.crc32(payload))
    plain = encoded(pixels(), "PNG")

    assert without_metadata(plain[:33] + chunk + plain[33:]) == plain


def test_a_profile_in_two_parts_is_kept_and_one_that_lacks_a_part_is_not() -> None:
    plain, half = encoded(pixels(), "JPEG"), len(profile()) // 2
    parts = [b"\1\2" + profile()[:half], b"\2\2" + profile()[half:]]
    segments = [
        b"\xff\xe2" + struct.pack(">H", len(part) + 14) + b"ICC_PROFILE\0" + part for part in parts
    ]
    whole = plain[:20] + b"".join(segments) + plain[20:]

    assert without_metadata(whole) == whole
    assert without_metadata(plain[:20] + segments[0] + plain[20:]) == plain


def test_a_profile_that_unpacks_to_more_than_any_needs_is_not_unpacked_whole() -> None:
    payload = b"iCCP" + b"ICC Profile\0\0" + zlib.compress(bytes(100_000_000), 1)
    chunk = struct.pack(">I", len(payload) - 4) + payload + struct.pack(">I", zlib.crc32(payload))
    plain = encoded(pixels(), "PNG")

    tracemalloc.start()
    stripped = without_metadata(plain[:33] + chunk + plain[33:])
    _, max_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert stripped == plain
    assert max_bytes < 20_000_000


def test_a_png_chunk_of_colours_that_is_longer_than_colours_take_is_dropped() -> None:
    payload = b"gAMA" + b"\0\0\xb1\x8f" + SECRET
    chunk = struct.pack(">I", len(payload) - 4) + payload + struct.pack(">I", zlib.crc32(payload))
    plain = encoded(pixels(), "PNG")

    assert without_metadata(plain[:33] + chunk + plain[33:]) == plain


@pytest.mark.parametrize("kind", ["JPEG progressive", "PNG", "WebP with alpha"])
def test_a_file_that_is_cut_short_cannot_be_stripped(kind: str) -> None:
    with pytest.raises(UnreadablePhoto, match=r"no end|longer than the file|within a chunk"):
        without_metadata(PLAIN[kind][:-9])


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"GIF89a", b"RIFF", b"plain text"])
def test_what_is_no_jpeg_png_or_webp_cannot_be_stripped(content: bytes) -> None:
    with pytest.raises(UnreadablePhoto):
        without_metadata(content)


@pytest.mark.parametrize(
    ("kind", "start", "piece", "most"),
    [("JPEG", 20, b"\xff\xfe\0\2", 10_000), ("PNG", 33, b"\0\0\0\0prVt\0\0\0\0", 100_000)],
)
def test_a_file_of_more_pieces_than_any_needs_is_not_taken_apart(
    kind: str, start: int, piece: bytes, most: int
) -> None:
    plain = PLAIN[kind]
    many = plain[:start] + piece * most + plain[start:]

    with pytest.raises(UnreadablePhoto, match=f"{most:,}"):
        without_metadata(many)
