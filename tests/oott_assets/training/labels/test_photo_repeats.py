"""How often a training photo is in an epoch."""

import hashlib
from collections import Counter
from pathlib import Path

from oott_assets.training.labels.labelled_photos import Label, LabelledPhoto, Split
from oott_assets.training.labels.photo_repeats import with_repeats
from oott_fashion.vision.detections import Box


def photo(
    name: str, *garments: str, origin: str = "catalogue", split: Split = "train"
) -> LabelledPhoto:
    labels = tuple(Label(garment, Box(0, 0, 9, 9), 1.0, origin) for garment in garments)
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return LabelledPhoto(Path(name), sha256, 9, 9, split, labels)


def closet(garment: str, count: int, origin: str = "catalogue") -> list[LabelledPhoto]:
    return [photo(f"{garment}-{number}", garment, origin=origin) for number in range(count)]


def copies(photos: list[LabelledPhoto]) -> Counter[str]:
    """Count how often each garment is in the repeated photos."""
    return Counter(label.garment for one in with_repeats(photos) for label in one.labels)


def test_a_garment_four_times_as_rare_is_repeated_twice_as_often() -> None:
    common, rare, rarer = closet("tee shirt", 9_250), closet("coat", 500), closet("dress", 125)
    unseen = closet("jeans", 125)

    found = copies([*common, *rare, *rarer, *unseen])

    assert found["tee shirt"] == 9_250
    assert found["coat"] == 500
    assert found["dress"] == found["jeans"] == 250


def test_a_fraction_of_a_repeat_is_given_to_a_fraction_of_the_photos() -> None:
    # The share is 0.03, and the square root of 0.05 / 0.03 is 1.29.
    found = copies([*closet("tee shirt", 970), *closet("coat", 30)])

    assert 32 <= found["coat"] <= 46
    assert with_repeats(closet("coat", 5)) == with_repeats(closet("coat", 5))


def test_the_rarest_garment_of_a_photo_decides() -> None:
    both = photo("both", "tee shirt", "coat")

    assert with_repeats([*closet("tee shirt", 999), both]).count(both) == 5


def test_no_photo_is_there_more_than_five_times() -> None:
    found = copies([*closet("tee shirt", 9_999), *closet("coat", 1, origin="main_data")])

    assert found["coat"] == 5


def test_photos_that_people_labelled_are_doubled_if_they_are_few() -> None:
    people, others = closet("coat", 2, origin="main_data"), closet("dress", 3)

    assert copies([*people, *others]) == {"coat": 4, "dress": 3}
    assert copies([*people, *others[:2]]) == {"coat": 2, "dress": 2}


def test_drawn_photos_are_neither_counted_nor_repeated() -> None:
    drawn, people = closet("coat", 3, origin="drawn"), closet("dress", 1, origin="main_data")

    assert copies([*drawn, *people, *closet("coat", 1)]) == {"coat": 4, "dress": 2}


def test_photos_without_clothes_and_validation_photos_are_not_repeated() -> None:
    bare = photo("bare")
    valid = photo("valid", "coat", split="valid")
    photos = [bare, valid, *closet("tee shirt", 99)]

    assert with_repeats(photos) == photos
    assert with_repeats([]) == []
