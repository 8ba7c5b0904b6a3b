"""Chooses a method for each series by back-tests, and forecasts with intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oott_assets.trends.forecasts.back_tests import BackTestPlan, BackTests, back_tests
from oott_assets.trends.forecasts.forecast_methods import BORROWED, METHODS, forecasts_by_method
from oott_assets.trends.forecasts.share_history import (
    Matrix,
    Numbers,
    ShareHistory,
    angles_of,
    shares_of,
)

MEAN = "mean of methods"

# In the mean, a method with half the error of another counts 16 times as much.
_POWER = 4
# One method alone is chosen only if its error is so much smaller than that of the mean. A smaller
# difference is mostly chance: then the mean has the smaller error in later periods.
_CLEARLY_BETTER = 0.85

_COVERAGE = 0.95
# With fewer errors at a step, the errors of all steps are used together.
_MIN_ERRORS_OF_A_STEP = 40


@dataclass(frozen=True)
class Forecasts:
    """The forecasts of all series. What cannot be told is NaN.

    Attributes:
        share: shape (series, horizon), 0..1.
        low: lower end of the 95 % interval of the share that will be seen, same shape.
        high: upper end.
        method: name of the chosen method of each series.
        error: mean absolute error of that method in the back-tests, shape (series,).
        naive_error: the smaller error of the two repeats, shape (series,).
        periods: number of periods that each series has.
        periods_needed: so many periods are needed for a forecast.
        told: whether the forecast beats both repeats.
    """

    share: Matrix
    low: Matrix
    high: Matrix
    method: list[str]
    error: Matrix
    naive_error: Matrix
    periods: Numbers
    periods_needed: Numbers
    told: NDArray[np.bool_]


def forecast(history: ShareHistory, plan: BackTestPlan) -> Forecasts:
    """Forecast the periods after ``history``."""
    periods = history.observed.sum(axis=1)
    if not plan.starts(history.length):
        return _nothing_told(history, plan)
    tests = back_tests(history, plan)
    parts, method = _chosen(tests)
    needed = np.where(tests.borrows, plan.lent_needed, plan.own_needed)
    tested = _combined(parts, tests.forecasts)
    error = tests.error_of(tested)
    naive_error = tests.error_of(tests.repeats).min(axis=0)
    told = (periods >= needed) & (error < naive_error)
    share = _combined(parts, forecasts_by_method(history, plan.horizon)[None])[0]
    share[~told] = np.nan
    half = _half_widths(tested, tests, told)
    low, high = shares_of(angles_of(share) - half), shares_of(angles_of(share) + half)
    return Forecasts(share, low, high, method, error, naive_error, periods, needed, told)


def _chosen(tests: BackTests) -> tuple[Matrix, list[str]]:
    """Give the part of each method in the forecast, shape (methods, series), and its name."""
    errors = tests.error_of(tests.forecasts)
    borrowed = METHODS.index(BORROWED)
    errors[:borrowed, tests.borrows] = np.nan
    errors = np.where(np.isnan(errors), np.inf, np.maximum(errors, 1e-9))
    parts = errors**-_POWER
    parts /= np.maximum(parts.sum(axis=0), 1e-300)
    of_mean = tests.error_of(_combined(parts, tests.forecasts))
    best, series = errors.argmin(axis=0), np.arange(errors.shape[1])
    alone = (errors[best, series] < _CLEARLY_BETTER * of_mean) | tests.borrows
    parts[:, alone] = np.eye(len(METHODS))[:, best[alone]]
    names = [METHODS[method] if one else MEAN for method, one in zip(best, alone, strict=True)]
    return parts, names


def _combined(parts: Matrix, forecasts: Matrix) -> Matrix:
    """Join the forecasts of methods, shape (tests, methods, series, horizon)."""
    return np.asarray(np.einsum("ms,tmsh->tsh", parts, np.nan_to_num(forecasts)))


def _half_widths(tested: Matrix, tests: BackTests, told: NDArray[np.bool_]) -> Matrix:
    """Give half the width of each 95 % interval in angles, shape (series, horizon).

    The errors of a series are divided by their mean over other periods. The quantiles come from all
    series of the run together, because a series has few back-tests of its own.

    Source: split conformal prediction with normalised scores; J. Lei et al., "Distribution-free
    predictive inference for regression", JASA 2018.
    """
    counted = (tests.weights > 0) & told[:, None]
    errors = np.where(counted, np.abs(angles_of(tested) - angles_of(tests.truth)), 0.0)
    total, count = tests.by_period(errors), tests.by_period(counted.astype(np.float64))
    others = (total.sum(1, keepdims=True) - total) / np.maximum(
        count.sum(1, keepdims=True) - count, 1
    )
    usual = tests.of_period(others)
    scores = np.where(counted & (usual > 0), errors / np.maximum(usual, 1e-9), np.nan)
    steps = [scores[..., step] for step in range(scores.shape[-1])]
    quantiles = [
        _quantile(step if np.isfinite(step).sum() >= _MIN_ERRORS_OF_A_STEP else scores)
        for step in steps
    ]
    means = total.sum(axis=1) / np.maximum(count.sum(axis=1), 1)
    return np.outer(means, quantiles)


def _quantile(scores: Matrix) -> float:
    """Give the conformal quantile: that of all scores and one more, which is not known yet."""
    known = np.sort(scores[np.isfinite(scores)])
    if not len(known):
        return np.nan
    rank = int(np.ceil((len(known) + 1) * _COVERAGE))
    return float(known[min(rank, len(known)) - 1])


def _nothing_told(history: ShareHistory, plan: BackTestPlan) -> Forecasts:
    series = len(history.shares)
    unknown, none = np.full((series, plan.horizon), np.nan), np.full(series, np.nan)
    needed = np.full(series, plan.own_needed)
    periods, told = history.observed.sum(axis=1), np.zeros(series, dtype=bool)
    return Forecasts(unknown, unknown, unknown, [MEAN] * series, none, none, periods, needed, told)
