"""Tests the drawn pictures without clothes."""

import numpy as np

from oott_assets.photos.sources.drawn.without_clothes import picture_without_clothes


def test_the_same_seed_draws_the_same_picture_and_other_seeds_other_pictures() -> None:
    drawn = [picture_without_clothes(np.random.default_rng(seed)) for seed in (0, 0, 1, 2, 3)]

    assert np.array_equal(drawn[0], drawn[1])
    assert len({picture.tobytes() for picture in drawn}) == 4
    assert {picture.shape[2] for picture in drawn} == {3}
    assert {picture.dtype for picture in drawn} == {np.dtype(np.uint8)}
