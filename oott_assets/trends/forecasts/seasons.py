"""Fits the season, level and slope of each series, by weighted least squares."""

import numpy as np

from oott_assets.trends.forecasts.share_history import Matrix, ShareHistory

# A season has up to ten waves a year. Short waves are shrunk, because they are mostly noise.
_MAX_WAVES = 10
# Each year counts 0.6 times as much as the year after it, because seasons change.
_WEIGHT_OF_THE_YEAR_BEFORE = 0.6
# In these three half-lives, in years, old shares lose their influence on the level.
_HALF_LIVES = (1 / 4, 1 / 8, 1 / 12)
_HALF_LIFE_OF_SLOPE = 1.0


def waves(periods: Matrix, periods_per_year: int) -> Matrix:
    """Give the sine and cosine of each wave, shape (periods, 2 x waves)."""
    count = min(_MAX_WAVES, periods_per_year // 2 - 1)
    turns = 2 * np.pi * np.outer(periods, np.arange(1, count + 1)) / periods_per_year
    return np.hstack([np.sin(turns), np.cos(turns)])


def season_waves(history: ShareHistory) -> Matrix:
    """Fit the heights of the waves of each series, shape (series, 2 x waves), on the angle scale.

    The season and a trend with a bend each year are fitted together.
    """
    year, periods = history.periods_per_year, np.arange(history.length, dtype=np.float64)
    bends = np.maximum(0, periods[:, None] - np.arange(0, max(1, len(periods) - year // 2), year))
    trend = np.column_stack([np.ones_like(periods), bends / year])
    shapes = np.hstack([trend, waves(periods, year)])
    count = shapes.shape[1]
    discount = _WEIGHT_OF_THE_YEAR_BEFORE ** ((history.length - 1 - periods) / year)
    weights = history.weights * discount
    squares = (shapes[:, :, None] * shapes[:, None, :]).reshape(len(periods), count**2)
    normal = (weights @ squares).reshape(len(weights), count, count)
    normal += np.diag(_penalties(trend.shape[1], year))
    right = (weights * history.angles) @ shapes
    return np.linalg.solve(normal, right[..., None])[:, trend.shape[1] :, 0]


def _penalties(trends: int, year: int) -> Matrix:
    """Shrink a wave by the square of its number, in proportion to the periods of a year."""
    count = min(_MAX_WAVES, year // 2 - 1)
    of_waves = np.tile(np.arange(1.0, count + 1) ** 2, 2)
    # The first two are the level and the slope. They are free, apart from series without any photo.
    of_trends = np.where(np.arange(trends) < 2, 1e-6, 1.0)
    return np.asarray(np.concatenate([of_trends, of_waves]) * year / 52)


def levels(angles: Matrix, history: ShareHistory) -> Matrix:
    """Give the latest level of each series of ``angles``: the mean of three weighted means."""
    means = [_weighted_means(angles, _decayed(history, years)) for years in _HALF_LIVES]
    return np.asarray(np.mean(means, axis=0))


def mean_ages(history: ShareHistory) -> Matrix:
    """Give the mean age, in periods, of the shares that the level of each series is made of."""
    age = np.arange(history.length)[::-1].astype(np.float64)
    return levels(np.broadcast_to(age, history.shares.shape), history)


def slopes(angles: Matrix, history: ShareHistory) -> Matrix:
    """Give the latest slope of each series of ``angles``, in angle per period."""
    weights = _decayed(history, _HALF_LIFE_OF_SLOPE)
    age = np.arange(history.length) - history.length + 1.0
    ages = age - _weighted_means(np.broadcast_to(age, angles.shape), weights)[:, None]
    spread = (weights * ages**2).sum(axis=1)
    return np.asarray((weights * ages * angles).sum(axis=1) / np.maximum(spread, 1e-9))


def _decayed(history: ShareHistory, half_life_years: float) -> Matrix:
    age = np.arange(history.length)[::-1]
    return history.weights * 0.5 ** (age / (half_life_years * history.periods_per_year))


def _weighted_means(values: Matrix, weights: Matrix) -> Matrix:
    return np.asarray((values * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-12))
