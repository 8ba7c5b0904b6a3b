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
    files_with_metadata,
    jpeg_with_metadata,
    pixels,
    plain_files,
    private_profile,
    profile,
)

PLAIN, WITH_METADATA = plain_files(), files_with_metadata()


def metadata_in(content: bytes) -> set[str | tuple[int, int]]:
    """List the metadata fields that Pillow finds in a file."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert not image.getexif()
        return set(image.info)


@pytest.mark.parametrize("kind", WITH_METADATA)
def test_all_metadata_is_removed(kind: str) -> None:
    stripped = without_metadata(WITH_METADATA[kind])

    assert SECRET in WITH_METADATA[kind]
    for word in (SECRET, b"Exif", b"EXIF", b"XMP", b"http", b"FBMD", b"MPF", b"mmod", b"ftyp"):
        assert word not in stripped
    assert metadata_in(stripped) <= {
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "adobe", "adobe_transform"),
        *("loop", "background", "timestamp", "duration", "icc_profile"),
    }


# One stripped file announces a second picture that it does not have; Pillow warns about it.
@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO file")
@pytest.mark.parametrize("kind", WITH_METADATA)
def test_a_stripped_file_has_the_same_picture_and_format(kind: str) -> None:
    stripped = without_metadata(WITH_METADATA[kind])

    assert np.array_equal(read_photo(stripped), read_photo(WITH_METADATA[kind]))
    assert stripped[:4] == WITH_METADATA[kind][:4]


@pytest.mark.parametrize("kind", PLAIN)
def test_a_file_without_metadata_is_not_changed(kind: str) -> None:
    assert without_metadata(PLAIN[kind]) == PLAIN[kind]


@pytest.mark.parametrize("kind", WITH_METADATA)
def test_stripping_twice_changes_nothing(kind: str) -> None:
    stripped = without_metadata(WITH_METADATA[kind])

    assert without_metadata(stripped) == stripped


def test_compressed_pixels_are_not_changed() -> None:
    plain = encoded(pixels(), "JPEG")

    stripped = without_metadata(jpeg_with_metadata(plain) + SECRET)

    # The first 20 bytes are the JFIF segment without a thumbnail; then comes the Adobe segment.
    assert stripped.startswith(plain[:20])
    assert stripped.endswith(plain[20:])


@pytest.mark.parametrize("kind", ["EXIF", "XMP", "profile"])
def test_a_webp_does_not_announce_removed_metadata(kind: str) -> None:
    content = {"EXIF": exif(), "XMP": SECRET, "profile": private_profile()}
    option = {"EXIF": "exif", "XMP": "xmp", "profile": "icc_profile"}[kind]
    features = {"EXIF": 0x08, "XMP": 0x04, "profile": 0x20}[kind]
    photo = encoded(pixels(), "WEBP", **{option: content[kind]})

    assert photo[20] == features
    assert without_metadata(photo)[20] == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_colour_profile_without_private_data_is_kept(kind: str) -> None:
    kept = without_metadata(encoded(pixels(), kind, icc_profile=profile(), exif=exif()))
    dropped = without_metadata(encoded(pixels(), kind, icc_profile=private_profile()))

    with Image.open(io.BytesIO(kept)) as image:
        assert image.info["icc_profile"] == profile()
    assert "icc_profile" not in metadata_in(dropped)


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
def test_an_incomplete_colour_profile_is_removed(packed: bytes) -> None:
    payload = b"iCCP" + b"ICC Profile\0\0" + packed
    chunk = struct.pack(">I", len(payload) - 4) + payload + struct.pack(">I", zlib.crc32(payload))
    plain = encoded(pixels(), "PNG")

    assert without_metadata(plain[:33] + chunk + plain[33:]) == plain


def test_a_profile_with_a_missing_part_is_removed() -> None:
    plain, half = encoded(pixels(), "JPEG"), len(profile()) // 2
    parts = [b"\1\2" + profile()[:half], b"\2\2" + profile()[half:]]
    segments = [
        b"\xff\xe2" + struct.pack(">H", len(part) + 14) + b"ICC_PROFILE\0" + part for part in parts
    ]
    whole = plain[:20] + b"".join(segments) + plain[20:]

    assert without_metadata(whole) == whole
    assert without_metadata(plain[:20] + segments[0] + plain[20:]) == plain


def test_a_very_large_compressed_profile_is_not_unpacked() -> None:
    payload = b"iCCP" + b"ICC Profile\0\0" + zlib.compress(bytes(100_000_000), 1)
    chunk = struct.pack(">I", len(payload) - 4) + payload + struct.pack(">I", zlib.crc32(payload))
    plain = encoded(pixels(), "PNG")

    tracemalloc.start()
    stripped = without_metadata(plain[:33] + chunk + plain[33:])
    _, max_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert stripped == plain
    assert max_bytes < 20_000_000


def test_a_colour_chunk_that_is_too_long_is_removed() -> None:
    payload = b"gAMA" + b"\0\0\xb1\x8f" + SECRET
    chunk = struct.pack(">I", len(payload) - 4) + payload + struct.pack(">I", zlib.crc32(payload))
    plain = encoded(pixels(), "PNG")

    assert without_metadata(plain[:33] + chunk + plain[33:]) == plain


@pytest.mark.parametrize("kind", ["JPEG progressive", "PNG", "WebP with alpha"])
def test_a_truncated_file_cannot_be_stripped(kind: str) -> None:
    with pytest.raises(UnreadablePhoto, match=r"no end|longer than the file|middle of a chunk"):
        without_metadata(PLAIN[kind][:-9])


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"GIF89a", b"RIFF", b"plain text"])
def test_other_formats_cannot_be_stripped(content: bytes) -> None:
    with pytest.raises(UnreadablePhoto):
        without_metadata(content)


@pytest.mark.parametrize(
    ("kind", "start", "piece", "max_pieces"),
    [("JPEG", 20, b"\xff\xfe\0\2", 10_000), ("PNG", 33, b"\0\0\0\0prVt\0\0\0\0", 100_000)],
)
def test_a_file_of_too_many_segments_or_chunks_is_rejected(
    kind: str, start: int, piece: bytes, max_pieces: int
) -> None:
    plain = PLAIN[kind]
    many = plain[:start] + piece * max_pieces + plain[start:]

    with pytest.raises(UnreadablePhoto, match=f"{max_pieces:,}"):
        without_metadata(many)
