"""The rules that a detector must pass to be published."""

import pytest

from oott_assets.training.publication_rules import not_better, not_good_enough, too_few_photos
from oott_assets.training.validation.comparison import Comparison
from oott_assets.training.validation.resamples import Estimate

MANY = {"coat": 42, "dress": 52, "shirt": 69, "jeans": 26, "slacks": 52, "sandals": 9}
CLEAR = Estimate(0.05, 0.01, 0.09)
UNCLEAR = Estimate(0.05, -0.01, 0.11)
WORSE = Estimate(-0.05, -0.09, -0.01)
BETTER = Comparison(CLEAR, CLEAR, CLEAR, CLEAR, {"coat": CLEAR, "jeans": UNCLEAR})


def reasons(comparison: Comparison) -> list[str]:
    return list(not_better(comparison))


def test_a_detector_that_is_clearly_better_and_nowhere_worse_is_published() -> None:
    assert reasons(BETTER) == []
    assert reasons(BETTER._replace(closet=None, without_clothes=None)) == []


def test_ten_validation_photos_are_too_few_to_publish_anything() -> None:
    photos, garments = too_few_photos(10, {"dress shoes": 15, "coat": 4, "shirt": 7})

    assert photos == (
        "10 validation photos are too few to judge it; expected at least 100: label more photos"
    )
    assert garments == (
        "garments with 10 or more boxes in the validation photos: 1; expected at least 5: "
        "label more photos"
    )


def test_a_hundred_photos_with_ten_boxes_of_five_garments_are_enough() -> None:
    assert list(too_few_photos(100, MANY)) == []
    assert len(list(too_few_photos(99, MANY))) == 1
    assert len(list(too_few_photos(100, {**MANY, "jeans": 9}))) == 1


@pytest.mark.parametrize("gain", [UNCLEAR, WORSE, Estimate(0.0, 0.0, 0.0)])
def test_a_gain_whose_interval_has_zero_in_it_is_not_enough(gain: Estimate) -> None:
    [reason] = reasons(BETTER._replace(map50=gain))

    assert reason.startswith("its mAP50 of garments with 10 boxes is not clearly higher: ")


def test_the_reason_shows_the_gain_with_its_interval() -> None:
    [reason] = reasons(BETTER._replace(map50=UNCLEAR))

    assert reason.endswith("is not clearly higher: +0.050 (interval -0.010 to +0.110)")


@pytest.mark.parametrize(
    ("worse", "what"),
    [
        (BETTER._replace(map50_95=WORSE), "mAP50-95"),
        (BETTER._replace(closet=WORSE), "share of closet photos with the right label"),
        (
            BETTER._replace(without_clothes=WORSE),
            "share of pictures without clothes in which it finds nothing",
        ),
    ],
)
def test_a_detector_that_is_clearly_worse_in_one_measure_is_kept(
    worse: Comparison, what: str
) -> None:
    assert reasons(worse) == [f"its {what} is clearly lower: -0.050 (interval -0.090 to -0.010)"]


def test_a_loss_that_may_be_chance_is_no_reason() -> None:
    chance = Estimate(-0.05, -0.11, 0.01)

    assert reasons(BETTER._replace(map50_95=chance, closet=chance, without_clothes=chance)) == []


@pytest.mark.parametrize(("high", "against"), [(-0.051, 1), (-0.05, 0), (-0.01, 0), (0.1, 0)])
def test_a_garment_may_lose_a_twentieth_but_clearly_not_more(high: float, against: int) -> None:
    garments = {"coat": CLEAR, "jeans": Estimate(-0.2, -0.4, high)}

    found = reasons(BETTER._replace(garments=garments))

    assert len(found) == against
    assert all(reason.startswith("its mAP50 of jeans is clearly lower") for reason in found)


def test_every_reason_is_named() -> None:
    assert len(reasons(Comparison(WORSE, WORSE, WORSE, WORSE, {"coat": WORSE}))) == 4


def test_the_first_detector_of_a_store_needs_a_map50_of_a_fifth_with_certainty() -> None:
    assert list(not_good_enough(Estimate(0.3, 0.2, 0.4))) == []
    [reason] = not_good_enough(Estimate(0.3, 0.19, 0.4))
    assert reason == (
        "its mAP50 of garments with 10 boxes is 0.300 (interval 0.190 to 0.400); the first "
        "detector of a store needs a lower end of at least 0.2"
    )
