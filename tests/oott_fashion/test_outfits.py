import pytest

from oott_fashion.outfits import OutfitNames, names_of, outfit_of, with_shoes_in_pairs
from oott_fashion.vision.detections import Box, Detection
from tests.detections import seen


def shoe(x: float, score: float = 0.9, garment: str = "sneakers", length: float = 20) -> Detection:
    """See a shoe whose middle is ``x`` pixels from the left, 100 from above, half as high."""
    box = Box(x - length / 2, 100 - length / 4, x + length / 2, 100 + length / 4)
    return seen(garment, score, box=box)


def test_nobody_wears_nothing() -> None:
    assert outfit_of([]) == {}


def test_a_garment_of_each_category_makes_an_outfit() -> None:
    worn = [seen(name) for name in ("sandals", "coat", "jeans", "shirt")]

    names = names_of(outfit_of(worn))

    assert names.garments == ("coat", "shirt", "jeans", "sandals")


@pytest.mark.parametrize("order", [1, -1])
def test_the_surest_of_two_coats_is_worn(order: int) -> None:
    coats = [seen("coat", 0.6, "red"), seen("coat", 0.7, "blue")]

    assert outfit_of(coats[::order])["outer"].colour == "blue"


def test_the_surest_garment_of_a_category_is_worn_whatever_its_name() -> None:
    assert outfit_of([seen("shirt", 0.5), seen("dress", 0.8)])["top"].garment == "dress"


def test_of_two_equally_sure_coats_the_first_seen_is_worn() -> None:
    coats = [seen("coat", 0.7, "red"), seen("coat", 0.7, "blue")]

    assert outfit_of(coats)["outer"].colour == "red"


def test_an_outfit_is_written_with_none_where_nothing_was_seen() -> None:
    outfit = outfit_of([seen("jeans", colour="blue"), seen("tee shirt", colour="white")])

    assert names_of(outfit) == OutfitNames(
        ("None", "tee shirt", "jeans", "None"), ("None", "white", "blue", "None")
    )


def test_an_empty_outfit_is_written_as_four_nones() -> None:
    assert names_of({}) == OutfitNames(("None",) * 4, ("None",) * 4)


def test_no_shoes_are_no_pairs() -> None:
    coat = seen("coat")

    assert with_shoes_in_pairs([]) == []
    assert with_shoes_in_pairs([coat]) == [coat]


def test_a_single_shoe_is_counted() -> None:
    assert with_shoes_in_pairs([shoe(50)]) == [shoe(50)]


@pytest.mark.parametrize("order", [1, -1])
def test_two_shoes_of_one_person_count_once_as_the_surer(order: int) -> None:
    shoes = [shoe(50, 0.6), shoe(75, 0.8)]

    assert with_shoes_in_pairs(shoes[::order]) == [shoe(75, 0.8)]


def test_two_equal_shoes_at_one_place_are_still_a_pair() -> None:
    assert with_shoes_in_pairs([shoe(50), shoe(50)]) == [shoe(50)]


def test_a_person_wears_one_kind_of_shoe_even_if_the_detector_sees_two() -> None:
    shoes = [shoe(50, 0.6, "sneakers"), shoe(75, 0.8, "dress shoes")]

    assert with_shoes_in_pairs(shoes) == [shoe(75, 0.8, "dress shoes")]


# Three shoe lengths of 20 pixels are 60.
@pytest.mark.parametrize(("apart", "people"), [(60, 1), (60.01, 2)])
def test_shoes_more_than_a_stride_apart_are_two_peoples(apart: float, people: int) -> None:
    assert len(with_shoes_in_pairs([shoe(50), shoe(50 + apart)])) == people


@pytest.mark.parametrize(("short", "long"), [(0.8, 0.9), (0.9, 0.8)])
def test_a_stride_is_measured_by_the_longer_shoe(short: float, long: float) -> None:
    shoes = [shoe(50, short, length=5), shoe(110, long, length=20)]

    assert len(with_shoes_in_pairs(shoes)) == 1


def test_a_shoe_seen_from_the_front_is_as_long_as_it_is_high() -> None:
    feet = [seen("sneakers", box=Box(x, 90, x + 5, 110)) for x in (50, 105)]

    assert len(with_shoes_in_pairs(feet)) == 1


@pytest.mark.parametrize(("up", "people"), [(60, 1), (61, 2)])
def test_a_stride_up_the_stairs_is_a_stride(up: float, people: int) -> None:
    feet = [seen("sneakers", box=Box(50, y, 70, y + 10)) for y in (100, 100 + up)]

    assert len(with_shoes_in_pairs(feet)) == people


def test_a_shoe_is_paired_with_the_nearest_not_the_surest() -> None:
    one_foot, other_foot, stranger = shoe(50, 0.9), shoe(70, 0.5), shoe(100, 0.8)

    assert with_shoes_in_pairs([one_foot, stranger, other_foot]) == [one_foot, stranger]


def test_two_people_side_by_side_wear_two_pairs() -> None:
    feet = [shoe(50, 0.9), shoe(75, 0.8), shoe(120, 0.7), shoe(145, 0.6)]

    assert with_shoes_in_pairs(feet) == [feet[0], feet[2]]


def test_other_garments_of_one_kind_are_not_paired_and_the_order_stays() -> None:
    garments = [seen("jeans", 0.9), shoe(50, 0.5), seen("jeans", 0.4), shoe(75, 0.6)]

    assert with_shoes_in_pairs(garments) == [garments[0], garments[2], garments[3]]
