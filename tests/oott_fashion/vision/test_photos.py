import io
import struct
import time
import tracemalloc
import zlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oott_fashion.vision.photos import FORMATS, PhotoTooLarge, UnreadablePhoto, read_photo

# Red at the top left and green at the top right, so that every orientation looks different.
UPRIGHT = np.zeros((16, 32, 3), dtype=np.uint8)
UPRIGHT[:8, :16] = (255, 0, 0)
UPRIGHT[:8, 16:] = (0, 255, 0)

ORIENTATION = 0x0112


def encoded(image: Image.Image | NDArray[np.generic], kind: str = "PNG", **options: Any) -> bytes:
    """Encode ``image`` as a file."""
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


def colour_of(data: bytes) -> list[int]:
    """Read a photo and give the colour of its first pixel."""
    pixels: list[int] = read_photo(data)[0, 0].tolist()
    return pixels


@pytest.mark.parametrize("kind", FORMATS)
def test_every_supported_format_is_read(kind: str) -> None:
    photo = read_photo(encoded(UPRIGHT, kind, quality=95))

    assert photo.shape == (16, 32, 3)
    assert photo.dtype == np.uint8
    assert np.abs(photo[4, 8].astype(int) - (255, 0, 0)).max() < 20


def test_pixels_are_in_rgb_order() -> None:
    assert colour_of(encoded(Image.new("RGB", (1, 1), (10, 20, 30)))) == [10, 20, 30]


# Source: EXIF 2.3, table 4: the stored pixels of the upright photo, by orientation.
AS_STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.transpose(1, 0, 2),
    6: np.rot90(UPRIGHT, 1),
    7: UPRIGHT[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(UPRIGHT, -1),
}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", AS_STORED)
def test_a_photo_taken_sideways_is_turned_upright(orientation: int, kind: str) -> None:
    stored = np.ascontiguousarray(AS_STORED[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}

    photo = read_photo(encoded(stored, kind, exif=exif, **options))

    assert np.array_equal(photo, UPRIGHT)


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_invalid_orientation_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation

    assert np.array_equal(read_photo(encoded(UPRIGHT, exif=exif)), UPRIGHT)


def test_a_photo_whose_exif_has_a_damaged_tag_is_still_turned_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x0128] = 6, 2
    jpeg = encoded(np.ascontiguousarray(AS_STORED[6]), "JPEG", exif=exif)
    # The unit of the resolution, a number, is declared as text: Pillow cannot write that back.
    number, text = struct.pack(">HHI", 0x0128, 3, 1), struct.pack(">HHI", 0x0128, 2, 1)
    assert jpeg.count(number) == 1

    photo = read_photo(jpeg.replace(number, text))

    assert photo.shape == UPRIGHT.shape


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_transparent_photo_gets_a_white_background(mode: str) -> None:
    grey = (100, 100, 100) if mode == "RGBA" else (100,)

    transparent, half, opaque = (
        colour_of(encoded(Image.new(mode, (1, 1), (*grey, alpha)))) for alpha in (0, 128, 255)
    )

    assert (transparent, opaque) == ([255] * 3, [100] * 3)
    assert half == pytest.approx([255 - 155 * 128 / 255] * 3, abs=1)


def test_a_sideways_transparent_photo_is_upright_and_on_white() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    stored = Image.new("RGBA", (1, 2), (0, 0, 0, 0))
    stored.putpixel((0, 1), (10, 20, 30, 255))

    photo = read_photo(encoded(stored, exif=exif))

    assert photo.tolist() == [[[10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_colour_becomes_white(kind: str) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 10, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)

    photo = read_photo(encoded(image, kind, transparency=0))

    assert photo.tolist() == [[[255, 255, 255], [40, 50, 60]]]


def test_palette_colours_become_rgb() -> None:
    image = Image.new("P", (1, 1))
    image.putpalette([200, 10, 30])

    assert colour_of(encoded(image)) == [200, 10, 30]


def test_a_grayscale_photo_gets_three_equal_channels() -> None:
    assert colour_of(encoded(Image.new("L", (1, 1), 77), "PNG")) == [77, 77, 77]


def test_a_black_and_white_scan_is_black_and_white() -> None:
    scan = Image.new("1", (2, 1), 0)
    scan.putpixel((1, 0), 1)

    assert read_photo(encoded(scan)).tolist() == [[[0] * 3, [255] * 3]]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(kind: str) -> None:
    # Magenta and yellow ink, no cyan and no black: red.
    colour = colour_of(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), kind))

    assert colour == pytest.approx([255, 0, 0], abs=3)


