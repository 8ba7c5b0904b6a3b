"""Tests the boxes of masks with several parts."""

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.labellers.garment_parts import box_of_parts, boxes_of_shoes


def mask_of(*parts: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Draw rectangles (left, top, right, bottom) on a mask 100 pixels wide and 80 high."""
    mask = np.zeros((80, 100), dtype=np.bool_)
    for left, top, right, bottom in parts:
        mask[top:bottom, left:right] = True
    return mask


def test_the_box_includes_the_last_row_and_column_of_the_mask() -> None:
    assert box_of_parts(mask_of((10, 20, 31, 42))) == (10, 20, 31, 42)


def test_both_halves_of_an_open_coat_are_in_the_same_box() -> None:
    assert box_of_parts(mask_of((10, 20, 30, 60), (40, 25, 60, 65))) == (10, 20, 60, 65)


def test_a_small_speck_is_ignored() -> None:
    assert box_of_parts(mask_of((10, 20, 30, 60), (90, 70, 93, 73))) == (10, 20, 30, 60)


def test_a_part_of_exactly_a_tenth_of_the_largest_is_kept() -> None:
    assert box_of_parts(mask_of((10, 20, 30, 60), (50, 20, 60, 28))) == (10, 20, 60, 60)


def test_an_empty_mask_has_no_box() -> None:
    assert box_of_parts(mask_of()) is None
    assert boxes_of_shoes(mask_of()) == []


def test_two_shoes_that_are_apart_have_a_box_each() -> None:
    left, right = (10, 20, 30, 60), (40, 25, 60, 65)

    assert boxes_of_shoes(mask_of(right, left, (90, 70, 93, 73))) == [left, right]


def test_shoes_that_touch_and_a_shoe_with_a_small_part_have_one_box() -> None:
    assert boxes_of_shoes(mask_of((10, 20, 30, 60), (30, 25, 60, 65))) == [(10, 20, 60, 65)]
    assert boxes_of_shoes(mask_of((10, 20, 30, 60), (40, 20, 59, 41))) == [(10, 20, 59, 60)]
