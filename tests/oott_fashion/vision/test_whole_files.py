import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from oott_fashion.vision.photos import UnreadablePhoto, read_photo
from tests.oott_fashion.vision.colour_profiles import rgb_profile
from tests.oott_fashion.vision.test_photos import encoded

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)

JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "with restarts": {"restart_marker_blocks": 2},
}


def with_chunk(png: bytes, kind: bytes, payload: bytes, checksum: int | None = None) -> bytes:
    """Insert a chunk after the header of a PNG."""
    checksum = zlib.crc32(kind + payload) if checksum is None else checksum
    return (
        png[:33]
        + struct.pack(">I", len(payload))
        + kind
        + payload
        + struct.pack(">I", checksum)
        + png[33:]
    )


@pytest.mark.parametrize("zipped", [True, False])
def test_texts_of_many_megabytes_do_not_cost_a_photo(zipped: bool) -> None:
    texts = PngImagePlugin.PngInfo()
    for number in range(3):
        texts.add_text(f"text {number}", "x" * 3_000_000, zip=zipped)

    assert np.array_equal(read_photo(encoded(PICTURE, pnginfo=texts)), PICTURE)


@pytest.mark.parametrize("kind", [b"tEXt", b"iCCP", b"eXIf", b"tIME", b"prVt"])
def test_a_wrong_checksum_outside_the_pixels_does_not_cost_a_photo(kind: bytes) -> None:
    damaged = with_chunk(encoded(PICTURE), kind, b"name\0\0payload", checksum=1)

    assert np.array_equal(read_photo(damaged), PICTURE)


def test_a_wrong_checksum_of_pixels_is_found() -> None:
    damaged = bytearray(encoded(PICTURE))
    damaged[200] ^= 1

    with pytest.raises(UnreadablePhoto):
        read_photo(bytes(damaged))


@pytest.mark.parametrize("packed", [zlib.compress(bytes(3_000_000)), b"not zlib", b""])
def test_a_profile_that_cannot_be_unpacked_is_ignored(packed: bytes) -> None:
    photo = with_chunk(encoded(PICTURE), b"iCCP", b"name\0\0" + packed)

    assert np.array_equal(read_photo(photo), PICTURE)


def test_a_png_without_its_last_chunk_is_read() -> None:
    assert np.array_equal(read_photo(encoded(PICTURE)[:-12]), PICTURE)


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("end", [b"", b"\xff", b"\0" * 100])
def test_a_jpeg_without_its_end_marker_is_read(kind: str, end: bytes) -> None:
    whole = encoded(PICTURE, "JPEG", **JPEGS[kind])

    assert np.array_equal(read_photo(whole[:-2] + end), read_photo(whole))


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("filled", [False, True])
def test_a_jpeg_without_its_last_pixels_is_rejected(kind: str, filled: bool) -> None:
    """If ``filled``, zeros are in the place of the missing bytes."""
    whole = encoded(PICTURE, "JPEG", **JPEGS[kind])
    for cut in range(len(whole) // 2, len(whole) - 20, len(whole) // 41):
        with pytest.raises(UnreadablePhoto, match="truncated"):
            read_photo(whole[:cut] + bytes(len(whole) - cut) * filled)


def test_a_preview_does_not_stand_for_a_truncated_jpeg() -> None:
    preview = encoded(Image.new("RGB", (8, 8)), "JPEG")
    whole = encoded(PICTURE, "JPEG", exif=b"Exif\0\0" + preview, icc_profile=rgb_profile())

    with pytest.raises(UnreadablePhoto, match="truncated"):
        read_photo(whole[:-200])


def test_damaged_exif_does_not_cost_a_photo() -> None:
    plain = encoded(PICTURE, "JPEG")

    damaged = encoded(PICTURE, "JPEG", exif=b"Exif\0\0" + b"no directory of tags")

    assert np.array_equal(read_photo(damaged), read_photo(plain))
