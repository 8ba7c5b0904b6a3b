"""Answers made by hand: boxes of 10 x 10 pixels at given places."""

import numpy as np

from oott_assets.training.validation.answers import Answer
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.yolov8_output import RawDetections


def boxes(*garments: tuple[str, float, float]) -> RawDetections:
    """Give boxes from (garment, left edge, confidence), most confident first."""
    ordered = sorted(garments, key=lambda each: -each[2])
    return RawDetections(
        np.array([[left, 0, left + 10, 10] for _, left, _ in ordered], np.float32).reshape(-1, 4),
        np.array([confidence for _, _, confidence in ordered], np.float32),
        np.array([GARMENT_NAMES.index(garment) for garment, _, _ in ordered], np.intp),
    )


def answer(
    truth: list[tuple[str, float]], found: list[tuple[str, float, float]] | None = None
) -> Answer:
    """Give a photo with the true boxes (garment, left edge); ``found`` also has confidences."""
    return Answer(boxes(*((garment, left, 1.0) for garment, left in truth)), boxes(*found or []))


def random_answers(photos: int, seed: int = 0) -> list[Answer]:
    """Give photos of three garments, with found boxes that are often near true ones."""
    rng = np.random.default_rng(seed)
    names = ("coat", "jeans", "dress")
    answers = []
    for _ in range(photos):
        truth = [(str(rng.choice(names)), float(20 * place)) for place in range(rng.integers(0, 5))]
        near = [
            (
                name if rng.random() < 0.7 else str(rng.choice(names)),
                left + float(rng.normal(0, 2)),
                float(rng.random()),
            )
            for name, left in truth * 2
        ]
        answers.append(answer(truth, near))
    return answers
