import re

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_fashion.colours import (
    PALETTE,
    PALETTES,
    RELEASED_COLOURS,
    RELEASED_PALETTE,
    PaletteColour,
    lab_of,
    nearest_colours,
)

Pixels = NDArray[np.uint8]
NO_PIXELS = np.empty((0, 3), dtype=np.uint8)

# Source: the calculator of brucelindbloom.com (sRGB, D65), as in test_rgb2lab_brucelindbloom in
# skimage/color/tests/test_colorconv.py.
LAB_OF_COLOUR_BARS = {
    (255, 255, 255): (100, 0, 0),
    (255, 255, 0): (97.1393, -21.5537, 94.4780),
    (0, 255, 255): (91.1132, -48.0875, -14.1312),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (255, 0, 255): (60.3242, 98.2343, -60.8249),
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (0, 0, 0): (0, 0, 0),
}

WHITE, RED, BLUE, SKIN = (244, 244, 244), (192, 32, 42), (63, 116, 184), (226, 184, 154)


def cloth(*parts: tuple[tuple[int, int, int], int]) -> Pixels:
    """Make pixels from parts, each a colour and a number of pixels."""
    return np.array([colour for colour, count in parts for _ in range(count)], dtype=np.uint8)


def pixel(code: str) -> Pixels:
    return np.array([list(bytes.fromhex(code.removeprefix("#")))], dtype=np.uint8)


def named(pixels: Pixels) -> list[str]:
    return [PALETTE[index].name for index in nearest_colours(pixels)]


@pytest.mark.parametrize("rgb", LAB_OF_COLOUR_BARS)
def test_colour_bars_have_the_published_lab_values(rgb: tuple[int, int, int]) -> None:
    lab = lab_of(np.array([rgb], dtype=np.uint8))

    assert lab[0] == pytest.approx(LAB_OF_COLOUR_BARS[rgb], abs=2e-4)


def test_srgb_and_lab_are_linear_near_black() -> None:
    # Computed from IEC 61966-2-1 and CIE 15: Y is 5/255/12.92, and L is Y * (29/3)**3.
    lightness = lab_of(np.array([[5, 5, 5]], dtype=np.uint8))[0, 0]

    assert lightness == pytest.approx(5 / 255 / 12.92 * (29 / 3) ** 3, abs=1e-3)


def test_no_pixels_give_no_lab_values() -> None:
    assert lab_of(NO_PIXELS).shape == (0, 3)


@pytest.mark.parametrize(
    ("name", "sample"), [(colour.name, code) for colour in PALETTE for code in colour.samples]
)
def test_every_palette_sample_gets_its_own_name(name: str, sample: str) -> None:
    assert named(pixel(sample)) == [name]


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 255, 255), "white"), ((0, 0, 0), "black"), ((128, 128, 128), "gray"),
        ((255, 0, 0), "red"), ((0, 128, 0), "green"), ((0, 0, 255), "blue"),
        ((20, 30, 80), "navy"), ((128, 0, 128), "purple"), ((255, 255, 0), "yellow"),
        ((255, 140, 0), "orange"), ((255, 105, 180), "pink"), ((245, 222, 179), "beige"),
        ((139, 69, 19), "brown"),
    ],
)  # fmt: skip
def test_a_plain_colour_gets_its_everyday_name(rgb: tuple[int, int, int], name: str) -> None:
    # Source: the named colours of CSS Color Level 4, except navy, which is a purer blue there.
    assert named(np.array([rgb], dtype=np.uint8)) == [name]


def test_colours_are_compared_in_lab_not_in_rgb() -> None:
    # In RGB this dark red is nearest to black, at a distance of 76.
    dark_red = np.array([[90, 18, 30]], dtype=np.uint8)

    assert named(dark_red) == ["red"]


def test_on_a_tie_the_first_palette_colour_is_chosen() -> None:
    twins = [PaletteColour(name, ("#404040",), "gray", name) for name in ("soot", "slate")]

    assert nearest_colours(cloth(((64, 64, 64), 1)), twins).tolist() == [0]


def test_no_pixels_give_no_colours() -> None:
    assert nearest_colours(NO_PIXELS).tolist() == []


def test_the_prototype_palette_has_the_five_released_colours() -> None:
    assert {colour.name for colour in RELEASED_PALETTE} == set(RELEASED_COLOURS)
    assert PALETTES == {"default": PALETTE, "prototype": RELEASED_PALETTE}


# The five released colours keep their names; the others get the nearest of the five.
RELEASED_NAMES = {
    "white": "white", "black": "black", "gray": "gray", "beige": "beige", "blue": "blue",
    "brown": "beige", "red": "beige", "pink": "beige", "orange": "beige", "yellow": "beige",
    "green": "gray", "navy": "blue", "purple": "blue",
}  # fmt: skip


def test_every_colour_has_a_released_name() -> None:
    assert {colour.name: colour.released_name for colour in PALETTE} == RELEASED_NAMES
    assert set(RELEASED_NAMES.values()) == set(RELEASED_COLOURS)


def test_colour_names_are_unique() -> None:
    assert len({colour.name for colour in PALETTE}) == len(PALETTE) == 13


def test_every_colour_has_a_korean_name_of_its_own() -> None:
    names = {colour.korean for colour in PALETTE}

    assert all(re.fullmatch(r"[가-힣]+", name) for name in names)
    assert len(names) == len(PALETTE)
