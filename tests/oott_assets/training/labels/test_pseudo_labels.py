"""Tests which of a labeller's labels are kept for training."""

from oott_assets.training.labels.labelled_photos import Label
from oott_assets.training.labels.pseudo_labels import LabelThresholds, confident_labels
from oott_fashion.vision.detections import Box

BOX = Box(10, 10, 60, 110)
HALF = LabelThresholds(0.5, {})


def label(garment: str, confidence: float, box: Box = BOX) -> Label:
    return Label(garment, box, confidence, "teacher")


def test_no_labels_stay_no_labels() -> None:
    assert confident_labels([], HALF) == ()


def test_a_label_exactly_at_the_threshold_is_kept_and_one_below_is_not() -> None:
    other = Box(200, 10, 250, 110)

    kept = confident_labels([label("coat", 0.5), label("jeans", 0.49, other)], HALF)

    assert [label.garment for label in kept] == ["coat"]


def test_a_garment_can_have_its_own_threshold() -> None:
    thresholds = LabelThresholds(0.5, {"tank top": 0.3, "dress": 0.9})
    seen = [label("tank top", 0.4), label("dress", 0.8, Box(200, 10, 250, 110))]

    assert [label.garment for label in confident_labels(seen, thresholds)] == ["tank top"]


def test_the_more_confident_of_two_names_for_one_garment_is_kept() -> None:
    kept = confident_labels([label("shirt", 0.6), label("knit sweater", 0.8)], HALF)

    assert [label.garment for label in kept] == ["knit sweater"]


def test_a_coat_and_the_dress_under_it_are_two_garments() -> None:
    kept = confident_labels([label("coat", 0.9), label("dress", 0.8)], HALF)

    assert [label.garment for label in kept] == ["coat", "dress"]


def test_two_shoes_apart_are_both_kept() -> None:
    left, right = Box(10, 100, 30, 120), Box(40, 100, 60, 120)

    kept = confident_labels([label("sneakers", 0.7, left), label("sneakers", 0.9, right)], HALF)

    assert [label.box for label in kept] == [right, left]