# The upper 8 of the 16 bits are kept; values are not clipped at 255. 0x9c40 is 40,000.
@pytest.mark.parametrize(
    ("sample", "expected"), [(0, 0), (255, 0), (256, 1), (0x9C40, 0x9C), (65_535, 255)]
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_gray_photo_of_16_bits_keeps_its_upper_8(sample: int, expected: int, kind: str) -> None:
    image = np.full((1, 1), sample, dtype=np.uint16)

    assert colour_of(encoded(image, kind)) == [expected] * 3


# Pillow reads 32-bit gray values as signed, and their range is unknown; cameras use 16 bits.
@pytest.mark.parametrize(("sample", "expected"), [(-1, 0), (0x9C40, 0x9C), (70_000, 255)])
def test_a_gray_scan_of_32_bits_is_clipped_to_16(sample: int, expected: int) -> None:
    assert colour_of(encoded(np.full((1, 1), sample, dtype=np.int32), "TIFF")) == [expected] * 3


def test_a_photo_with_float_pixels_is_rejected() -> None:
    fractions = encoded(np.full((1, 1), 0.5, dtype=np.float32), "TIFF")

    with pytest.raises(UnreadablePhoto, match="floating-point pixels; expected 8 or 16 bits"):
        read_photo(fractions)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_is_rejected(kind: str) -> None:
    frames = [Image.fromarray(UPRIGHT), Image.fromarray(UPRIGHT[::-1].copy())]
    film = encoded(frames[0], kind, save_all=True, append_images=frames[1:])

    with pytest.raises(UnreadablePhoto, match=f"the {kind} has 2 frames; expected a still photo"):
        read_photo(film)


@pytest.mark.parametrize("compression", ["tiff_ccitt", "group3", "group4"])
def test_a_fax_is_rejected_before_its_damaged_lines_fill_the_log(
    compression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    page = Image.effect_noise((64, 500), 90).convert("1")
    whole = encoded(page, "TIFF", compression=compression)
    half = len(whole) // 2
    fax = whole[:20] + b"\x30" * (half - 20) + whole[half:]

    with pytest.raises(UnreadablePhoto, match="a page in black and white"):
        read_photo(bytes(fax))

    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["MPO", "HEIF"])
def test_a_phone_photo_with_a_second_picture_is_one_photo(kind: str) -> None:
    photo, depth = Image.fromarray(UPRIGHT), Image.new("RGB", (4, 4))
    both = encoded(photo, kind, save_all=True, append_images=[depth])

    assert Image.open(io.BytesIO(both)).format == kind
    assert read_photo(both).shape == UPRIGHT.shape


def test_an_empty_file_is_rejected() -> None:
    with pytest.raises(UnreadablePhoto, match=r"the photo is empty \(0 bytes\); expected a JPEG"):
        read_photo(b"")


@pytest.mark.parametrize(
    "data",
    [b"Dear OOTT, please find my photo enclosed.", b"\xff", b"\0" * 1000, b"%PDF-1.7\n",
     b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
)  # fmt: skip
def test_the_error_for_a_non_photo_shows_its_first_bytes(data: bytes) -> None:
    with pytest.raises(UnreadablePhoto) as error:
        read_photo(data)

    assert f"{len(data):,} bytes starting with {data[:8]!r} are not a photo" in str(error.value)
    assert str(error.value).endswith("expected one of JPEG, PNG, WEBP, BMP, GIF, TIFF, HEIF")


def test_the_error_for_half_a_heic_photo_does_not_call_it_another_format() -> None:
    heic = encoded(UPRIGHT, "HEIF")

    for end in (20, len(heic) // 2):
        with pytest.raises(UnreadablePhoto, match="the HEIC photo is damaged or truncated"):
            read_photo(heic[:end])


def test_a_text_file_is_rejected_after_ultralytics_is_imported(ultralytics: ModuleType) -> None:
    assert Image.open.__module__.startswith(ultralytics.__name__)

    with pytest.raises(UnreadablePhoto, match="are not a photo; expected one of JPEG"):
        read_photo(b"Dear OOTT, please find my photo enclosed.")


@pytest.mark.parametrize("kind", ["PPM", "ICO", "TGA", "AVIF"])
def test_an_unsupported_image_format_is_rejected(kind: str) -> None:
    with pytest.raises(UnreadablePhoto, match="are not a photo; expected one of JPEG"):
        read_photo(encoded(UPRIGHT, kind))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.5, 0.8])
def test_a_truncated_photo_is_rejected(kind: str, part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = encoded(noise, kind)

    with pytest.raises(UnreadablePhoto):
        read_photo(whole[: int(len(whole) * part)])


def test_the_error_for_a_truncated_photo_says_so() -> None:
    whole = encoded(UPRIGHT, "JPEG")

    with pytest.raises(UnreadablePhoto, match="the photo is damaged or truncated: "):
        read_photo(whole[:-20])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_photos_raise_only_known_errors() -> None:
    # Any other exception would reach the app as HTTP 500. The seed makes the test deterministic.
    rng = np.random.default_rng(20)
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x010F], exif[0x0128] = 6, "maker", 2
    still = [encoded(UPRIGHT, kind, exif=exif) for kind in ("JPEG", "PNG", "WEBP", "TIFF")]
    frames = [Image.fromarray(UPRIGHT[::-1].copy())]
    film = [encoded(UPRIGHT, "GIF"), encoded(UPRIGHT, "GIF", save_all=True, append_images=frames)]
    outcomes = [_outcome(_damaged(data, rng)) for data in (*still, *film) for _ in range(400)]

    assert {"read", "refused"} == set(outcomes)


def test_a_truncated_animation_raises_only_known_errors() -> None:
    # Pillow raises struct.error when a GIF ends within the size of a frame.
    second = Image.fromarray(UPRIGHT[::-1].copy())
    film = encoded(UPRIGHT, "GIF", save_all=True, append_images=[second])

    for end in range(1, len(film)):
        assert _outcome(film[:end]) in ("read", "refused")


def test_a_photo_with_exactly_max_pixels_is_read() -> None:
    assert read_photo(encoded(UPRIGHT), max_pixels=16 * 32).shape == (16, 32, 3)


def test_a_photo_with_one_pixel_too_many_is_too_large() -> None:
    with pytest.raises(PhotoTooLarge) as error:
        read_photo(encoded(UPRIGHT), max_pixels=16 * 32 - 1)

    assert str(error.value) == (
        "the photo has 32 x 16 = 512 pixels, but at most 511 are allowed; send a smaller one"
    )


def test_the_default_limit_is_50_megapixels() -> None:
    with pytest.raises(PhotoTooLarge, match=r"10000 x 5001 = 50,010,000 pixels, but at most 50,0"):
        read_photo(_png_that_claims(10_000, 5_001))


@pytest.mark.parametrize("max_pixels", [50_000_000, 178_000_000])
def test_a_decompression_bomb_is_rejected_fast_and_in_little_memory(max_pixels: int) -> None:
    bomb = _png_that_claims(25_000, 20_000)
    started = time.perf_counter()
    tracemalloc.start()

    with pytest.raises(PhotoTooLarge, match=f"more than the allowed {max_pixels:,} pixels"):
        read_photo(bomb, max_pixels)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(bomb) < 1_000
    assert peak < 2**20
    assert time.perf_counter() - started < 1


def test_a_small_gif_with_a_large_frame_is_too_large() -> None:
    screen, frame = struct.pack("<HH", 2, 2), struct.pack("<HHHH", 0, 0, 10_000, 9_000)
    gif = b"GIF89a" + screen + b"\x80\0\0\0\0\0\xff\xff\xff," + frame + b"\0\x02\x02L\x01\0;"

    with pytest.raises(PhotoTooLarge, match=r"10000 x 9000 = 90,000,000 pixels"):
        read_photo(gif)


def test_a_photo_of_one_pixel_is_read() -> None:
    assert read_photo(encoded(UPRIGHT[:1, :1].copy())).tolist() == [[[255, 0, 0]]]


def _png_that_claims(width: int, height: int) -> bytes:
    """Write a PNG that has a header but no pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def _damaged(data: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(data)
    for place in rng.integers(0, min(300, len(data)), rng.integers(1, 6)):
        damaged[place] = rng.choice([0, 1, 127, 255, rng.integers(256)])
    return bytes(damaged)


def _outcome(data: bytes) -> str:
    try:
        read_photo(data, max_pixels=1_000_000)
    except (UnreadablePhoto, PhotoTooLarge):
        return "refused"
    return "read"
