"""The difference of two detectors on the same photos."""

import numpy as np

from oott_assets.training.validation.answers import Answer
from oott_assets.training.validation.average_precision import average_precisions
from oott_assets.training.validation.closet_labels import ClosetLabels
from oott_assets.training.validation.comparison import compare
from oott_assets.training.validation.matches import matches_of
from oott_assets.training.validation.resamples import Estimate, estimate, photo_weights
from oott_assets.training.validation.served_counts import confusion, served_counts
from oott_assets.training.validation.validated import Validated
from oott_fashion.vision.yolov8_output import RawDetections
from tests.oott_assets.training.validation.answers import random_answers

NOTHING = ClosetLabels([], [])
PHOTOS = 60


def validated(
    answers: list[Answer], closet: ClosetLabels = NOTHING, empty: ClosetLabels = NOTHING
) -> Validated:
    return Validated(
        precisions=average_precisions(matches_of(answers), photo_weights(len(answers))),
        counts=served_counts(answers, 0.3),
        confusion=confusion(answers, 0.3),
        closet=closet,
        without_clothes=empty,
    )


def without(garment: int, answers: list[Answer], share: float = 1.0) -> list[Answer]:
    """Drop the boxes of a garment that were found, in a ``share`` of the photos."""
    changed = []
    for index, answer in enumerate(answers):
        kept = answer.found.class_ids != (garment if index < share * len(answers) else -1)
        found = RawDetections(*(values[kept] for values in answer.found))
        changed.append(Answer(answer.truth, found))
    return changed


COAT = 3


def test_a_detector_does_not_differ_from_itself() -> None:
    same = validated(random_answers(PHOTOS))

    comparison = compare(same, same)

    assert comparison.map50 == comparison.map50_95 == Estimate(0, 0, 0)
    assert set(comparison.garments) == {"coat", "jeans", "dress"}
    assert comparison.closet is None
    assert comparison.without_clothes is None


def test_a_small_change_on_the_same_photos_is_clear_though_the_intervals_overlap() -> None:
    answers = random_answers(PHOTOS)
    full, fewer = validated(answers), validated(without(COAT, answers, share=0.5))

    gain = compare(full, fewer).map50

    assert 0 < gain.low < gain.value < gain.high
    one, other = estimate(full.common_map50), estimate(fewer.common_map50)
    assert one.low < other.high
    assert gain.high - gain.low < (one.high - one.low)


def test_the_lost_garment_is_clearly_worse_and_the_others_are_not() -> None:
    answers = random_answers(PHOTOS)

    garments = compare(validated(without(COAT, answers)), validated(answers)).garments

    assert garments["coat"].high < -0.05
    assert garments["jeans"] == garments["dress"] == Estimate(0, 0, 0)


def test_closet_labels_and_pictures_without_clothes_are_compared_photo_by_photo() -> None:
    right, wrong = (
        ClosetLabels(["coat"] * 50, ["coat"] * 50),
        ClosetLabels(["coat"] * 50, ["coat"] * 40 + [None] * 10),
    )
    answers = random_answers(PHOTOS)

    comparison = compare(validated(answers, wrong, right), validated(answers, right, wrong))

    assert comparison.closet is not None
    assert comparison.without_clothes is not None
    assert comparison.closet.high < 0 < comparison.without_clothes.low
    assert np.isclose(comparison.closet.value, -0.2)


def test_a_garment_with_fewer_than_ten_boxes_is_not_judged() -> None:
    answers = random_answers(4)
    comparison = compare(validated(without(COAT, answers)), validated(answers))

    assert "coat" not in comparison.garments
