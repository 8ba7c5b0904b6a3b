"""How far the share of a week usually is from what is expected, and how likely a distance is.

A share has a beta-binomial distribution with the variance share x (1 - share) x (1 / photos +
spread). The spread is the noise between weeks plus the error of the expected share.
"""

import numpy as np
from numpy.typing import NDArray

from oott_assets.trends.forecasts.share_history import Matrix, Numbers

# The noise of a series counts as much as the noise of all series when it has so many weeks.
_WEEKS_OF_HALF_WEIGHT = 26
_MAX_NOISE = 0.5
# The median of the squares of standard normal numbers.
_MEDIAN_SQUARE = 0.455
# A week that is closer to the expected share, in standard deviations, is never unusual. So its
# exact probability is not computed.
_MIN_DEVIATION = 2.5
_COVERAGE = 0.95


def resistant_noise(share: Matrix, expected: Matrix, sampling: Matrix) -> Matrix:
    """Estimate the noise of each series, shape (series, 1), so that unusual weeks do not matter.

    Args:
        share: shape (series, weeks); NaN where a week does not count.
        expected: the expected shares, same shape.
        sampling: the variance of each distance without noise, divided by share x (1 - share).
    """
    counted = np.isfinite(share)
    squares = (share - expected) ** 2 / (expected * (1 - expected) * sampling)
    medians = np.array(
        [
            [np.median(one[known]) if known.any() else 0.0]
            for one, known in zip(squares, counted, strict=True)
        ]
    )
    beyond = medians / _MEDIAN_SQUARE - 1
    return np.asarray(np.clip(beyond * _mean(sampling, counted), 0, _MAX_NOISE))


def noise(share: Matrix, expected: Matrix, sampling: Matrix) -> Matrix:
    """Estimate the noise of each series as exactly as possible; arguments as above.

    A series with few weeks gets about the noise of all series together.
    """
    counted = np.isfinite(share)
    unit = expected * (1 - expected)
    weight = np.where(counted, 1 / sampling, 0.0)
    beyond = np.where(counted, (share - expected) ** 2 - unit * sampling, 0.0) * weight
    units = unit * weight
    total = max(0.0, beyond.sum() / max(units.sum(), 1e-12))
    own = beyond.sum(axis=1, keepdims=True) / np.maximum(units.sum(axis=1, keepdims=True), 1e-12)
    weeks = counted.sum(axis=1, keepdims=True)
    mixed = (weeks * own + _WEEKS_OF_HALF_WEIGHT * total) / (weeks + _WEEKS_OF_HALF_WEIGHT)
    return np.asarray(np.clip(mixed, 0, _MAX_NOISE))


def p_values(share: Matrix, photos: Numbers, expected: Matrix, spread: Matrix) -> Matrix:
    """Give the probability of a share at least as far from ``expected``, to either side.

    It is 1 for weeks near the expected share, and NaN where ``expected`` is NaN. A share that is no
    number of ``photos`` is rounded towards the expected share.
    """
    from scipy.stats import betabinom  # it is slow to import

    deviation = (share - expected) / np.sqrt(
        expected * (1 - expected) * (1 / np.maximum(photos, 1) + spread)
    )
    probabilities = np.where(np.isfinite(deviation), 1.0, np.nan)
    far = np.nonzero(np.abs(deviation) > _MIN_DEVIATION)
    seen = np.round(share[far] * photos[far], 6)
    trials = photos[far]
    shape = _beta(expected[far], spread[far])
    above = betabinom.sf(np.floor(seen) - 1, trials, *shape)
    below = betabinom.cdf(np.ceil(seen), trials, *shape)
    probabilities[far] = np.minimum(1, 2 * np.where(deviation[far] > 0, above, below))
    return probabilities


def usual_range(photos: Numbers, expected: Matrix, spread: Matrix) -> tuple[Matrix, Matrix]:
    """Give the range that contains the share of a week in 95 % of cases."""
    from scipy.stats import betabinom

    shape = _beta(expected, spread)
    low, high = (1 - _COVERAGE) / 2, (1 + _COVERAGE) / 2
    return betabinom.ppf(low, photos, *shape) / photos, betabinom.ppf(high, photos, *shape) / photos


def _beta(expected: Matrix, spread: Matrix) -> tuple[Matrix, Matrix]:
    size = 1 / np.maximum(spread, 1e-6) - 1
    return expected * size, (1 - expected) * size


def _mean(values: Matrix, counted: NDArray[np.bool_]) -> Matrix:
    total = np.where(counted, values, 0.0).sum(axis=1, keepdims=True)
    return np.asarray(total / np.maximum(counted.sum(axis=1, keepdims=True), 1))
