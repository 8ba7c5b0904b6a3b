"""Tests which answers on known people are refused, and that honest detectors pass."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from docs.known_people import picture_of
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.known_answers import ImplausibleAnswers, check_answers
from oott_fashion.vision.known_people import SIDE, known_people
from tests.oott_serving.detectors import SIDE as SMALL_SIDE
from tests.oott_serving.detectors import onnx_that_sees
from tests.oott_serving.servers import STARTER

Head = NDArray[np.float32]


class ChangedEngine:
    """An engine whose output is ``head`` of the photo."""

    name = "changed"

    def __init__(self, head: Callable[[Head], Head]) -> None:
        self.head_of = head


def good_head() -> Head:
    """Make an output with one confident box in the middle of the photo."""
    head = np.zeros((1, 4 + len(GARMENT_NAMES), 2), dtype=np.float32)
    head[0, :4] = SIDE / 2
    head[0, 4, 0] = 0.9
    return head


def changed(row: slice | int, value: float) -> Head:
    head = good_head()
    head[0, row, 0] = value
    return head


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (np.full_like(good_head(), np.nan), "has values that are not finite"),
        (changed(4, np.nan), "has values that are not finite"),
        (changed(0, np.inf), "has values that are not finite"),
        (changed(4, 4.2), r"confidences are 0\.00 to 4\.20; expected 0\.\.1; export it with"),
        (changed(4, -3), r"are -3\.00 to 0\.00; expected 0\.\.1"),
        (good_head() / SIDE, r"boxes go up to 0\.5; expected centre, width and height in"),
        (changed(0, 3201), "boxes go up to 3201"),
        (changed(4, 0.0499), r"finds no garment in 8 drawn people: its highest confidence is 0\.0"),
        (changed(4, 0.05), r"is on the person in 0 of 8 pictures; expected 6 or more"),
        (good_head()[:, :-1], r"its output is \(1, 27, 2\); expected \(1, 28, boxes\)"),
        (good_head()[0], r"its output is \(28, 2\); expected"),
        (good_head()[:, :, :0], r"its output is \(1, 28, 0\); expected"),
    ],
)
def test_an_output_that_is_the_same_for_every_photo_is_refused(head: Head, message: str) -> None:
    with pytest.raises(ImplausibleAnswers, match=message):
        check_answers(ChangedEngine(lambda _: head), SIDE)


def test_boxes_in_the_place_of_most_people_are_refused_if_they_never_move() -> None:
    head = good_head()
    head[0, :2, 0] = 80, 160

    with pytest.raises(ImplausibleAnswers, match="on the person in 4 of 8 pictures"):
        check_answers(ChangedEngine(lambda _: head), SIDE)


def test_random_boxes_are_refused_even_if_they_depend_on_the_photo() -> None:
    def random_head(photo: Head) -> Head:
        rng = np.random.default_rng(int(photo.sum() * 1000))
        head = rng.uniform(0, 1, (1, 28, 400)).astype(np.float32)
        head[:, :4] *= SIDE
        return head

    with pytest.raises(ImplausibleAnswers, match=r"on the person in [0-5] of 8 pictures"):
        check_answers(ChangedEngine(random_head), SIDE)


def test_an_output_that_differs_from_run_to_run_is_refused() -> None:
    runs = iter(range(100))

    def drifting(_: Head) -> Head:
        return changed(4, 0.5 + 0.02 * next(runs))

    with pytest.raises(ImplausibleAnswers, match="answers the same photo differently"):
        check_answers(ChangedEngine(drifting), SIDE)


def test_the_starter_detector_is_plausible_and_its_time_is_measured() -> None:
    engine = open_engine(STARTER / "detector.onnx", "onnxruntime")

    milliseconds = check_answers(engine, read_card(STARTER / "card.json").image_side)

    assert 1 < milliseconds < 1000


@pytest.mark.parametrize("garment", ["coat", None])
def test_a_detector_that_is_unsure_but_looks_at_the_person_is_plausible(
    garment: str | None, tmp_path: Path
) -> None:
    engine = open_engine(onnx_that_sees(tmp_path, garment), "onnxruntime")

    assert check_answers(engine, SMALL_SIDE) < 100


def test_the_packed_people_are_those_that_are_drawn_today() -> None:
    packed = list(known_people())

    for index, seed in enumerate((3, 5, 8, 10)):
        picture, clothes = picture_of(seed)
        assert packed[2 * index].clothes == clothes
        difference = packed[2 * index].picture.astype(int) - picture
        assert np.abs(difference).mean() < 2  # JPEG
    assert [person.picture.shape for person in packed] == [(SIDE, SIDE, 3)] * 8
