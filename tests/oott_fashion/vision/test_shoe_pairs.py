import pytest

from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.shoe_pairs import merge_shoe_pairs
from tests.detections import seen


def shoe(x: float, score: float = 0.9, garment: str = "sneakers", length: float = 20) -> Detection:
    """See a shoe whose middle is ``x`` pixels from the left, 100 from above, half as high."""
    box = Box(x - length / 2, 100 - length / 4, x + length / 2, 100 + length / 4)
    return seen(garment, score, box=box)


def test_no_shoes_are_no_pairs() -> None:
    coat = seen("coat")

    assert merge_shoe_pairs([]) == []
    assert merge_shoe_pairs([coat]) == [coat]


def test_a_single_shoe_is_counted() -> None:
    assert merge_shoe_pairs([shoe(50)]) == [shoe(50)]


@pytest.mark.parametrize("order", [1, -1])
def test_two_shoes_of_one_person_count_once_as_the_surer(order: int) -> None:
    shoes = [shoe(50, 0.6), shoe(75, 0.8)]

    assert merge_shoe_pairs(shoes[::order]) == [shoe(75, 0.8)]


def test_two_equal_shoes_at_one_place_are_still_a_pair() -> None:
    assert merge_shoe_pairs([shoe(50), shoe(50)]) == [shoe(50)]


def test_a_person_wears_one_kind_of_shoe_even_if_the_detector_sees_two() -> None:
    shoes = [shoe(50, 0.6, "sneakers"), shoe(75, 0.8, "dress shoes")]

    assert merge_shoe_pairs(shoes) == [shoe(75, 0.8, "dress shoes")]


# Three shoe lengths of 20 pixels are 60.
@pytest.mark.parametrize(("apart", "people"), [(60, 1), (60.01, 2)])
def test_shoes_more_than_a_stride_apart_are_two_peoples(apart: float, people: int) -> None:
    assert len(merge_shoe_pairs([shoe(50), shoe(50 + apart)])) == people


@pytest.mark.parametrize(("short", "long"), [(0.8, 0.9), (0.9, 0.8)])
def test_a_stride_is_measured_by_the_longer_shoe(short: float, long: float) -> None:
    shoes = [shoe(50, short, length=5), shoe(110, long, length=20)]

    assert len(merge_shoe_pairs(shoes)) == 1


def test_a_shoe_seen_from_the_front_is_as_long_as_it_is_high() -> None:
    feet = [seen("sneakers", box=Box(x, 90, x + 5, 110)) for x in (50, 105)]

    assert len(merge_shoe_pairs(feet)) == 1


@pytest.mark.parametrize(("up", "people"), [(60, 1), (61, 2)])
def test_a_stride_up_the_stairs_is_a_stride(up: float, people: int) -> None:
    feet = [seen("sneakers", box=Box(50, y, 70, y + 10)) for y in (100, 100 + up)]

    assert len(merge_shoe_pairs(feet)) == people


def test_a_shoe_is_paired_with_the_nearest_not_the_surest() -> None:
    one_foot, other_foot, stranger = shoe(50, 0.9), shoe(70, 0.5), shoe(100, 0.8)

    assert merge_shoe_pairs([one_foot, stranger, other_foot]) == [one_foot, stranger]


def test_two_people_side_by_side_wear_two_pairs() -> None:
    feet = [shoe(50, 0.9), shoe(75, 0.8), shoe(120, 0.7), shoe(145, 0.6)]

    assert merge_shoe_pairs(feet) == [feet[0], feet[2]]


def test_other_garments_of_one_kind_are_not_paired_and_the_order_stays() -> None:
    garments = [seen("jeans", 0.9), shoe(50, 0.5), seen("jeans", 0.4), shoe(75, 0.6)]

    assert merge_shoe_pairs(garments) == [garments[0], garments[2], garments[3]]


def test_a_foot_that_might_wear_either_shoe_is_still_one_of_a_pair() -> None:
    sure, unsure, other_foot = shoe(50, 0.9), shoe(52, 0.6, "dress shoes"), shoe(75, 0.7)

    assert merge_shoe_pairs([sure, other_foot, unsure]) == [sure]


# Of two shoes 20 long, 14 shared of 26 covered are more than half, and 13 of 27 are not.
@pytest.mark.parametrize(("apart", "pairs"), [(6, 1), (7, 2)])
def test_boxes_that_share_more_than_half_of_what_they_cover_are_one_foot(
    apart: float, pairs: int
) -> None:
    third = shoe(75, 0.5)

    assert len(merge_shoe_pairs([shoe(50), shoe(50 + apart), third])) == pairs
