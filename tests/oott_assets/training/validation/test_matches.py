"""Which found boxes are right."""

import numpy as np
import pytest

from oott_assets.training.validation.matches import iou_matrix, match
from tests.oott_assets.training.validation.answers import answer


def right(truth: list[tuple[str, float]], found: list[tuple[str, float, float]]) -> list[bool]:
    """Tell which found boxes are right at an IoU of 0.5, most confident first."""
    return [bool(each) for each in match(answer(truth, found)).right[:, 0]]


def test_a_box_of_another_garment_is_wrong() -> None:
    assert right([("coat", 0)], [("coat", 0, 0.9), ("dress", 0, 0.8)]) == [True, False]


def test_the_more_confident_of_two_boxes_takes_the_true_one() -> None:
    assert right([("coat", 0)], [("coat", 1, 0.5), ("coat", 3, 0.9)]) == [True, False]
    assert right([("coat", 0)], [("coat", 0, 0.5), ("coat", 3, 0.9)]) == [True, False]


def test_a_box_takes_the_true_box_that_is_nearest() -> None:
    matched = match(answer([("coat", 0), ("coat", 4)], [("coat", 3, 0.9)]))

    assert matched.found[:, 0].tolist() == [False, True]


# Boxes of 10 pixels that are moved by 5 / 3 pixels have an IoU of 0.714.
@pytest.mark.parametrize(("moved", "ious"), [(0, 10), (5 / 3, 5), (5, 0)])
def test_a_moved_box_is_right_up_to_its_iou(moved: float, ious: int) -> None:
    matched = match(answer([("coat", 0)], [("coat", moved, 0.9)]))

    assert matched.right[0].tolist() == [True] * ious + [False] * (10 - ious)


def test_nothing_found_and_nothing_there_match_nothing() -> None:
    assert match(answer([("coat", 0)])).found.tolist() == [[False] * 10]
    assert match(answer([], [("coat", 0, 0.9)])).right.tolist() == [[False] * 10]
    assert match(answer([])).right.shape == (0, 10)


def test_boxes_without_area_have_the_iou_zero() -> None:
    point = np.zeros((1, 4), np.float32)

    assert iou_matrix(point, point).tolist() == [[0.0]]
