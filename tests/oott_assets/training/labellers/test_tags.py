"""Boxes of garments that a person named for a photo."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.labellers.tags import boxes_of_tags
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box
from oott_fashion.vision.detector import Detector

SIDE = 320
PHOTO = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)

CHEST, LEGS, HIPS = Box(100, 50, 200, 150), Box(110, 160, 190, 300), Box(105, 130, 195, 190)
LEFT_FOOT, RIGHT_FOOT = Box(100, 290, 130, 310), Box(160, 290, 190, 310)

Anchor = tuple[Box, Mapping[str, float]]


class AnchorEngine:
    """An engine whose network always gives the same anchors, each with several confidences."""

    name = "anchors"

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._head = np.zeros((1, 4 + len(GARMENT_NAMES), len(anchors)), dtype=np.float32)
        for index, (box, confidences) in enumerate(anchors):
            middle = (box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2
            self._head[0, :4, index] = [*middle, box.width, box.height]
            for garment, confidence in confidences.items():
                self._head[0, 4 + GARMENT_NAMES.index(garment), index] = confidence

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        assert model_input.shape == (1, 3, SIDE, SIDE)
        return self._head


def boxes(garments: Sequence[str], *anchors: Anchor) -> list[tuple[str, Box]]:
    labels = boxes_of_tags(Detector(AnchorEngine(anchors), SIDE), PHOTO, garments)
    return sorted((label.garment, label.box) for label in labels)


def test_a_garment_that_the_detector_takes_for_another_one_is_found() -> None:
    found = boxes(["jeans"], (LEGS, {"slacks": 0.8, "jeans": 0.2}), (HIPS, {"jeans": 0.1}))

    assert found == [("jeans", LEGS)]


def test_a_garment_that_nobody_named_gets_no_box() -> None:
    assert boxes(["shirt"], (CHEST, {"shirt": 0.3}), (LEGS, {"jeans": 0.9})) == [("shirt", CHEST)]
    assert boxes([], (CHEST, {"shirt": 0.9})) == []


def test_a_named_garment_that_the_detector_does_not_see_gets_no_box() -> None:
    assert boxes(["coat"], (CHEST, {"shirt": 0.9})) == []


def test_the_confidence_of_a_label_is_that_of_its_garment() -> None:
    detector = Detector(AnchorEngine([(LEGS, {"slacks": 0.8, "jeans": 0.25})]), SIDE)

    [label] = boxes_of_tags(detector, PHOTO, ["jeans"])

    assert (label.confidence, label.origin) == (0.25, "tags")


def test_a_coat_and_a_blazer_do_not_get_the_same_box() -> None:
    other = Box(100, 50, 180, 150)
    found = boxes(
        ["blazer", "coat"], (CHEST, {"coat": 0.9, "blazer": 0.5}), (other, {"blazer": 0.1})
    )

    assert found == [("blazer", other), ("coat", CHEST)]


def test_garments_of_different_categories_may_be_in_one_place() -> None:
    found = boxes(["coat", "dress"], (CHEST, {"coat": 0.9, "dress": 0.5}))

    assert found == [("coat", CHEST), ("dress", CHEST)]


def test_each_visible_shoe_of_a_pair_gets_a_box() -> None:
    left, nearly_left = (LEFT_FOOT, {"sneakers": 0.6}), Box(102, 290, 132, 310)
    both = boxes(
        ["sneakers"], left, (nearly_left, {"sneakers": 0.5}), (RIGHT_FOOT, {"sneakers": 0.4})
    )

    assert both == [("sneakers", LEFT_FOOT), ("sneakers", RIGHT_FOOT)]
    assert boxes(["sneakers"], left, (RIGHT_FOOT, {"sneakers": 0.1})) == [("sneakers", LEFT_FOOT)]


def test_two_kinds_of_shoes_do_not_share_a_box() -> None:
    found = boxes(
        ["sandals", "sneakers"],
        (LEFT_FOOT, {"sneakers": 0.6, "sandals": 0.5}),
        (RIGHT_FOOT, {"sandals": 0.3}),
    )

    assert found == [("sandals", RIGHT_FOOT), ("sneakers", LEFT_FOOT)]
