"""Which of a labeller's boxes are trained on."""

from oott_assets.training.labels.labelled_photos import Label
from oott_assets.training.labels.pseudo_labels import LabelThresholds, worth_training_on
from oott_fashion.vision.detections import Box

BOX = Box(10, 10, 60, 110)
HALF = LabelThresholds(0.5, {})


def label(garment: str, score: float, box: Box = BOX) -> Label:
    return Label(garment, box, score, "teacher")


def test_nothing_seen_is_nothing_to_train_on() -> None:
    assert worth_training_on([], HALF) == ()


def test_a_label_exactly_at_the_threshold_is_kept_and_one_below_is_not() -> None:
    other = Box(200, 10, 250, 110)

    kept = worth_training_on([label("coat", 0.5), label("jeans", 0.49, other)], HALF)

    assert [it.garment for it in kept] == ["coat"]


def test_a_garment_may_have_a_threshold_of_its_own() -> None:
    thresholds = LabelThresholds(0.5, {"tank top": 0.3, "dress": 0.9})
    seen = [label("tank top", 0.4), label("dress", 0.8, Box(200, 10, 250, 110))]

    assert [it.garment for it in worth_training_on(seen, thresholds)] == ["tank top"]


def test_of_two_names_for_one_garment_the_surer_is_kept() -> None:
    kept = worth_training_on([label("shirt", 0.6), label("knit sweater", 0.8)], HALF)

    assert [it.garment for it in kept] == ["knit sweater"]


def test_a_coat_and_the_dress_under_it_are_two_garments() -> None:
    kept = worth_training_on([label("coat", 0.9), label("dress", 0.8)], HALF)

    assert [it.garment for it in kept] == ["coat", "dress"]


def test_two_shoes_apart_are_both_kept() -> None:
    left, right = Box(10, 100, 30, 120), Box(40, 100, 60, 120)

    kept = worth_training_on([label("sneakers", 0.7, left), label("sneakers", 0.9, right)], HALF)

    assert [it.box for it in kept] == [right, left]
