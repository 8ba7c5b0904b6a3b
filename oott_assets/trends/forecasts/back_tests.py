"""Tests each method on the past of each series: it forecasts from earlier and earlier periods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oott_assets.trends.forecasts.forecast_methods import forecasts_by_method, repeated
from oott_assets.trends.forecasts.share_history import NO_LENDER, Matrix, ShareHistory


@dataclass(frozen=True)
class BackTestPlan:
    """From which periods the past is forecast.

    Attributes:
        horizon: number of periods that are forecast.
        own_past: so many periods are needed to know the season of a series.
        lent_past: so many are needed to know its level, if it borrows the season.
        step: a back-test begins this many periods before the next one.
        max_tests: number of back-tests.
        min_tests: so many of them must reach the last step.
        ends_early: back-tests also begin so late that the last of their steps are in the future.
    """

    horizon: int
    own_past: int
    lent_past: int
    step: int
    max_tests: int
    min_tests: int
    ends_early: bool

    @property
    def own_needed(self) -> int:
        """The periods that a series needs to be forecast with its own season."""
        return self._needed(self.own_past)

    @property
    def lent_needed(self) -> int:
        """The periods that a series needs to be forecast with a borrowed season."""
        return self._needed(self.lent_past)

    def starts(self, length: int) -> range:
        """Give the periods at which a back-test begins, the latest first."""
        latest = length - (1 if self.ends_early else self.horizon)
        earliest = max(self.lent_past, latest - self.step * (self.max_tests - 1))
        return range(latest, earliest - 1, -self.step)

    def _needed(self, past: int) -> int:
        return past + self.horizon + self.step * (self.min_tests - 1)


MONTHLY = BackTestPlan(
    horizon=6, own_past=18, lent_past=4, step=1, max_tests=24, min_tests=3, ends_early=True
)
WEEKLY = BackTestPlan(
    horizon=52, own_past=104, lent_past=17, step=13, max_tests=5, min_tests=1, ends_early=False
)


@dataclass(frozen=True)
class BackTests:
    """What was forecast and what came, in each back-test.

    Attributes:
        forecasts: shape (tests, methods, series, horizon); NaN where a method does not apply.
        repeats: shape (tests, 2, series, horizon): the last period and the last year repeated.
        truth: shape (tests, series, horizon); NaN where it is missing or in the future.
        weights: weight of each truth by its number of photos, same shape; 0 where it is NaN.
        borrows: for each series, whether its history is too short for a season of its own.
        starts: the first period that each test forecasts.
    """

    forecasts: Matrix
    repeats: Matrix
    truth: Matrix
    weights: Matrix
    borrows: NDArray[np.bool_]
    starts: Sequence[int]

    def error_of(self, forecasts: Matrix) -> Matrix:
        """Give the mean absolute error of each series; each step ahead counts the same.

        Args:
            forecasts: shape (tests, series, horizon) or (tests, methods, series, horizon).
        """
        shape = (len(self.truth), *(1,) * (forecasts.ndim - 3), *self.truth.shape[1:])
        truth, weights = self.truth.reshape(shape), self.weights.reshape(shape)
        errors = np.where(weights > 0, np.abs(forecasts - truth), 0.0)
        total = weights.sum(axis=0)
        by_step = (errors * weights).sum(axis=0) / np.maximum(total, 1e-12)
        steps = (total > 0).sum(axis=-1)
        return np.where(steps > 0, by_step.sum(axis=-1) / np.maximum(steps, 1), np.nan)

    def by_period(self, values: Matrix) -> Matrix:
        """Sum ``values``, shape (tests, series, horizon), over the tests, by forecast period."""
        horizon = values.shape[2]
        sums = np.zeros((values.shape[1], max(self.starts) + horizon))
        for start, tested in zip(self.starts, values, strict=True):
            sums[:, start : start + horizon] += tested
        return sums

    def of_period(self, values: Matrix) -> Matrix:
        """Look up ``values``, shape (series, periods), for each step of each test."""
        horizon = self.truth.shape[2]
        return np.stack([values[:, start : start + horizon] for start in self.starts])


def back_tests(history: ShareHistory, plan: BackTestPlan) -> BackTests:
    """Forecast the past of all series by all methods."""
    past = history.observed.sum(axis=1)
    lender_knows = (history.lenders != NO_LENDER) & (past[history.lenders] >= plan.own_needed)
    borrows = (past < plan.own_needed) & lender_knows
    starts = plan.starts(history.length)
    tests = [_back_test(history, start, plan, borrows) for start in starts]
    forecasts, repeats, truth, weights = (np.stack(parts) for parts in zip(*tests, strict=True))
    return BackTests(forecasts, repeats, truth, weights, borrows, starts)


def _back_test(
    history: ShareHistory, start: int, plan: BackTestPlan, borrows: NDArray[np.bool_]
) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    past, beyond = history.until(start), slice(start, start + plan.horizon)
    known = past.observed.sum(axis=1)
    enough = np.where(
        borrows,
        (known >= plan.lent_past) & (known[history.lenders] >= plan.own_past),
        known >= plan.own_past,
    )
    missing = plan.horizon - len(range(history.length)[beyond])
    truth = np.pad(history.shares[:, beyond], ((0, 0), (0, missing)), constant_values=np.nan)
    weights = np.pad(history.weights[:, beyond], ((0, 0), (0, missing)))
    forecasts, repeats = forecasts_by_method(past, plan.horizon), repeated(past, plan.horizon)
    return forecasts, repeats, truth, weights * enough[:, None]
