"""Finds weeks in which a share differs clearly from its trend and season."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from oott_assets.trends.forecasts.local_trend import local_trend
from oott_assets.trends.forecasts.seasons import season_waves, waves
from oott_assets.trends.forecasts.share_history import (
    NO_LENDER,
    Matrix,
    Numbers,
    ShareHistory,
    shares_of,
)
from oott_assets.trends.forecasts.weekly_noise import (
    noise,
    p_values,
    resistant_noise,
    usual_range,
)

_YEAR = 52
# From two years on, the season of a series is known.
_WEEKS_OF_A_SEASON = 2 * _YEAR
# A smaller week is not tested. Even if all its posts show something, that says little.
_MIN_POSTS = 5
# A week is not tested either if fewer weeks around it have photos.
_MIN_NEIGHBOURS = 4
# Weeks that are less likely than this do not influence what is expected of other weeks.
_OUTLIER = 1e-4
_FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True)
class WeeklyCounts:
    """How many photos of each week show a thing, and how many there are; shape (series, weeks).

    ``posts`` is the number of posts that the photos are from.
    """

    seen: Numbers
    photos: Numbers
    posts: Numbers

    @property
    def shares(self) -> Matrix:
        return np.where(self.photos > 0, self.seen / np.maximum(self.photos, 1), np.nan)


@dataclass(frozen=True)
class UnusualWeeks:
    """The unusual weeks: for each, the series, the week, and what was expected there."""

    series: Numbers
    week: Numbers
    expected: Matrix
    low: Matrix
    high: Matrix
    p_value: Matrix


def unusual_weeks(counts: WeeklyCounts) -> UnusualWeeks:
    """Find the unusual weeks of all series; at most 5 % of them are expected to be false.

    What is expected of a week comes from the season, and from the weeks before and after it. Photos
    of one post often show the same people, so a week counts as many photos as it has posts.

    Source: Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", J. R. Statist.
    Soc. B 1995.
    """
    from scipy.stats import false_discovery_control  # it is slow to import

    seasonal, seen, posts = _seasonal_shares(counts), counts.shares, counts.posts
    first = p_values(seen, posts, *_expected(counts, seen, seasonal, resistant_noise))
    usual = np.where(first < _OUTLIER, np.nan, seen)
    expected, spread = _expected(counts, usual, seasonal, noise)
    probabilities = p_values(seen, posts, expected, spread)
    adjusted = np.ones_like(seen)
    tested = np.isfinite(probabilities)
    if tested.any():
        adjusted[tested] = false_discovery_control(probabilities[tested])
    at = series, week = np.nonzero(adjusted <= _FALSE_DISCOVERY_RATE)
    low, high = usual_range(posts[at], expected[at], spread[at])
    return UnusualWeeks(series, week, expected[at], low, high, probabilities[at])


def _seasonal_shares(counts: WeeklyCounts) -> Matrix:
    """Fit a season to series of two years; give the mean share for shorter ones."""
    lenders, posts = np.full(len(counts.seen), NO_LENDER), counts.posts.astype(np.float64)
    history = ShareHistory(counts.shares, posts, _YEAR, lenders)
    photos = counts.photos.sum(axis=1, keepdims=True)
    mean = counts.seen.sum(axis=1, keepdims=True) / np.maximum(photos, 1)
    season = season_waves(history) @ waves(np.arange(history.length, dtype=float), _YEAR).T
    weights = history.weights
    level = ((history.angles - season) * weights).sum(axis=1, keepdims=True)
    level /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    known = history.observed.sum(axis=1, keepdims=True) >= _WEEKS_OF_A_SEASON
    return np.where(known, shares_of(level + season), mean)


def _expected(
    counts: WeeklyCounts,
    usual: Matrix,
    seasonal: Matrix,
    noise_of: Callable[[Matrix, Matrix, Matrix], Matrix],
) -> tuple[Matrix, Matrix]:
    """Give the expected share of each week, and the spread around it; NaN if it is not tested."""
    counted = np.isfinite(usual)
    rest = np.where(counted, usual - seasonal, 0.0)
    chance = 1 / np.maximum(counts.posts, 1)
    between_weeks = np.zeros((len(usual), 1))
    # The weights of weeks depend on the noise, and the noise on the weights.
    for _ in range(2):
        expected, error, _ = _line(
            rest, np.where(counted, chance + between_weeks, np.inf), seasonal
        )
        between_weeks = noise_of(usual, expected, chance + error)
    expected, error, neighbours = _line(
        rest, np.where(counted, chance + between_weeks, np.inf), seasonal
    )
    tested = (neighbours >= _MIN_NEIGHBOURS) & (counts.posts >= _MIN_POSTS)
    return np.where(tested, expected, np.nan), between_weeks + error


def _line(rest: Matrix, variances: Matrix, seasonal: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Add the local trend of ``rest`` to the seasonal shares.

    Half a photo that shows the thing and half a photo that does not are added (Jeffreys' prior),
    because a share of exactly 0 or 1 would make any other share impossible.
    """
    trend = local_trend(rest, variances)
    photos = 1 / trend.variance
    share = (np.clip(seasonal + trend.value, 0, 1) * photos + 0.5) / (photos + 1)
    return share, 1 / (photos + 1), trend.neighbours
