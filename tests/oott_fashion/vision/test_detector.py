import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_fashion.colours import RELEASED_COLOURS, RELEASED_PALETTE
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box
from oott_fashion.vision.detector import Detector, Thresholds

SIDE = 100
Rgb = tuple[int, int, int]
WALL: Rgb = (120, 120, 120)
RED, BLUE, WHITE, GREEN = (192, 32, 42), (63, 116, 184), (244, 244, 244), (60, 122, 68)


class FixedEngine:
    """A fake engine that finds the same garments in every photo and records its inputs.

    A garment is its name, its confidence and its box in model pixels.
    """

    name = "fixed"

    def __init__(self, *garments: tuple[str, float, Box]) -> None:
        self.model_inputs: list[NDArray[np.float32]] = []
        self._head = np.zeros((1, 4 + len(GARMENT_NAMES), len(garments)), dtype=np.float32)
        for anchor, (garment, confidence, box) in enumerate(garments):
            centre = (box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2
            self._head[0, :4, anchor] = (*centre, box.width, box.height)
            self._head[0, 4 + GARMENT_NAMES.index(garment), anchor] = confidence

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        self.model_inputs.append(model_input)
        return self._head


class SlowEngine:
    """A fake engine that is slow and counts how many photos ran in it at the same time."""

    name = "slow"

    def __init__(self) -> None:
        self.running = self.max_running = self.photos = 0

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        assert model_input.shape == (1, 3, SIDE, SIDE)
        self.running += 1
        self.max_running = max(self.max_running, self.running)
        time.sleep(0.005)
        self.running -= 1
        self.photos += 1
        return np.zeros((1, 4 + len(GARMENT_NAMES), 0), dtype=np.float32)


def wall(width: int = SIDE, height: int = SIDE) -> NDArray[np.uint8]:
    return np.full((height, width, 3), WALL, dtype=np.uint8)


def paint(photo: NDArray[np.uint8], box: Box, colour: Rgb) -> NDArray[np.uint8]:
    """Paint ``box`` on ``photo``."""
    left, top, right, bottom = (round(edge) for edge in box)
    photo[top:bottom, left:right] = colour
    return photo


def garments_seen(
    photo: NDArray[np.uint8], *garments: tuple[str, float, Box]
) -> list[tuple[str, float, str]]:
    """Detect ``garments`` in ``photo``; give their names, confidences and colours."""
    found = Detector(FixedEngine(*garments), SIDE).garments(photo)
    return [(garment.garment, round(garment.confidence, 3), garment.colour) for garment in found]


def test_a_photo_without_garments_gives_an_empty_list() -> None:
    assert Detector(FixedEngine(), SIDE).garments(wall()) == []


def test_the_engine_gets_one_letterboxed_rgb_photo() -> None:
    engine = FixedEngine()

    Detector(engine, SIDE).garments(paint(wall(200, 100), Box(0, 0, 200, 100), RED))

    [model_input] = engine.model_inputs
    assert model_input.shape == (1, 3, SIDE, SIDE)
    assert model_input.dtype == np.float32
    assert model_input.flags.c_contiguous
    assert model_input[0, :, 50, 50] == pytest.approx(np.array(RED) / 255, abs=1e-6)
    assert model_input[0, :, 10, 50] == pytest.approx(np.full(3, 114 / 255), abs=1e-6)


def test_a_garment_has_a_name_a_confidence_and_a_box_in_photo_pixels() -> None:
    # The photo of 400 x 200 is a quarter as large in 100 x 100, with 25 pixels of padding above.
    engine = FixedEngine(("coat", 0.8, Box(10, 35, 40, 70)))

    [coat] = Detector(engine, SIDE).garments(wall(400, 200))

    assert coat.garment == "coat"
    assert coat.confidence == pytest.approx(0.8)
    assert coat.box == pytest.approx((40, 40, 160, 180), abs=1e-3)
    assert {type(edge) for edge in coat.box} == {float}


def test_a_box_in_the_padding_is_clipped_to_the_photo() -> None:
    engine = FixedEngine(("coat", 0.8, Box(-5, 10, 105, 90)))

    [coat] = Detector(engine, SIDE).garments(wall(400, 200))

    assert coat.box == (0, 0, 400, 200)


def test_the_most_confident_garment_comes_first() -> None:
    boxes = [Box(10 * i, 10, 10 * i + 8, 40) for i in range(3)]

    seen = garments_seen(wall(), ("coat", 0.4, boxes[0]), ("skirt", 0.9, boxes[1]),
                         ("dress", 0.6, boxes[2]))  # fmt: skip

    assert [(name, confidence) for name, confidence, _ in seen] == [
        ("skirt", 0.9), ("dress", 0.6), ("coat", 0.4),
    ]  # fmt: skip


def test_the_default_confidence_threshold_is_three_tenths() -> None:
    boxes = [Box(10 * i, 10, 10 * i + 8, 40) for i in range(3)]

    seen = garments_seen(wall(), ("coat", 0.3, boxes[0]), ("skirt", 0.31, boxes[1]))

    assert [name for name, _, _ in seen] == ["skirt"]


# A box of 50 x 100 pixels and one of 50 x height; with an IoU of exactly 0.6 both are kept.
@pytest.mark.parametrize(("height", "found"), [(60, 2), (61, 1)])
def test_the_default_iou_threshold_is_six_tenths(height: int, found: int) -> None:
    engine = FixedEngine(("coat", 0.5, Box(0, 0, 50, 100)), ("coat", 0.9, Box(0, 0, 50, height)))

    assert len(Detector(engine, SIDE).garments(wall())) == found


@pytest.mark.parametrize(("confidence", "found"), [(0.5, 1), (0.4, 2)])
def test_garments_below_the_confidence_threshold_are_dropped(confidence: float, found: int) -> None:
    engine = FixedEngine(("coat", 0.5, Box(0, 0, 20, 20)), ("skirt", 0.9, Box(40, 40, 60, 60)))

    detector = Detector(engine, SIDE, Thresholds(confidence=confidence))

    assert len(detector.garments(wall())) == found


# The two boxes have an IoU of 0.8.
@pytest.mark.parametrize(("iou", "found"), [(0.7, 1), (0.9, 2)])
def test_boxes_above_the_iou_threshold_are_one_garment(iou: float, found: int) -> None:
    engine = FixedEngine(("coat", 0.5, Box(0, 0, 50, 100)), ("coat", 0.9, Box(0, 0, 50, 80)))

    assert len(Detector(engine, SIDE, Thresholds(iou=iou)).garments(wall())) == found


def test_two_shoes_of_one_person_are_one_garment_but_two_boxes() -> None:
    engine = FixedEngine(
        ("sneakers", 0.6, Box(30, 80, 44, 88)), ("sneakers", 0.8, Box(50, 80, 64, 88))
    )
    detector = Detector(engine, SIDE)

    [shoes] = detector.garments(wall())

    assert shoes.confidence == pytest.approx(0.8)
    assert len(detector.boxes(wall()).confidences) == 2


def test_a_detector_of_other_classes_is_rejected() -> None:
    class OfEightyClasses(FixedEngine):
        """A fake engine whose detector has the 80 classes of COCO."""

        def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.zeros((len(model_input), 84, 10), dtype=np.float32)

    with pytest.raises(ValueError, match="the detector was not trained on these 24 classes"):
        Detector(OfEightyClasses(), SIDE).garments(wall())


def test_each_garment_has_its_own_colour() -> None:
    coat, skirt = Box(10, 10, 40, 90), Box(60, 10, 90, 90)
    photo = paint(paint(wall(), coat, RED), skirt, BLUE)

    assert garments_seen(photo, ("coat", 0.9, coat), ("skirt", 0.8, skirt)) == [
        ("coat", 0.9, "red"), ("skirt", 0.8, "blue"),
    ]  # fmt: skip


def test_colours_come_from_the_palette_of_the_detector() -> None:
    coat = Box(10, 10, 40, 90)
    detector = Detector(FixedEngine(("coat", 0.9, coat)), SIDE, palette=RELEASED_PALETTE)

    [found] = detector.garments(paint(wall(), coat, (142, 28, 36)))

    assert found.colour in RELEASED_COLOURS


def test_the_engine_runs_one_photo_at_a_time() -> None:
    engine = SlowEngine()
    detector = Detector(engine, SIDE)

    _in_threads([wall() for _ in range(8)], detector)

    assert engine.photos == 8
    assert engine.max_running == 1


def test_the_engine_is_unlocked_after_a_failure() -> None:
    class Failing(SlowEngine):
        """A fake engine that fails on its first photo."""

        def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
            head = super().head_of(model_input)
            if self.photos == 1:
                raise RuntimeError("out of memory")
            return head

    detector = Detector(Failing(), SIDE)
    with pytest.raises(RuntimeError, match="out of memory"):
        detector.garments(wall())

    _in_threads([wall()], detector)

    assert isinstance(detector.engine, Failing)
    assert detector.engine.photos == 2


def _in_threads(photos: Sequence[NDArray[np.uint8]], detector: Detector) -> None:
    """Detect the garments of each photo in its own thread, all at the same time."""
    barrier = threading.Barrier(len(photos))

    def find(photo: NDArray[np.uint8]) -> None:
        barrier.wait(timeout=10)
        detector.garments(photo)

    threads = [threading.Thread(target=find, args=(photo,), daemon=True) for photo in photos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
