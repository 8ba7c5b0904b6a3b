import io

import numpy as np
import pytest
from PIL import Image

from oott_fashion.vision.near_duplicates import (
    PerceptualHash,
    groups_of,
    near_duplicates,
    perceptual_hash_of,
)
from oott_fashion.vision.photos import Photo
from tests.oott_assets.training.labels.data_sets import picture


def pixels(image: Image.Image) -> Photo:
    return np.asarray(image.convert("RGB"))


def reencoded(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def pairs_of(*images: Image.Image) -> list[tuple[int, int]]:
    return near_duplicates([perceptual_hash_of(pixels(image)) for image in images])


def plain(level: int) -> Image.Image:
    return Image.new("RGB", (64, 48), (level, level, level))


def test_a_resized_and_re_encoded_picture_is_a_duplicate() -> None:
    photo = picture(1)

    larger = reencoded(photo.resize((160, 120)), quality=50)

    assert pairs_of(photo, picture(2), larger) == [(0, 2)]


def test_different_pictures_are_not_duplicates() -> None:
    assert pairs_of(*map(picture, range(10))) == []


def test_two_plain_pictures_with_one_hash_are_not_duplicates() -> None:
    grey, white = plain(128), plain(250)

    assert np.array_equal(
        perceptual_hash_of(pixels(grey)).bits, perceptual_hash_of(pixels(white)).bits
    )
    assert pairs_of(grey, white) == []


@pytest.mark.parametrize(("levels", "pairs"), [(4, [(0, 1)]), (5, [])])
def test_thumbnails_may_differ_by_four_levels_of_255(
    levels: int, pairs: list[tuple[int, int]]
) -> None:
    assert pairs_of(plain(100), plain(100 + levels)) == pairs


@pytest.mark.parametrize(("flipped", "pairs"), [(3, [(0, 1)]), (4, [])])
def test_hashes_may_differ_in_three_bits(flipped: int, pairs: list[tuple[int, int]]) -> None:
    bits = np.zeros(64, dtype=np.uint8)
    bits[:32] = 1
    # Bits change from 1 to 0 and from 0 to 1; both count.
    others = bits.copy()
    others[30 : 30 + flipped] ^= 1
    thumbnail = np.zeros((16, 16, 3), dtype=np.uint8)

    assert (
        near_duplicates([PerceptualHash(bits, thumbnail), PerceptualHash(others, thumbnail)])
        == pairs
    )


def test_pairs_are_found_anywhere_among_thousands_of_photos() -> None:
    bits = np.random.default_rng(3).integers(0, 2, (2100, 64), dtype=np.uint8)
    same = [(0, 1), (998, 1000), (999, 1001), (3, 2099), (2000, 2001)]
    for first, second in same:
        bits[second] = bits[first]
    thumbnail = np.zeros((16, 16, 3), dtype=np.uint8)

    assert near_duplicates([PerceptualHash(row, thumbnail) for row in bits]) == sorted(same)


@pytest.mark.parametrize("count", [0, 1])
def test_no_photos_or_one_photo_give_no_pairs(count: int) -> None:
    assert pairs_of(*map(picture, range(count))) == []


def test_photos_connected_by_a_chain_of_pairs_are_one_group() -> None:
    assert groups_of(6, [(1, 4), (2, 5), (3, 4)]) == [0, 1, 2, 1, 1, 2]
    assert groups_of(4, [(0, 2), (1, 3), (2, 3)]) == [0, 0, 0, 0]


def test_a_photo_without_a_pair_is_its_own_group() -> None:
    assert groups_of(0, []) == []
    assert groups_of(1, []) == [0]
    assert groups_of(3, []) == [0, 1, 2]
