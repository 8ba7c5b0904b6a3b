import io

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from oott_assets.photos.privacy.stored_form import stored_form
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo
from tests.oott_assets.photos.privacy.photo_files import (
    SECRET,
    encoded,
    exif,
    files_with_metadata,
    pixel_files,
    pixels,
    plain_files,
    private_profile,
    profile,
)

PLAIN = plain_files()
TRANSPARENT = ("PNG with a palette", "PNG with alpha", "WebP with alpha")
FILES = {
    **PLAIN,
    **pixel_files(),
    **{f"{kind} with metadata": content for kind, content in files_with_metadata().items()},
}

MAX_PIXELS = 10_000


def kept(content: bytes) -> bytes:
    return stored_form(content, MAX_PIXELS, None).content


# One stored file announces a second picture that it does not have; Pillow warns about it.
@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO file")
@pytest.mark.parametrize("kind", FILES)
def test_an_upright_photo_keeps_its_exact_pixels(kind: str) -> None:
    form = stored_form(FILES[kind], MAX_PIXELS, None)

    assert np.array_equal(read_photo(form.content), read_photo(FILES[kind]))
    assert (form.width, form.height, form.faces) == (64, 48, 0)
    assert SECRET not in form.content


@pytest.mark.parametrize("kind", [kind for kind in PLAIN if kind not in TRANSPARENT])
def test_an_upright_photo_without_metadata_is_not_changed(kind: str) -> None:
    assert kept(PLAIN[kind]) == PLAIN[kind]


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_a_transparent_photo_is_stored_on_white(kind: str) -> None:
    with Image.open(io.BytesIO(kept(PLAIN[kind]))) as image:
        assert (image.format, image.mode, image.has_transparency_data) == ("PNG", "RGB", False)
        assert np.array_equal(np.asarray(image), read_photo(PLAIN[kind]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_sideways_photo_is_stored_upright_without_exif(orientation: int, kind: str) -> None:
    sideways = encoded(pixels(), kind, exif=exif(orientation), quality=90)

    form = stored_form(sideways, MAX_PIXELS, None)

    upright = read_photo(sideways)
    differences = np.abs(read_photo(form.content).astype(int) - upright)
    assert differences.mean() < 3
    assert (form.height, form.width) == upright.shape[:2]
    assert b"Exif" not in form.content
    assert SECRET not in form.content
    with Image.open(io.BytesIO(form.content)) as image:
        assert (image.format, dict(image.getexif())) == (kind, {})


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_a_turned_jpeg_keeps_its_tables(quality: int) -> None:
    # After a half turn the blocks have the same borders, so the same tables lose little quality.
    sideways = encoded(pixels(), "JPEG", exif=exif(3), quality=quality, subsampling=0)

    content = kept(sideways)

    with (
        Image.open(io.BytesIO(sideways)) as before,
        Image.open(io.BytesIO(content)) as after,
    ):
        assert isinstance(before, JpegImagePlugin.JpegImageFile)
        assert isinstance(after, JpegImagePlugin.JpegImageFile)
        assert after.quantization == before.quantization
        assert JpegImagePlugin.get_sampling(after) == JpegImagePlugin.get_sampling(before)
    assert np.abs(read_photo(content).astype(int) - read_photo(sideways)).mean() < 1


def test_a_turned_photo_keeps_a_profile_without_private_data() -> None:
    plain = kept(encoded(pixels(), "JPEG", exif=exif(6), icc_profile=profile()))
    private = kept(encoded(pixels(), "JPEG", exif=exif(6), icc_profile=private_profile()))
    cmyk = kept(encoded(pixels().convert("CMYK"), "JPEG", exif=exif(6)))

    with Image.open(io.BytesIO(plain)) as image:
        assert image.info["icc_profile"] == profile()
    assert SECRET not in private
    with Image.open(io.BytesIO(cmyk)) as image:
        assert (image.mode, image.size) == ("RGB", (48, 64))


def test_turned_jpegs_stay_grey_and_progressive() -> None:
    grey = encoded(pixels().convert("L"), "JPEG", exif=exif(8), progressive=True)

    with Image.open(io.BytesIO(kept(grey))) as image:
        assert image.mode == "L"
        assert image.info["progressive"]


def test_a_readable_jpeg_with_damaged_segments_is_stored() -> None:
    plain = PLAIN["JPEG"]
    endless = plain[:-2] + SECRET

    content = kept(endless)

    assert SECRET not in content
    assert np.array_equal(read_photo(content), read_photo(plain))


# Pillow warns about damaged TIFF and EXIF data, but reads the photo.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", FILES)
def test_a_damaged_photo_is_rejected_or_stored_as_it_is_read(kind: str) -> None:
    rng = np.random.default_rng(len(FILES[kind]))
    for damage in range(40):
        damaged = damaged_somewhere(FILES[kind], damage, rng)
        try:
            before = read_photo(damaged, MAX_PIXELS)
        except (UnreadablePhoto, PhotoTooLarge) as error:
            with pytest.raises(type(error)):
                kept(damaged)
            continue
        assert np.array_equal(read_photo(kept(damaged)), before)


def damaged_somewhere(content: bytes, damage: int, rng: np.random.Generator) -> bytes:
    """Truncate ``content``, or change a few bytes anywhere or near its start."""
    if damage % 4 == 0:
        return content[: rng.integers(len(content))]
    damaged = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at = rng.integers(len(content) if damage % 2 else min(700, len(content)))
        damaged[at : at + rng.integers(1, 5)] = rng.bytes(rng.integers(1, 5))
    return bytes(damaged)


def test_a_photo_with_exactly_max_pixels_is_stored() -> None:
    content = PLAIN["JPEG"]

    assert stored_form(content, 64 * 48, None).width == 64
    with pytest.raises(PhotoTooLarge, match="at most 3,071"):
        stored_form(content, 64 * 48 - 1, None)


def test_an_html_page_is_rejected() -> None:
    with pytest.raises(UnreadablePhoto, match="are not a photo"):
        kept(b"<html>not a photo</html>")


def test_a_photo_with_very_many_comments_is_stored_without_them() -> None:
    plain = PLAIN["JPEG"]
    content = kept(plain[:20] + b"\xff\xfe\0\3x" * 20_000 + plain[20:])

    assert np.array_equal(read_photo(content), read_photo(plain))
    assert len(content) < 20_000
