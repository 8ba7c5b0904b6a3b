import pytest

from oott_fashion.outfits import OutfitNames, names_of, outfit_of
from tests.detections import seen


def test_no_detections_make_an_empty_outfit() -> None:
    assert outfit_of([]) == {}


def test_a_garment_of_each_category_makes_an_outfit() -> None:
    worn = [seen(name) for name in ("sandals", "coat", "jeans", "shirt")]

    names = names_of(outfit_of(worn))

    assert names.garments == ("coat", "shirt", "jeans", "sandals")


@pytest.mark.parametrize("order", [1, -1])
def test_the_more_confident_of_two_coats_is_worn(order: int) -> None:
    coats = [seen("coat", 0.6, "red"), seen("coat", 0.7, "blue")]

    assert outfit_of(coats[::order])["outer"].colour == "blue"


def test_the_most_confident_garment_of_a_category_is_worn() -> None:
    assert outfit_of([seen("shirt", 0.5), seen("dress", 0.8)])["top"].garment == "dress"


def test_on_a_tie_the_first_coat_is_worn() -> None:
    coats = [seen("coat", 0.7, "red"), seen("coat", 0.7, "blue")]

    assert outfit_of(coats)["outer"].colour == "red"


def test_a_category_without_a_garment_is_named_none() -> None:
    outfit = outfit_of([seen("jeans", colour="blue"), seen("tee shirt", colour="white")])

    assert names_of(outfit) == OutfitNames(
        ("None", "tee shirt", "jeans", "None"), ("None", "white", "blue", "None")
    )


def test_an_empty_outfit_has_four_times_none() -> None:
    assert names_of({}) == OutfitNames(("None",) * 4, ("None",) * 4)
