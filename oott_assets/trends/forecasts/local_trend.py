"""Estimates the level around each week from the weeks before and after it, without the week."""

from typing import NamedTuple

import numpy as np

from oott_assets.trends.forecasts.share_history import Matrix

# The line goes through up to eight weeks on each side. Nearer weeks count more.
_REACH = 9


class LocalTrend(NamedTuple):
    """A local line, evaluated at each week; each has the shape (series, weeks).

    ``variance`` is that of the value, divided by share x (1 - share), and infinite without a value.
    ``neighbours`` is the number of weeks that the line goes through.
    """

    value: Matrix
    variance: Matrix
    neighbours: Matrix


def local_trend(values: Matrix, variances: Matrix) -> LocalTrend:
    """Fit a line around each week.

    Args:
        values: shape (series, weeks).
        variances: variance of each value divided by share x (1 - share); infinite where a value
            is missing.

    Source: local linear regression with tricube weights, as in loess; W. S. Cleveland, 1979.
    """
    weeks = values.shape[1]
    distance = np.arange(weeks)[:, None] - np.arange(weeks, dtype=np.float64)
    near = np.clip(1 - np.abs(distance / _REACH) ** 3, 0, None) ** 3
    np.fill_diagonal(near, 0)
    weights = 1 / variances
    moments = [weights @ (near * distance**power) for power in range(3)]
    sums = [(weights * values) @ (near * distance**power) for power in range(2)]
    squares = [weights @ (near**2 * distance**power) for power in range(3)]
    # A line needs weeks at two different distances. Without them, it is level.
    sloped = moments[0] * moments[2] - moments[1] ** 2 > 1e-6 * moments[0] * moments[2]
    first, second = np.where(sloped, moments[1], 0.0), np.where(sloped, moments[2], 1.0)
    whole = np.where(moments[0] > 0, moments[0] * second - first**2, np.inf)
    value = (second * sums[0] - first * sums[1]) / whole
    spread = second**2 * squares[0] - 2 * first * second * squares[1] + first**2 * squares[2]
    variance = np.where(moments[0] > 0, spread / whole**2, np.inf)
    neighbours = np.isfinite(variances) @ (near > 0).astype(np.float64)
    return LocalTrend(value, variance, neighbours)
