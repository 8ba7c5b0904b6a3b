import numpy as np
import pytest
from PIL import Image

from oott_fashion.vision.photos import read_photo
from tests.oott_fashion.vision.colour_profiles import (
    display_profile,
    ink_profile,
    linear_grey_profile,
    rgb_profile,
    seen_on,
)
from tests.oott_fashion.vision.test_photos import colour_of, encoded

RED = Image.new("RGB", (8, 8), (250, 0, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
def test_the_colours_are_those_of_the_profile(kind: str) -> None:
    photo = encoded(RED, kind, icc_profile=rgb_profile(swapped=True), quality=95)

    assert colour_of(photo) == pytest.approx([0, 250, 0], abs=6)


@pytest.mark.parametrize("display", ["Display P3", "Adobe RGB"])
def test_colours_of_a_wide_gamut_are_those_of_the_plain_picture(display: str) -> None:
    orange = Image.new("RGB", (8, 8), (230, 120, 40))
    numbers = seen_on(display, orange)
    photo = encoded(numbers, icc_profile=display_profile(display))

    assert colour_of(photo) == pytest.approx([230, 120, 40], abs=2)
    assert colour_of(encoded(numbers)) != pytest.approx([230, 120, 40], abs=12)


def test_a_palette_and_transparent_pixels_follow_the_profile_too() -> None:
    half = Image.new("RGBA", (8, 8), (255, 0, 0, 128))
    for image in (RED.quantize(2), half):
        red, green, blue = colour_of(encoded(image, icc_profile=rgb_profile(swapped=True)))
        assert green > max(red, blue) + 100


def test_a_grey_photo_follows_its_profile() -> None:
    grey = Image.new("L", (8, 8), 128)

    # Half the light is 188 in sRGB.
    assert colour_of(encoded(grey, icc_profile=linear_grey_profile())) == [188] * 3


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_follow_their_profile(kind: str) -> None:
    black_ink = Image.new("CMYK", (8, 8), (0, 0, 0, 255))

    # The black ink of this press is invisible.
    assert colour_of(encoded(black_ink, kind, icc_profile=ink_profile())) == [255] * 3


def test_srgb_keeps_every_pixel() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    assert np.array_equal(read_photo(encoded(noise, icc_profile=rgb_profile())), noise)


@pytest.mark.parametrize(
    "profile",
    [
        b"not a profile",
        rgb_profile(swapped=True)[:300],
        rgb_profile(swapped=True).replace(b"rXYZ", b"lost"),
        # A table of inks in a photo of light.
        ink_profile(),
        # White would become black.
        linear_grey_profile().replace(b"curv\0\0\0\0\0\0\0\0", b"curv\0\0\0\0\0\0\0\1"),
        rgb_profile(swapped=True) + bytes(4_000_000),
    ],
    ids=["text", "cut off", "without red", "for inks", "for grey", "too large"],
)
def test_a_profile_that_cannot_be_right_is_ignored(profile: bytes) -> None:
    assert colour_of(encoded(RED, "TIFF", icc_profile=profile)) == [250, 0, 0]


def test_a_profile_without_white_is_ignored() -> None:
    dark = rgb_profile(swapped=True)
    at = dark.index(b"para")
    # A curve of 1 point: gamma 255, so that nearly all numbers are black.
    dark = dark[:at] + b"curv\0\0\0\0\0\0\0\2\0\0\0\0" + dark[at + 16 :]

    assert colour_of(encoded(RED, "TIFF", icc_profile=dark)) == [250, 0, 0]
