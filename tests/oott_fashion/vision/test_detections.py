import dataclasses

import pytest

from oott_fashion.vision.detections import Box
from tests.detections import seen


def test_the_size_of_a_box_follows_from_its_corners() -> None:
    box = Box(x_min=10, y_min=20, x_max=14, y_max=27)

    assert (box.width, box.height, box.area) == (4, 7, 28)


def test_a_box_without_width_has_no_area() -> None:
    assert Box(10, 20, 10, 27).area == 0


def test_a_detection_has_the_category_of_its_garment() -> None:
    assert seen("jeans").category == "bottom"
    assert seen("sandals").category == "shoes"


def test_an_unknown_garment_has_no_category() -> None:
    with pytest.raises(ValueError, match="'kite' is not a garment"):
        _ = seen("kite").category


def test_a_detection_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen("jeans").confidence = 1.0  # type: ignore[misc]
