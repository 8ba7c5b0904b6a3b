"""What a detector counts at the served confidence: precision, recall, shares and confusions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.validation.answers import Answer, chosen, confident
from oott_assets.training.validation.matches import IOUS, iou_matrix, match
from oott_assets.training.validation.resamples import ratio
from oott_fashion.garments import GARMENT_NAMES, garment_named
from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.shoe_pairs import merge_shoe_pairs
from oott_fashion.vision.yolov8_output import RawDetections


class ServedCounts(NamedTuple):
    """Numbers of boxes and of garments per photo and garment, shape (photos, garments).

    In ``true_worn`` and ``found_worn``, a pair of shoes counts once, as the product counts it.
    """

    true: NDArray[np.int_]
    found: NDArray[np.int_]
    right: NDArray[np.int_]
    true_worn: NDArray[np.int_]
    found_worn: NDArray[np.int_]

    def precision(self, weights: NDArray[np.int32]) -> NDArray[np.float64]:
        """The share of the found boxes that are right, in each row of ``weights``."""
        return _ratio_of_totals(self.right, self.found, weights)

    def recall(self, weights: NDArray[np.int32]) -> NDArray[np.float64]:
        """The share of the true boxes that are found, in each row of ``weights``."""
        return _ratio_of_totals(self.right, self.true, weights)

    def f1(self, weights: NDArray[np.int32]) -> NDArray[np.float64]:
        """The harmonic mean of precision and recall, in each row of ``weights``."""
        return _ratio_of_totals(2 * self.right, self.true + self.found, weights)

    def share_error(self, weights: NDArray[np.int32]) -> NDArray[np.float64]:
        """How far the counted shares of the garments are from the true ones, 0..1.

        The error is half the sum of the differences. So it is the share of all garments that are
        counted under a wrong name. Without a counted garment it is 1.
        """
        true, found = (weights @ worn for worn in (self.true_worn, self.found_worn))
        shares = [ratio(worn, worn.sum(axis=1, keepdims=True)) for worn in (true, found)]
        error = np.abs(shares[0] - shares[1]).sum(axis=1) / 2
        return np.where(found.sum(axis=1) > 0, error, 1.0)


class Confusion(NamedTuple):
    """True boxes that no box of their garment matches, and found boxes that match no true one.

    ``called`` counts pairs: the true garment, and the garment that the detector calls it.
    """

    called: Counter[tuple[str, str]]
    missed: Counter[str]
    invented: Counter[str]


def served_counts(answers: Sequence[Answer], confidence: float) -> ServedCounts:
    """Count the boxes of each photo above ``confidence``."""
    served = [Answer(answer.truth, confident(answer.found, confidence)) for answer in answers]
    right = [answer.found.class_ids[match(answer).right[:, 0]] for answer in served]
    return ServedCounts(
        _per_photo([answer.truth.class_ids for answer in served]),
        _per_photo([answer.found.class_ids for answer in served]),
        _per_photo(right),
        _per_photo([_worn(answer.truth) for answer in served]),
        _per_photo([_worn(answer.found) for answer in served]),
    )


def confusion(answers: Iterable[Answer], confidence: float) -> Confusion:
    """Count what the detector calls the garments that it does not find under their own name.

    Found boxes that are right are left out first. Then the most confident box of the rest takes
    the true box with the highest IoU, of any garment, if the IoU is at least 0.5.
    """
    result = Confusion(Counter(), Counter(), Counter())
    for answer in answers:
        served = Answer(answer.truth, confident(answer.found, confidence))
        _add_confusion(served, result)
    return result


def _add_confusion(answer: Answer, result: Confusion) -> None:
    matched = match(answer)
    found = chosen(answer.found, ~matched.right[:, 0])
    truth = chosen(answer.truth, ~matched.found[:, 0])
    ious = iou_matrix(found.boxes, truth.boxes)
    called: set[int] = set()
    for index, class_id in enumerate(found.class_ids):
        near = [other for other in np.argsort(-ious[index]) if int(other) not in called]
        if near and ious[index, near[0]] >= IOUS[0]:
            called.add(int(near[0]))
            true = garment_named(int(truth.class_ids[near[0]]))
            result.called[true, garment_named(int(class_id))] += 1
        else:
            result.invented[garment_named(int(class_id))] += 1
    result.missed.update(
        garment_named(int(class_id))
        for index, class_id in enumerate(truth.class_ids)
        if index not in called
    )


def _worn(boxes: RawDetections) -> list[int]:
    """Give the class ids of the garments in a photo; two shoes are one garment."""
    detections = [
        Detection(garment_named(int(class_id)), float(confidence), Box(*map(float, box)), "")
        for box, confidence, class_id in zip(*boxes, strict=True)
    ]
    return [GARMENT_NAMES.index(worn.garment) for worn in merge_shoe_pairs(detections)]


def _per_photo(class_ids: Sequence[Sequence[int] | NDArray[np.intp]]) -> NDArray[np.int_]:
    counts = [
        np.bincount(np.asarray(ids, dtype=np.intp), minlength=len(GARMENT_NAMES))
        for ids in class_ids
    ]
    return np.array(counts, dtype=np.int_).reshape(-1, len(GARMENT_NAMES))


def _ratio_of_totals(
    part: NDArray[np.int_], whole: NDArray[np.int_], weights: NDArray[np.int32]
) -> NDArray[np.float64]:
    return ratio(weights @ part.sum(axis=1), weights @ whole.sum(axis=1))
