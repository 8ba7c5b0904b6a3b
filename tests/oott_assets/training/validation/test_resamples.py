"""Resamples of photos, and intervals."""

import numpy as np
import pytest

from oott_assets.training.validation.resamples import RESAMPLES, estimate, photo_weights, ratio


def test_every_resample_has_as_many_photos_as_there_are() -> None:
    weights = photo_weights(7)

    assert weights.shape == (1 + RESAMPLES, 7)
    assert (weights[0] == 1).all()
    assert (weights.sum(axis=1) == 7).all()
    assert len({tuple(row) for row in weights.tolist()}) > 100


def test_two_detectors_get_the_same_resamples() -> None:
    assert np.array_equal(photo_weights(5), photo_weights(5))


def test_without_photos_there_is_nothing_to_resample() -> None:
    assert photo_weights(0).shape == (1 + RESAMPLES, 0)


def test_resamples_above_the_value_put_the_interval_below_it() -> None:
    resampled = np.linspace(0.5, 0.7, 201)

    value, low, high = estimate(np.array([0.5, *resampled]), outside=0.1)

    assert value == high == 0.5
    assert low == pytest.approx(0.5 - 0.19)


def test_a_smaller_share_outside_gives_a_wider_interval() -> None:
    rows = np.array([0.0, *np.linspace(-1, 1, 2001)])

    assert estimate(rows)[1:] == pytest.approx((-0.95, 0.95))
    assert estimate(rows, outside=0.01)[1:] == pytest.approx((-0.99, 0.99))


def test_a_share_of_nothing_is_zero() -> None:
    assert ratio(np.array([1, 0]), np.array([2, 0])).tolist() == [0.5, 0]
