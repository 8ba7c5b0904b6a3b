import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_fashion.colours import (
    PALETTE,
    PALETTES,
    RELEASED_COLOURS,
    RELEASED_PALETTE,
    NoPixels,
    PaletteColour,
    garment_colour,
    lab_of,
    nearest_colours,
)

Pixels = NDArray[np.uint8]
NO_PIXELS = np.empty((0, 3), dtype=np.uint8)

# Source: brucelindbloom.com's calculator (sRGB, D65), by way of test_rgb2lab_brucelindbloom in
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
    """Lay pixels side by side: a colour and how many, for each part."""
    return np.array([colour for colour, count in parts for _ in range(count)], dtype=np.uint8)


def pixel(code: str) -> Pixels:
    return np.array([list(bytes.fromhex(code.removeprefix("#")))], dtype=np.uint8)


def named(pixels: Pixels) -> list[str]:
    return [PALETTE[index].name for index in nearest_colours(pixels)]


@pytest.mark.parametrize("rgb", LAB_OF_COLOUR_BARS)
def test_colour_bars_have_the_lab_values_that_are_published(rgb: tuple[int, int, int]) -> None:
    lab = lab_of(np.array([rgb], dtype=np.uint8))

    assert lab[0] == pytest.approx(LAB_OF_COLOUR_BARS[rgb], abs=2e-4)


def test_near_black_srgb_and_lab_are_straight_lines() -> None:
    # By hand from IEC 61966-2-1 and CIE 15: 5/255/12.92 is Y, and L is Y * (29/3)**3.
    lightness = lab_of(np.array([[5, 5, 5]], dtype=np.uint8))[0, 0]

    assert lightness == pytest.approx(5 / 255 / 12.92 * (29 / 3) ** 3, abs=1e-3)


def test_no_pixels_have_no_lab_values() -> None:
    assert lab_of(NO_PIXELS).shape == (0, 3)


@pytest.mark.parametrize(
    ("name", "sample"), [(colour.name, code) for colour in PALETTE for code in colour.samples]
)
def test_every_sample_of_the_palette_is_called_by_its_own_name(name: str, sample: str) -> None:
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
def test_a_plain_colour_is_called_what_a_person_would_say(
    rgb: tuple[int, int, int], name: str
) -> None:
    # Source: the named colours of CSS Color Level 4, but for navy, which is a purer blue there.
    assert named(np.array([rgb], dtype=np.uint8)) == [name]


def test_colours_are_compared_as_they_look_not_by_their_rgb_numbers() -> None:
    # In RGB this dark red is nearest to black, 76 away, and 96 from the blue it is told from.
    dark_red = np.array([[90, 18, 30]], dtype=np.uint8)

    assert named(dark_red) == ["red"]


def test_of_two_equally_near_colours_the_earlier_is_named() -> None:
    twins = [PaletteColour(name, ("#404040",), "gray") for name in ("soot", "slate")]

    assert nearest_colours(cloth(((64, 64, 64), 1)), twins).tolist() == [0]
    assert garment_colour(cloth(((64, 64, 64), 1)), NO_PIXELS, palette=twins) == "soot"


def test_no_pixels_have_no_names() -> None:
    assert nearest_colours(NO_PIXELS).tolist() == []


def test_a_garment_without_pixels_is_refused() -> None:
    with pytest.raises(NoPixels, match="its box lies outside the photo"):
        garment_colour(NO_PIXELS, cloth((WHITE, 5)))


def test_a_single_pixel_has_a_colour() -> None:
    assert garment_colour(cloth((RED, 1)), NO_PIXELS) == "red"


def test_most_of_a_garments_pixels_name_its_colour() -> None:
    assert garment_colour(cloth((RED, 51), (BLUE, 49)), NO_PIXELS) == "red"
    assert garment_colour(cloth((RED, 49), (BLUE, 51)), NO_PIXELS) == "blue"


def test_of_two_colours_that_share_a_garment_the_first_of_the_palette_names_it() -> None:
    assert garment_colour(cloth((BLUE, 5), (RED, 5)), NO_PIXELS) == "red"


def test_shades_of_one_colour_are_counted_together() -> None:
    pixels = cloth((RED, 3), ((142, 28, 36), 3), (WHITE, 5))

    assert garment_colour(pixels, NO_PIXELS) == "red"


