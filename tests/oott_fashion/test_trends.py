from oott_fashion.outfits import OutfitNames
from oott_fashion.trends import Look, garment_counts, outfit_counts, photos_showing
from tests.detections import seen


def test_no_photos_give_no_counts() -> None:
    assert garment_counts([]) == {}
    assert outfit_counts([]) == {}


def test_garments_are_counted_by_category_name_and_colour() -> None:
    photos = [
        [seen("coat", colour="red"), seen("jeans", colour="blue")],
        [seen("coat", colour="red"), seen("coat", colour="navy")],
    ]

    assert garment_counts(photos) == {
        Look("outer", "coat", "red"): 2,
        Look("outer", "coat", "navy"): 1,
        Look("bottom", "jeans", "blue"): 1,
    }


def test_two_people_in_the_same_coat_in_one_photo_are_counted_twice() -> None:
    assert garment_counts([[seen("coat"), seen("coat")]]) == {Look("outer", "coat", "black"): 2}


def test_a_photo_with_two_of_the_same_coat_shows_the_look_once() -> None:
    photos = [[seen("coat"), seen("coat"), seen("jeans")], [seen("coat")], []]

    assert photos_showing(photos) == {
        Look("outer", "coat", "black"): 2,
        Look("bottom", "jeans", "black"): 1,
    }


def test_the_counts_add_up_to_the_number_of_detections() -> None:
    photos = [[seen("coat"), seen("jeans")], [], [seen("sandals"), seen("coat", colour="red")]]

    assert garment_counts(photos).total() == 4


def test_a_photo_has_one_outfit_of_its_most_confident_garments() -> None:
    photo = [seen("coat", 0.4, "red"), seen("blazer", 0.8, "gray"), seen("jeans", 0.5, "blue")]

    assert outfit_counts([photo]) == {
        OutfitNames(("blazer", "None", "jeans", "None"), ("gray", "None", "blue", "None")): 1
    }


def test_the_same_outfit_in_two_photos_counts_twice() -> None:
    photos = [
        [seen("coat", 0.9), seen("sandals", 0.3)],
        [seen("sandals", 0.8), seen("coat", 0.5)],
        [seen("coat")],
    ]

    assert sorted(outfit_counts(photos).values()) == [1, 2]


def test_a_photo_without_a_garment_has_no_outfit() -> None:
    assert outfit_counts([[], [seen("coat")]]).total() == 1
