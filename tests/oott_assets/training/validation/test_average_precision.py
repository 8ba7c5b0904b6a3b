"""Average precision, compared with Ultralytics and with photos that are really repeated."""

import numpy as np
import pytest

from oott_assets.training.validation.average_precision import (
    average_precisions,
    mean_over_garments,
)
from oott_assets.training.validation.matches import matches_of
from oott_fashion.garments import GARMENT_NAMES
from tests.oott_assets.training.validation.answers import answer, random_answers

COAT, DRESS = GARMENT_NAMES.index("coat"), GARMENT_NAMES.index("dress")


@pytest.mark.parametrize("seed", range(5))
def test_the_average_precision_is_that_of_ultralytics(seed: int) -> None:
    from ultralytics.utils.metrics import ap_per_class

    matches = matches_of(random_answers(photos=40, seed=seed))

    [found] = average_precisions(matches, np.ones((1, 40), np.int32))

    expected = ap_per_class(
        matches.right, matches.confidence, matches.found_garment, matches.true_garment
    )
    ap, garments = expected[5], expected[6]
    np.testing.assert_allclose(found[garments], ap, atol=1e-9)
    assert np.isnan(np.delete(found, garments, axis=0)).all()


def test_a_photo_that_counts_twice_counts_as_two_photos() -> None:
    answers = random_answers(photos=12)
    weights = np.array([[1] * 12, [2, 0, 1, 1, 3, 0, 1, 1, 0, 1, 1, 1]], np.int32)
    repeated = [each for each, times in zip(answers, weights[1], strict=True) for _ in range(times)]

    weighted = average_precisions(matches_of(answers), weights)[1]

    [expected] = average_precisions(matches_of(repeated), np.ones((1, 12), np.int32))
    np.testing.assert_allclose(weighted, expected, atol=1e-9)


def test_a_perfect_detector_has_995_thousandths_and_a_blind_one_nothing() -> None:
    perfect = matches_of([answer([("coat", 0)], [("coat", 0, 0.9)])])
    blind = matches_of([answer([("coat", 0)])])
    once = np.ones((1, 1), np.int32)

    # Ultralytics and COCO read the precision at recall 1 as 0.
    assert average_precisions(perfect, once)[0, COAT] == pytest.approx(0.995)
    assert (average_precisions(blind, once)[0, COAT] == 0).all()


def test_a_garment_that_a_resample_lacks_keeps_its_value_on_all_photos() -> None:
    matches = matches_of([answer([("coat", 0)], [("coat", 0, 0.9)]), answer([("dress", 0)])])

    values = average_precisions(matches, np.array([[1, 1], [0, 2]], np.int32))

    assert values[1, COAT, 0] == pytest.approx(0.995)
    assert mean_over_garments(values[:, :, 0]) == pytest.approx([0.4975, 0.4975])


def test_photos_without_boxes_have_the_mean_zero() -> None:
    values = average_precisions(matches_of([answer([])]), np.ones((3, 1), np.int32))

    assert (mean_over_garments(values[:, :, 0]) == 0).all()
