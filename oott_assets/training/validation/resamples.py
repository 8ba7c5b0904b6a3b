"""Bootstrap over photos: how much a measured value depends on the photos it was measured on."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# With 2,000 resamples, the ends of a 95 % interval vary by about 4 % of its width.
RESAMPLES = 2000
_SEED = 20


class Estimate(NamedTuple):
    """A measured value, and the ends of its interval, of 95 % where nothing else is said."""

    value: float
    low: float
    high: float


@lru_cache(maxsize=8)
def photo_weights(photos: int) -> NDArray[np.int32]:
    """How often each photo counts: once in row 0, and as drawn with replacement in each other row.

    The same number of photos always gives the same rows. So the values that two detectors have in
    one row can be subtracted: both come from the same photos.

    Returns:
        Shape (1 + 2000, photos), read-only.
    """
    if not photos:
        return np.zeros((1 + RESAMPLES, 0), dtype=np.int32)
    drawn = np.random.default_rng(_SEED).multinomial(photos, np.full(photos, 1 / photos), RESAMPLES)
    weights = np.concatenate([np.ones((1, photos)), drawn], dtype=np.int32, casting="unsafe")
    weights.setflags(write=False)
    return weights


def estimate(values: NDArray[np.float64], outside: float = 0.05) -> Estimate:
    """Give the value of row 0, and its interval with the confidence 1 - ``outside``.

    A resample has some photos twice, which raises its average precision: it is as much too high as
    the value itself is, compared with many more photos. So the interval goes as far below the value
    as the resamples go above it. In a simulation with 150 photos, 89 % of such intervals had the
    true mAP50 in them, and 76 % of the intervals between the quantiles of the resamples.

    Args:
        values: a measured value for each row of ``photo_weights``.
        outside: half of this share is left out at each end.

    Source: the basic bootstrap interval, Davison and Hinkley, Bootstrap Methods, 1997, (5.6).
    """
    value = float(values[0])
    low, high = np.quantile(values[1:], (outside / 2, 1 - outside / 2))
    return Estimate(value, min(value, float(2 * value - high)), max(value, float(2 * value - low)))


def ratio(part: NDArray[np.int_], whole: NDArray[np.int_]) -> NDArray[np.float64]:
    """Divide ``part`` by ``whole``; where ``whole`` is 0, the result is 0."""
    divided = np.zeros(np.shape(part))
    np.divide(part, whole, out=divided, where=np.asarray(whole) > 0)
    return divided