def test_surer_pixels_outvote_more_pixels() -> None:
    weights = np.array([5.0] * 2 + [1.0] * 8)

    assert garment_colour(cloth((RED, 2), (BLUE, 8)), NO_PIXELS, weights) == "red"


def test_what_looks_like_the_background_is_not_the_garment() -> None:
    assert garment_colour(cloth((RED, 30), (WHITE, 70)), cloth((WHITE, 50))) == "red"


def test_without_a_background_nothing_is_left_out() -> None:
    assert garment_colour(cloth((RED, 30), (WHITE, 70)), NO_PIXELS) == "white"


def test_a_white_shirt_before_a_white_wall_is_white() -> None:
    assert garment_colour(cloth((WHITE, 90), (SKIN, 10)), cloth((WHITE, 50))) == "white"


# Of 100 pixels 15 are the 15 %, from which on what is not background is the garment.
@pytest.mark.parametrize(("red", "name"), [(14, "white"), (15, "red"), (16, "red")])
def test_a_sliver_that_differs_from_the_wall_is_a_garment_from_15_percent_on(
    red: int, name: str
) -> None:
    assert garment_colour(cloth((RED, red), (WHITE, 100 - red)), cloth((WHITE, 50))) == name


def test_a_wall_in_shade_is_still_the_wall() -> None:
    # Its folds differ from the wall by 9 CIELAB units in lightness.
    shaded = (218, 218, 218)

    assert garment_colour(cloth((RED, 30), (shaded, 70)), cloth((WHITE, 50))) == "red"


def test_cloth_duller_than_the_wall_by_more_than_a_fold_is_a_garment() -> None:
    # 20 CIELAB units in lightness.
    duller = (188, 188, 188)

    assert garment_colour(cloth((RED, 30), (duller, 70)), cloth((WHITE, 50))) == "gray"


def test_each_of_several_common_colours_behind_a_garment_is_background() -> None:
    street = cloth((WHITE, 50), (BLUE, 40), ((60, 122, 68), 30))
    pixels = cloth((RED, 20), (WHITE, 40), (BLUE, 40), ((60, 122, 68), 30))

    assert garment_colour(pixels, street) == "red"


# Of 100 pixels behind it 8 are the 8 %, from which on a colour is common there.
@pytest.mark.parametrize(("blue_behind", "name"), [(7, "blue"), (8, "red")])
def test_a_colour_rare_in_the_background_may_be_the_garments(blue_behind: int, name: str) -> None:
    street = cloth((WHITE, 100 - blue_behind), (BLUE, blue_behind))

    assert garment_colour(cloth((RED, 40), (BLUE, 60)), street) == name


def test_a_background_without_a_common_colour_is_its_fullest() -> None:
    # Thirty-one colours, each in a bin of its own, white twice: 2 of 32 pixels are 6 %.
    dots = itertools.product((16, 80, 144), (16, 80), range(16, 176, 32))
    street = cloth((WHITE, 2), *((dot, 1) for dot in dots))

    assert garment_colour(cloth((RED, 30), (WHITE, 70)), street) == "red"


def test_the_prototypes_palette_is_the_released_five() -> None:
    assert {colour.name for colour in RELEASED_PALETTE} == set(RELEASED_COLOURS)
    assert PALETTES == {"default": PALETTE, "prototype": RELEASED_PALETTE}
    assert garment_colour(cloth(((70, 48, 32), 1)), NO_PIXELS, palette=RELEASED_PALETTE) == "black"


# The released recommender's own five stand for themselves; the others for what is nearest.
RELEASED_NAMES = {
    "white": "white", "black": "black", "gray": "gray", "beige": "beige", "blue": "blue",
    "brown": "beige", "red": "beige", "pink": "beige", "orange": "beige", "yellow": "beige",
    "green": "gray", "navy": "blue", "purple": "blue",
}  # fmt: skip


def test_every_colour_is_translated_into_one_that_the_released_recommender_knows() -> None:
    assert {colour.name: colour.released_name for colour in PALETTE} == RELEASED_NAMES
    assert set(RELEASED_NAMES.values()) == set(RELEASED_COLOURS)


def test_no_two_colours_share_a_name() -> None:
    assert len({colour.name for colour in PALETTE}) == len(PALETTE) == 13
