"""Each garment has the colour of its own pixels, wherever its box is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_fashion.vision.box_colours import colours_of
from oott_fashion.vision.detections import Box

SIDE = 100
Rgb = tuple[int, int, int]
WALL: Rgb = (120, 120, 120)
RED, BLUE, WHITE, GREEN = (192, 32, 42), (63, 116, 184), (244, 244, 244), (60, 122, 68)


def wall(width: int = SIDE, height: int = SIDE) -> NDArray[np.uint8]:
    return np.full((height, width, 3), WALL, dtype=np.uint8)


def paint(photo: NDArray[np.uint8], box: Box, colour: Rgb) -> NDArray[np.uint8]:
    """Paint ``box`` on ``photo``."""
    left, top, right, bottom = (round(edge) for edge in box)
    photo[top:bottom, left:right] = colour
    return photo


def test_no_boxes_give_no_colours() -> None:
    assert colours_of(wall(), []) == []


@pytest.mark.parametrize("order", [1, -1])
def test_an_open_coat_does_not_get_the_colour_of_the_shirt(order: int) -> None:
    # The shirt covers most of the middle, where a pixel has the most weight.
    coat, shirt = Box(20, 10, 80, 90), Box(30, 12, 70, 86)
    photo = paint(paint(wall(), coat, RED), shirt, WHITE)

    colours = colours_of(photo, [coat, shirt][::order])

    assert colours[::order] == ["red", "white"]


def test_two_garments_in_one_place_have_the_same_colour() -> None:
    spot = Box(20, 10, 80, 90)

    assert colours_of(paint(wall(), spot, GREEN), [spot, spot]) == ["green", "green"]


def test_a_second_name_of_a_coat_does_not_give_it_the_colour_of_the_shirt_under_it() -> None:
    coat, shirt = Box(10, 10, 90, 90), Box(25, 10, 75, 70)
    photo = paint(paint(wall(), coat, BLUE), shirt, GREEN)

    assert colours_of(photo, [coat, coat, shirt]) == ["blue", "blue", "green"]
    assert colours_of(photo, [coat, shirt, coat]) == ["blue", "green", "blue"]


def test_a_garment_covered_by_smaller_boxes_still_has_a_colour() -> None:
    whole = Box(20, 20, 80, 80)
    parts = [Box(20, 20, 80, 50), Box(20, 50, 80, 79)]
    photo = paint(wall(), whole, GREEN)

    assert colours_of(photo, [whole, *parts])[0] == "green"


def test_the_background_is_not_the_garments_colour() -> None:
    # A thin blue strip in a box that shows mostly wall, as with legs that stand apart.
    box, strip = Box(20, 10, 80, 90), Box(40, 10, 60, 90)

    assert colours_of(paint(wall(), strip, BLUE), [box]) == ["blue"]


def test_the_middle_of_a_box_counts_more_than_its_corners() -> None:
    # The garment is a disc that covers less than half of its box. The box fills the photo, so
    # there is no background to compare with.
    box = Box(0, 0, 100, 100)
    down, across = np.mgrid[-1:1:100j, -1:1:100j]
    photo = paint(wall(), box, GREEN)
    photo[down**2 + across**2 < 0.58] = RED

    assert (photo == RED).all(axis=2).mean() < 0.46
    assert colours_of(photo, [box]) == ["red"]


def test_pixels_above_and_below_a_garment_of_several_are_not_background() -> None:
    # A red skirt between a red top and red boots without boxes, in front of a gray wall.
    skirt, bag = Box(30, 40, 70, 60), Box(2, 2, 12, 12)
    photo = paint(wall(), Box(30, 0, 70, 100), RED)

    # A third of the box is a blue belt: the only colour left if red counted as background.
    assert colours_of(paint(photo, Box(30, 40, 70, 46), BLUE), [skirt, bag])[0] == "red"


def test_the_floor_above_and_below_a_garment_alone_is_background() -> None:
    # Shorts that fill the width of the photo, on a red bed.
    photo = paint(paint(wall(), Box(0, 0, 100, 100), RED), Box(0, 30, 100, 70), GREEN)
    photo = paint(photo, Box(35, 45, 65, 70), RED)

    assert colours_of(photo, [Box(0, 25, 100, 75)]) == ["green"]


def test_a_white_shirt_in_a_dark_photo_is_white() -> None:
    # The gray of the shirt is the same in both photos. A lamp shows that one of them is bright.
    shirt, lamp = Box(20, 10, 80, 90), Box(0, 0, 100, 8)
    dark = paint(paint(wall(), Box(0, 0, 100, 100), (60, 40, 30)), shirt, (160, 160, 162))

    assert colours_of(dark, [shirt]) == ["white"]
    assert colours_of(paint(dark.copy(), lamp, WHITE), [shirt]) == ["gray"]


def test_a_garment_beside_another_is_not_background() -> None:
    # Two people in red stand side by side; one has a blue bag in front of her.
    one, other = Box(10, 10, 50, 90), Box(50, 10, 90, 90)
    photo = paint(wall(), Box(10, 10, 90, 90), RED)

    assert colours_of(paint(photo, Box(20, 30, 36, 70), BLUE), [one, other]) == ["red", "red"]


@pytest.mark.parametrize("factor", [1, 7])
def test_a_large_photo_has_the_colours_of_a_small_one(factor: int) -> None:
    scarf, coat, boots = (
        Box(*(edge * factor for edge in box))
        for box in ((10, 30, 20, 40), (30, 30, 60, 60), (70, 70, 90, 90))
    )
    photo = wall(100 * factor, 100 * factor)
    for box, colour in ((scarf, BLUE), (coat, RED), (boots, WHITE)):
        paint(photo, box, colour)

    assert colours_of(photo, [scarf, coat, boots]) == ["blue", "red", "white"]


@pytest.mark.parametrize(
    "box",
    [Box(0, 0, 0, 0), Box(100, 100, 100, 100), Box(99.6, 0, 100, 100), Box(50, 50, 50.2, 50.2),
     Box(0, 100, 100, 100)],
)  # fmt: skip
def test_a_box_thinner_than_a_pixel_still_has_a_colour(box: Box) -> None:
    assert colours_of(paint(wall(), Box(0, 0, 100, 100), RED), [box]) == ["red"]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 2000), (2000, 1), (3, 900)])
def test_a_very_thin_photo_still_has_colours(width: int, height: int) -> None:
    photo = paint(wall(width, height), Box(0, 0, width, height), RED)

    assert colours_of(photo, [Box(0, 0, width, height)]) == ["red"]
