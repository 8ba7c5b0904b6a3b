"""Average precision of each garment, over all photos and over many resamples of them at once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.validation.matches import IOUS, Matches
from oott_fashion.garments import GARMENT_NAMES

# COCO and Ultralytics read the curve of precision over recall at these recalls.
_RECALLS = np.linspace(0, 1, 101)

# Some rows are computed at a time, so that their arrays stay below 100 MB.
_MAX_VALUES = 4_000_000


def average_precisions(matches: Matches, weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """Compute the average precision of each garment; NaN for a garment without a true box.

    In a resample without a true box of it, a garment keeps its value on all photos.

    Args:
        matches: the found and true boxes of the photos.
        weights: how often each photo counts, shape (rows, photos).

    Returns:
        Shape (rows, garments, 10), for each IoU of ``IOUS``.

    Source: ``ultralytics.utils.metrics.ap_per_class``. That function takes 20 ms for one row, and
    a bootstrap needs thousands. For a row in which each photo counts once, both are equal.
    """
    result = np.full((len(weights), len(GARMENT_NAMES), len(IOUS)), np.nan)
    order = np.argsort(-matches.confidence, kind="stable")
    for garment in range(len(GARMENT_NAMES)):
        true_photo = matches.true_photo[matches.true_garment == garment]
        of_garment = order[matches.found_garment[order] == garment]
        photo, right = matches.found_photo[of_garment], matches.right[of_garment]
        for rows in _in_pieces(len(weights), len(photo)):
            truths = weights[rows][:, true_photo].sum(axis=1)
            found = weights[rows][:, photo].cumsum(axis=1)
            for index in range(len(IOUS)):
                at = np.flatnonzero(right[:, index])
                values = _areas(weights[rows][:, photo[at]].cumsum(axis=1), found[:, at], truths)
                result[rows, garment, index] = np.where(truths > 0, values, np.nan)
    return np.asarray(np.where(np.isnan(result), result[:1], result))


def mean_over_garments(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over axis 1, the garments, without those that are NaN; 0 where all are NaN."""
    known = np.isfinite(values)
    means = np.where(known, values, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(means)


def _areas(
    right: NDArray[np.int_], found: NDArray[np.int_], truths: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Compute the area below each curve of precision over recall.

    Args:
        right: how many boxes are right up to each right box, shape (rows, right boxes).
        found: how many boxes were found up to each right box, of the same shape.
        truths: how many true boxes there are, shape (rows,).
    """
    precision = right / np.maximum(found, 1)
    # The precision at a recall is the highest one at that recall or a higher one.
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recalls_below = np.searchsorted(_RECALLS, right / np.maximum(truths, 1)[:, None])
    # Trapezoids: the first and the last recall count half.
    reached = np.maximum(recalls_below - 0.5, 0) / (len(_RECALLS) - 1)
    return np.asarray((precision * np.diff(reached, prepend=0, axis=1)).sum(axis=1))


def _in_pieces(rows: int, values_per_row: int) -> Iterator[slice]:
    step = max(1, _MAX_VALUES // max(1, values_per_row))
    yield from (slice(start, start + step) for start in range(0, rows, step))
