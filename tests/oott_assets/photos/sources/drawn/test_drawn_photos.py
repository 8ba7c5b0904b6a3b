import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oott_assets.photos.sources.drawn.drawn_photos import (
    DrawnPhoto,
    WornGarment,
    draw_photo,
    jpeg_of,
    random_outfit,
)
from oott_fashion.colours import PALETTE_NAMES, nearest_colours
from oott_fashion.garments import GARMENT_NAMES, category_of


@pytest.fixture(scope="module")
def photos() -> list[DrawnPhoto]:
    """Forty photos of random outfits."""
    rng = np.random.default_rng(7)
    return [draw_photo(random_outfit(rng), rng) for _ in range(40)]


def test_the_same_seed_draws_the_same_photo() -> None:
    first, second = (_photo_of_seed(3) for _ in range(2))

    assert jpeg_of(first) == jpeg_of(second)
    assert first.garments == second.garments


def test_another_seed_draws_another_photo() -> None:
    assert jpeg_of(_photo_of_seed(3)) != jpeg_of(_photo_of_seed(4))


def test_three_hundred_outfits_contain_every_garment() -> None:
    rng = np.random.default_rng(0)

    worn = {garment for _ in range(300) for garment, _ in random_outfit(rng)}

    assert worn == set(GARMENT_NAMES)


def test_an_outfit_has_at_most_one_garment_of_each_category() -> None:
    rng = np.random.default_rng(1)

    for _ in range(200):
        categories = [category_of(garment) for garment, _ in random_outfit(rng)]
        assert len(categories) == len(set(categories))


def test_a_photo_lists_the_garments_of_its_outfit() -> None:
    outfit = (
        WornGarment("tee shirt", "red"),
        WornGarment("jeans", "blue"),
        WornGarment("sneakers", "white"),
    )

    photo = draw_photo(outfit, np.random.default_rng(2))

    assert [(garment.garment, garment.colour) for garment in photo.garments] == list(outfit)


def test_a_photo_of_an_empty_outfit_has_no_garments() -> None:
    assert draw_photo((), np.random.default_rng(2)).garments == ()


def test_the_most_common_colour_of_a_garments_pixels_is_its_colour(
    photos: list[DrawnPhoto],
) -> None:
    named = [
        _most_common_colour(photo.pixels[photo.worn == index + 1]) == garment.colour
        for photo in photos
        for index, garment in enumerate(photo.garments)
    ]

    assert np.mean(named) >= 0.99


def _most_common_colour(pixels: NDArray[np.uint8]) -> str:
    return PALETTE_NAMES[int(np.bincount(nearest_colours(pixels)).argmax())]


def test_at_least_98_percent_of_a_garments_pixels_lie_in_its_boxes(
    photos: list[DrawnPhoto],
) -> None:
    for photo in photos:
        for index, garment in enumerate(photo.garments):
            y, x = np.nonzero(photo.worn == index + 1)
            inside = np.zeros(len(x), dtype=bool)
            for box in garment.boxes:
                inside |= (x >= box.x_min) & (x < box.x_max) & (y >= box.y_min) & (y < box.y_max)
            assert inside.mean() > 0.98


def test_boxes_lie_inside_the_photo(photos: list[DrawnPhoto]) -> None:
    for photo in photos:
        height, width = photo.pixels.shape[:2]
        for box in (box for garment in photo.garments for box in garment.boxes):
            assert 0 <= box.x_min < box.x_max <= width
            assert 0 <= box.y_min < box.y_max <= height


def test_shoes_have_a_box_per_foot_and_other_garments_one(photos: list[DrawnPhoto]) -> None:
    for garment in (garment for photo in photos for garment in photo.garments):
        assert len(garment.boxes) == (2 if category_of(garment.garment) == "shoes" else 1)


def test_a_jpeg_looks_like_its_photo(photos: list[DrawnPhoto]) -> None:
    shown = np.asarray(Image.open(io.BytesIO(jpeg_of(photos[0]))), dtype=np.int16)

    assert np.abs(shown - photos[0].pixels).mean() < 6


def _photo_of_seed(seed: int) -> DrawnPhoto:
    rng = np.random.default_rng(seed)
    return draw_photo(random_outfit(rng), rng)
