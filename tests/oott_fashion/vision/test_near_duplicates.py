import io

import numpy as np
import pytest
from PIL import Image

from oott_fashion.vision.near_duplicates import (
    PerceptualHash,
    duplicates_between,
    groups_of,
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


def groups_in(*images: Image.Image) -> list[int]:
    return groups_of([perceptual_hash_of(pixels(image)) for image in images])


def plain(level: int) -> Image.Image:
    return Image.new("RGB", (64, 48), (level, level, level))


def are_same(one: PerceptualHash, other: PerceptualHash) -> bool:
    """The rule: at most 3 of 64 bits, and 4 of 255 levels in the mean, differ."""
    levels = np.abs(one.thumbnail.astype(int) - other.thumbnail)
    return int((one.bits != other.bits).sum()) <= 3 and float(levels.mean()) <= 4


def test_a_resized_and_re_encoded_picture_is_a_duplicate() -> None:
    photo = picture(1)

    larger = reencoded(photo.resize((160, 120)), quality=50)

    assert groups_in(photo, picture(2), larger) == [0, 1, 0]


def test_different_pictures_are_not_duplicates() -> None:
    assert groups_in(*map(picture, range(10))) == list(range(10))


def test_two_plain_pictures_with_one_hash_are_not_duplicates() -> None:
    grey, white = plain(128), plain(250)

    assert np.array_equal(
        perceptual_hash_of(pixels(grey)).bits, perceptual_hash_of(pixels(white)).bits
    )
    assert groups_in(grey, white) == [0, 1]


@pytest.mark.parametrize(("levels", "groups"), [(4, [0, 0]), (5, [0, 1])])
def test_thumbnails_may_differ_by_four_levels_of_255(levels: int, groups: list[int]) -> None:
    assert groups_in(plain(100), plain(100 + levels)) == groups


@pytest.mark.parametrize("seed", range(5))
def test_the_groups_are_those_of_comparing_every_pair(seed: int) -> None:
    chance = np.random.default_rng(seed)
    pictures = chance.integers(0, 256, (5, 16, 16, 3))
    hashes = []
    for _ in range(60):
        # Some copies are close to the limits of 3 bits and 4 levels, on both sides.
        bits = np.repeat([0, 1], 32).astype(np.uint8)
        bits[chance.choice(64, chance.integers(0, 4), replace=False)] ^= 1
        brighter = pictures[chance.integers(5)] + 2 * chance.integers(0, 15)
        hashes.append(PerceptualHash(bits, brighter.clip(0, 255).astype(np.uint8)))

    pairs = [
        (one, other)
        for one in range(60)
        for other in range(60)
        if are_same(hashes[one], hashes[other])
    ]
    groups = list(range(60))
    for _ in range(20):
        for one, other in pairs:
            groups[one] = min(groups[one], groups[other])
    assert 10 < len(set(groups)) < 50
    assert groups_of(hashes) == groups
    assert duplicates_between(hashes, hashes) == pairs


def test_duplicates_are_found_among_thousands_of_photos_with_one_hash() -> None:
    levels = np.random.default_rng(3).integers(0, 256, (2100, 16, 16, 3), dtype=np.uint8)
    levels[1000:1500] = levels[7]
    bits = np.zeros(64, dtype=np.uint8)

    groups = groups_of([PerceptualHash(bits, thumbnail) for thumbnail in levels])

    assert groups == [*range(1000), *[7] * 500, *range(1500, 2100)]


@pytest.mark.parametrize("count", [0, 1])
def test_no_photos_or_one_photo_are_in_no_group_with_others(count: int) -> None:
    assert groups_in(*map(picture, range(count))) == list(range(count))
    assert duplicates_between([], []) == []
