import numpy as np
import pytest
from numpy.typing import NDArray

from oott_fashion.colours import (
    PALETTE,
    PALETTE_NAMES,
    RELEASED_PALETTE,
    PaletteColour,
    nearest_colours,
)
from oott_fashion.garment_colours import NoPixels, garment_colour, rgb_of, votes_for

Pixels = NDArray[np.uint8]
NO_PIXELS = np.empty((0, 3), dtype=np.uint8)
WHITE, RED, BLUE, SKIN = (244, 244, 244), (192, 32, 42), (63, 116, 184), (226, 184, 154)


def cloth(*parts: tuple[tuple[int, int, int], int]) -> Pixels:
    """Make pixels from parts, each a colour and a number of pixels."""
    return np.array([colour for colour, count in parts for _ in range(count)], dtype=np.uint8)


def test_a_garment_without_pixels_is_rejected() -> None:
    with pytest.raises(NoPixels, match="its box is outside the photo"):
        garment_colour(NO_PIXELS, cloth((WHITE, 5)))


def test_a_single_pixel_has_a_colour() -> None:
    assert garment_colour(cloth((RED, 1)), NO_PIXELS) == "red"


def test_the_colour_of_most_pixels_is_the_garments_colour() -> None:
    assert garment_colour(cloth((RED, 70), (BLUE, 30)), NO_PIXELS) == "red"
    assert garment_colour(cloth((RED, 30), (BLUE, 70)), NO_PIXELS) == "blue"


def test_on_a_tie_the_first_palette_colour_is_the_garments_colour() -> None:
    twins = [PaletteColour(name, ("#404040",), "gray", name) for name in ("soot", "slate")]

    assert garment_colour(cloth(((64, 64, 64), 1)), NO_PIXELS, palette=twins) == "soot"


def test_shades_of_one_colour_are_counted_together() -> None:
    pixels = cloth((RED, 3), ((142, 28, 36), 3), (WHITE, 5))

    assert garment_colour(pixels, NO_PIXELS) == "red"


def test_pixels_with_more_weight_outvote_more_pixels() -> None:
    weights = np.array([1.0] * 2 + [0.1] * 8)

    assert garment_colour(cloth((RED, 2), (BLUE, 8)), NO_PIXELS, weights) == "red"


def test_pixels_that_look_like_the_background_do_not_count() -> None:
    assert garment_colour(cloth((RED, 30), (WHITE, 70)), cloth((WHITE, 50))) == "red"


def test_without_a_background_all_pixels_count() -> None:
    assert garment_colour(cloth((RED, 30), (WHITE, 70)), NO_PIXELS) == "white"


def test_a_white_shirt_in_front_of_a_white_wall_is_white() -> None:
    assert garment_colour(cloth((WHITE, 90), (SKIN, 10)), cloth((WHITE, 50))) == "white"


@pytest.mark.parametrize(("red", "name"), [(3, "white"), (30, "red")])
def test_a_small_print_on_a_shirt_like_the_wall_is_not_its_colour(red: int, name: str) -> None:
    assert garment_colour(cloth((RED, red), (WHITE, 100 - red)), cloth((WHITE, 50))) == name


def test_a_wall_in_shade_is_background() -> None:
    # The shade differs from the wall by 9 CIELAB units in lightness.
    shaded = (218, 218, 218)

    assert garment_colour(cloth((RED, 30), (shaded, 70)), cloth((WHITE, 50))) == "red"


def test_cloth_clearly_duller_than_the_wall_is_not_background() -> None:
    # 20 CIELAB units in lightness.
    duller = (188, 188, 188)

    assert garment_colour(cloth((RED, 30), (duller, 70)), cloth((WHITE, 50))) == "gray"


def test_every_common_background_colour_is_excluded() -> None:
    street = cloth((WHITE, 50), (BLUE, 40), ((60, 122, 68), 30))
    pixels = cloth((RED, 20), (WHITE, 40), (BLUE, 40), ((60, 122, 68), 30))

    assert garment_colour(pixels, street) == "red"


@pytest.mark.parametrize(("blue_behind", "name"), [(2, "blue"), (60, "red")])
def test_a_rare_background_colour_can_be_the_garments_colour(blue_behind: int, name: str) -> None:
    street = cloth((WHITE, 100 - blue_behind), (BLUE, blue_behind))

    assert garment_colour(cloth((RED, 30), (BLUE, 70)), street) == name


@pytest.mark.parametrize(
    ("name", "code"), [(colour.name, code) for colour in PALETTE for code in colour.samples]
)
def test_plain_cloth_in_a_palette_colour_has_its_name(name: str, code: str) -> None:
    assert garment_colour(rgb_of([code]), NO_PIXELS) == name


# Each cloth is nearer to a palette sample of another name, but people name it so.
@pytest.mark.parametrize(
    ("cloth_in_light", "name"),
    [
        ((196, 198, 200), "white"), ((28, 28, 40), "navy"), ((112, 128, 148), "blue"),
        ((152, 118, 112), "pink"), ((178, 170, 155), "beige"),
    ],
)  # fmt: skip
def test_cloth_has_the_name_that_people_give_it(
    cloth_in_light: tuple[int, int, int], name: str
) -> None:
    pixels = cloth((cloth_in_light, 1))

    assert PALETTE[int(nearest_colours(pixels)[0])].name != name
    assert garment_colour(pixels, NO_PIXELS) == name


def test_black_and_white_stripes_are_not_gray() -> None:
    assert garment_colour(cloth(((24, 24, 26), 55), (WHITE, 45)), NO_PIXELS) in ("black", "white")


def test_each_typical_colour_votes_for_every_name() -> None:
    typical, votes = votes_for(PALETTE)

    assert votes.shape == (len(typical), len(PALETTE_NAMES))
    assert {PALETTE_NAMES[index] for index in votes.argmax(axis=1)} == set(PALETTE_NAMES)


def test_in_another_palette_each_typical_colour_votes_for_the_nearest() -> None:
    assert (votes_for(RELEASED_PALETTE).votes.sum(axis=1) == 1).all()
    assert garment_colour(cloth(((70, 48, 32), 1)), NO_PIXELS, palette=RELEASED_PALETTE) == "black"
