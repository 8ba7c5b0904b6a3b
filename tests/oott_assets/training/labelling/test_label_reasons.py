from datetime import date

import pytest

from oott_assets.training.labelling.label_reasons import (
    SeenPhoto,
    StoredPhotoName,
    disagreement,
    rare_garment,
    uncertain,
)
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box, Detection

PHOTO = StoredPhotoName("hongdae", date(2026, 9, 1), "a" * 64)
BOX = Box(10, 10, 50, 90)


def found(garment: str, confidence: float = 0.9, box: Box = BOX) -> Detection:
    return Detection(garment, confidence, box, "black")


def test_a_confidence_just_above_the_threshold_is_a_reason_that_names_it() -> None:
    reason = uncertain([found("coat", 0.95), found("jeans", 0.33)], min_confidence=0.3)

    assert reason is not None
    assert reason.why == "The detector is not sure: jeans 0.33. The threshold is 0.30."


def test_clear_confidences_are_no_reason() -> None:
    assert uncertain([found("coat", 0.5), found("jeans", 0.95)], min_confidence=0.3) is None
    assert uncertain([], min_confidence=0.3) is None


def test_more_doubts_and_lower_confidences_are_a_better_reason() -> None:
    scores = [
        reason.score
        for garments in (
            [found("jeans", 0.45)],
            [found("jeans", 0.31)],
            [found("jeans", 0.31), found("skirt", 0.4)],
        )
        if (reason := uncertain(garments, 0.3))
    ]

    assert scores == sorted(scores)
    assert len(set(scores)) == 3


def test_a_garment_with_few_boxes_is_a_reason_that_says_how_many() -> None:
    boxes = dict.fromkeys(GARMENT_NAMES, 50) | {"cardigan": 7}
    for garment in ("blazer", "puffer", "dress", "skirt", "sandals"):
        boxes[garment] = 20

    reason = rare_garment([found("coat"), found("cardigan", 0.62)], boxes)

    assert reason is not None
    assert reason.why == "Rare garment: cardigan 0.62. main_data has 7 boxes of it."
    assert rare_garment([found("coat")], boxes) is None


def test_no_garment_is_rare_before_anything_is_labelled() -> None:
    assert rare_garment([found("coat")], dict.fromkeys(GARMENT_NAMES, 0)) is None


def test_another_garment_and_a_box_elsewhere_are_disagreement() -> None:
    seen = SeenPhoto(PHOTO, (found("coat", 0.6), found("jeans", 0.8)), "old")
    now = [found("blazer", 0.5), found("jeans", 0.8, Box(200, 200, 260, 300))]

    reason = disagreement(seen, now, "new")

    assert reason is not None
    assert reason.why == (
        "Only detector old finds coat 0.60, jeans 0.80. "
        "Only detector new finds blazer 0.50, jeans 0.80."
    )
    assert reason.score == pytest.approx(2.7)


def test_another_confidence_and_a_slightly_moved_box_are_no_disagreement() -> None:
    seen = SeenPhoto(PHOTO, (found("coat", 0.9),), "old")

    assert disagreement(seen, [found("coat", 0.4, Box(12, 10, 52, 90))], "new") is None
    assert disagreement(SeenPhoto(PHOTO, (), "old"), [], "new") is None
