"""Checks that the answers of a detector on known people are plausible."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.engines import Engine
from oott_fashion.vision.known_people import KnownPerson, known_people
from oott_fashion.vision.letterbox import letterbox, to_photo_pixels
from oott_fashion.vision.yolov8_output import anchors_of

# A detector that was never trained has a confidence of 0.0005 in every picture. The starter
# detector has 0.96 or more in each of them, and 0.17 in one even at a side of 64 pixels.
_MIN_CONFIDENCE = 0.05

# Of eight pictures. The most confident box of the starter detector is on the person in all of them,
# and in seven at a side of 64 pixels. A box at a fixed place is on the person in four at most.
_MIN_PEOPLE_FOUND = 6

# Engines differ in the last digits of a float32, and some also from run to run.
_SAME_CONFIDENCE = 0.01

# A larger network may take longer than the one before it, but not so much that requests pile up.
# YOLOv8m at a side of 640 has 19 times the operations of YOLOv8n at 448.
_MAX_SLOWDOWN = 30
_FAST_ENOUGH_MILLISECONDS = 100


class ImplausibleAnswers(ValueError):
    """The answers of a detector cannot be right, so it must not be used."""


def check_answers(engine: Engine, image_side: int) -> float:
    """Run a detector on known people, and check that its answers are plausible.

    Returns:
        The CPU time for one photo, in milliseconds: the least of nine runs.

    Raises:
        ImplausibleAnswers: the output has another shape, is not finite or not repeatable, or has
            boxes or confidences that cannot be right; or the detector finds no people.
        EngineUnavailable: the engine fails on a photo.
    """
    people = list(known_people())
    heads, seconds = zip(*(_timed(engine, person, image_side) for person in people), strict=True)
    again, more_seconds = _timed(engine, people[0], image_side)
    for head in (*heads, again):
        _check_values(head, image_side)
    if np.abs(again[:, 4:] - heads[0][:, 4:]).max() > _SAME_CONFIDENCE:
        raise ImplausibleAnswers("it answers the same photo differently each time")
    _check_boxes(people, heads, image_side)
    return 1000 * float(min(*seconds, more_seconds))


def max_milliseconds(in_place: float) -> float:
    """How much CPU time a detector may take for a photo, if the one before it takes ``in_place``.

    It is so much that a busy machine does not matter.
    """
    return max(_FAST_ENOUGH_MILLISECONDS, _MAX_SLOWDOWN * in_place)


def _timed(
    engine: Engine, person: KnownPerson, image_side: int
) -> tuple[NDArray[np.float32], float]:
    """Run the detector, and measure CPU time, because a busy machine changes it little."""
    model_input, _ = letterbox(person.picture, image_side)
    start = time.process_time()
    head = engine.head_of(model_input[None])
    return head, time.process_time() - start


def _check_values(head: NDArray[np.float32], image_side: int) -> None:
    rows = 4 + len(GARMENT_NAMES)
    if head.ndim != 3 or head.shape[:2] != (1, rows) or not head.shape[2]:
        raise ImplausibleAnswers(f"its output is {head.shape}; expected (1, {rows}, boxes)")
    if not np.isfinite(head).all():
        raise ImplausibleAnswers("its output has values that are not finite; export it again")
    boxes, confidences = head[:, :4], head[:, 4:]
    if confidences.min() < 0 or confidences.max() > 1:
        raise ImplausibleAnswers(
            f"its confidences are {confidences.min():.2f} to {confidences.max():.2f}; "
            "expected 0..1; export it with the sigmoid of the class scores"
        )
    if np.abs(boxes).max() <= 2 or np.abs(boxes).max() > 10 * image_side:
        raise ImplausibleAnswers(
            f"its boxes go up to {np.abs(boxes).max():g}; expected centre, width and height in "
            f"pixels of its input, which has a side of {image_side}"
        )


def _check_boxes(
    people: Sequence[KnownPerson], heads: Sequence[NDArray[np.float32]], image_side: int
) -> None:
    highest = max(float(head[:, 4:].max()) for head in heads)
    if highest < _MIN_CONFIDENCE:
        raise ImplausibleAnswers(
            f"it finds no garment in {len(people)} drawn people: its highest confidence is "
            f"{highest:.4f}; expected {_MIN_CONFIDENCE} or more; train it"
        )
    found = sum(
        _is_on(person, head, image_side) for person, head in zip(people, heads, strict=True)
    )
    if found < _MIN_PEOPLE_FOUND:
        raise ImplausibleAnswers(
            f"its most confident box is on the person in {found} of {len(people)} pictures; "
            f"expected {_MIN_PEOPLE_FOUND} or more; train it"
        )


def _is_on(person: KnownPerson, head: NDArray[np.float32], image_side: int) -> bool:
    """Tell whether the middle of the most confident box is inside the person's clothes."""
    _, placement = letterbox(person.picture, image_side)
    anchors = anchors_of(head, len(GARMENT_NAMES))
    best = anchors.confidences.max(axis=1).argmax()
    [box] = to_photo_pixels(anchors.boxes[best : best + 1], placement)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    clothes = person.clothes
    return bool(clothes.x_min <= x <= clothes.x_max and clothes.y_min <= y <= clothes.y_max)
