"""Precision, recall, share error and confusions at the served confidence."""

import numpy as np
import pytest

from oott_assets.training.validation.answers import Answer
from oott_assets.training.validation.served_counts import ServedCounts, confusion, served_counts
from tests.oott_assets.training.validation.answers import answer


def once(photos: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int32]]":
    return np.ones((1, photos), np.int32)


def counts_at(confidence: float, *answers: Answer) -> ServedCounts:
    return served_counts(answers, confidence)


def test_boxes_at_the_confidence_or_below_it_do_not_count() -> None:
    photo = answer([("coat", 0), ("jeans", 20)], [("coat", 0, 0.31), ("jeans", 20, 0.25)])

    assert counts_at(0.25, photo).recall(once(1)) == [0.5]
    assert counts_at(0.2, photo).recall(once(1)) == [1.0]


def test_precision_and_recall_count_all_boxes_of_all_photos() -> None:
    counts = counts_at(
        0.3,
        answer([("coat", 0)], [("coat", 0, 0.9), ("coat", 40, 0.8)]),
        answer([("jeans", 0), ("dress", 20), ("dress", 40)], [("jeans", 0, 0.5)]),
    )

    assert counts.precision(once(2)) == pytest.approx([2 / 3])
    assert counts.recall(once(2)) == [0.5]
    assert counts.f1(once(2)) == pytest.approx([2 * 2 / (4 + 3)])


def test_without_found_boxes_precision_is_zero_and_the_shares_are_wholly_wrong() -> None:
    counts = counts_at(0.3, answer([("coat", 0)]))

    assert counts.precision(once(1)) == [0]
    assert counts.share_error(once(1)) == [1]


def test_the_share_error_is_the_share_of_garments_under_a_wrong_name() -> None:
    photos = [answer([("jeans", 0)], [("jeans", 0, 0.9)]) for _ in range(3)]
    photos.append(answer([("jeans", 0)], [("slacks", 0, 0.9)]))

    assert counts_at(0.3, *photos).share_error(once(4)) == [0.25]


def test_a_pair_of_shoes_is_one_garment_in_the_truth_and_in_the_counts() -> None:
    both = [("coat", 100.0), ("sneakers", 0.0), ("sneakers", 15.0)]
    one_shoe_found = answer(both, [("coat", 100, 0.9), ("sneakers", 0, 0.9)])

    counts = counts_at(0.3, one_shoe_found)

    assert counts.share_error(once(1)) == [0]
    assert counts.recall(once(1)) == pytest.approx([2 / 3])


def test_a_garment_is_called_what_the_box_on_it_says() -> None:
    found = confusion([answer([("jeans", 0)], [("slacks", 1, 0.9)])], 0.3)

    assert found.called == {("jeans", "slacks"): 1}
    assert not found.missed
    assert not found.invented


def test_a_second_box_on_a_garment_that_was_found_is_found_where_nothing_is() -> None:
    found = confusion([answer([("jeans", 0)], [("slacks", 1, 0.9), ("jeans", 0, 0.4)])], 0.3)

    assert not found.called
    assert found.invented == {"slacks": 1}


def test_garments_without_a_box_are_missed() -> None:
    photo = answer([("jeans", 0), ("coat", 20), ("coat", 40)], [("coat", 20, 0.9)])

    found = confusion([photo, answer([], [("dress", 0, 0.9)])], 0.3)

    assert found.missed == {"jeans": 1, "coat": 1}
    assert found.invented == {"dress": 1}
