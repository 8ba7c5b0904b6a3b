import pytest

from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.shoe_pairs import merge_shoe_pairs
from tests.detections import seen


def shoe(
    x: float, confidence: float = 0.9, garment: str = "sneakers", length: float = 20
) -> Detection:
    """Make a shoe with its centre at (``x``, 100), half as high as it is long."""
    box = Box(x - length / 2, 100 - length / 4, x + length / 2, 100 + length / 4)
    return seen(garment, confidence, box=box)


def test_photos_without_shoes_do_not_change() -> None:
    coat = seen("coat")

    assert merge_shoe_pairs([]) == []
    assert merge_shoe_pairs([coat]) == [coat]


def test_a_single_shoe_counts() -> None:
    assert merge_shoe_pairs([shoe(50)]) == [shoe(50)]


@pytest.mark.parametrize("order", [1, -1])
def test_two_shoes_of_one_person_count_as_the_more_confident_one(order: int) -> None:
    shoes = [shoe(50, 0.6), shoe(75, 0.8)]

    assert merge_shoe_pairs(shoes[::order]) == [shoe(75, 0.8)]


def test_two_equal_shoes_in_one_place_are_a_pair() -> None:
    assert merge_shoe_pairs([shoe(50), shoe(50)]) == [shoe(50)]


def test_shoes_of_two_classes_can_be_a_pair() -> None:
    shoes = [shoe(50, 0.6, "sneakers"), shoe(75, 0.8, "dress shoes")]

    assert merge_shoe_pairs(shoes) == [shoe(75, 0.8, "dress shoes")]


# The longest stride is three shoe lengths of 20 pixels.
@pytest.mark.parametrize(("apart", "people"), [(60, 1), (60.01, 2)])
def test_shoes_more_than_a_stride_apart_belong_to_two_people(apart: float, people: int) -> None:
    assert len(merge_shoe_pairs([shoe(50), shoe(50 + apart)])) == people


@pytest.mark.parametrize(("short", "long"), [(0.8, 0.9), (0.9, 0.8)])
def test_the_longer_shoe_sets_the_stride(short: float, long: float) -> None:
    shoes = [shoe(50, short, length=5), shoe(110, long, length=20)]

    assert len(merge_shoe_pairs(shoes)) == 1


def test_the_height_of_a_shoe_can_be_its_length() -> None:
    feet = [seen("sneakers", box=Box(x, 90, x + 5, 110)) for x in (50, 105)]

    assert len(merge_shoe_pairs(feet)) == 1


@pytest.mark.parametrize(("up", "people"), [(60, 1), (61, 2)])
def test_a_stride_can_be_vertical(up: float, people: int) -> None:
    feet = [seen("sneakers", box=Box(50, y, 70, y + 10)) for y in (100, 100 + up)]

    assert len(merge_shoe_pairs(feet)) == people


def test_a_shoe_is_paired_with_the_nearest_not_the_most_confident() -> None:
    one_foot, other_foot, stranger = shoe(50, 0.9), shoe(70, 0.5), shoe(100, 0.8)

    assert merge_shoe_pairs([one_foot, stranger, other_foot]) == [one_foot, stranger]


def test_two_people_side_by_side_wear_two_pairs() -> None:
    feet = [shoe(50, 0.9), shoe(75, 0.8), shoe(120, 0.7), shoe(145, 0.6)]

    assert merge_shoe_pairs(feet) == [feet[0], feet[2]]


def test_other_garments_are_not_paired_and_keep_their_order() -> None:
    garments = [seen("jeans", 0.9), shoe(50, 0.5), seen("jeans", 0.4), shoe(75, 0.6)]

    assert merge_shoe_pairs(garments) == [garments[0], garments[2], garments[3]]


def test_two_boxes_on_one_shoe_are_still_one_of_a_pair() -> None:
    shoe_box, second_box, other_shoe = shoe(50, 0.9), shoe(52, 0.6, "dress shoes"), shoe(75, 0.7)

    assert merge_shoe_pairs([shoe_box, other_shoe, second_box]) == [shoe_box]


# Two shoes of 20 pixels, 6 pixels apart, share 14 of 26 pixels: an IoU above a half. 7 pixels
# apart they share 13 of 27, which is below.
@pytest.mark.parametrize(("apart", "pairs"), [(6, 1), (7, 2)])
def test_boxes_with_an_iou_above_a_half_are_one_shoe(apart: float, pairs: int) -> None:
    third = shoe(75, 0.5)

    assert len(merge_shoe_pairs([shoe(50), shoe(50 + apart), third])) == pairs
