"""The methods of forecasting, and the two that a forecast must beat."""

import numpy as np

from oott_assets.trends.forecasts.seasons import levels, mean_ages, season_waves, slopes, waves
from oott_assets.trends.forecasts.share_history import NO_LENDER, Matrix, ShareHistory, shares_of

LEVEL = "level"
SEASON = "season and level"
SHORT_TREND = "season and short trend"
LONG_TREND = "season and long trend"
BORROWED = "season of the category"
METHODS = (LEVEL, SEASON, SHORT_TREND, LONG_TREND, BORROWED)
"""What a series is forecast from. BORROWED is NaN for a series without a lender."""

# A trend slows down: after a year it has this share of its speed. A long trend keeps more of it.
_SPEED_AFTER_A_YEAR = {SHORT_TREND: 0.02, LONG_TREND: 0.6}


def forecasts_by_method(history: ShareHistory, horizon: int) -> Matrix:
    """Forecast the next ``horizon`` periods by each method, shape (methods, series, horizon)."""
    angles, year = history.angles, history.periods_per_year
    ahead = np.arange(1.0, horizon + 1)
    past, future = np.arange(history.length, dtype=np.float64), history.length - 1 + ahead
    heights = season_waves(history)
    lent = np.where(history.lenders[:, None] == NO_LENDER, np.nan, heights[history.lenders])
    rest = angles - heights @ waves(past, year).T
    rest_of_lent = angles - lent @ waves(past, year).T
    season = levels(rest, history)[:, None] + heights @ waves(future, year).T
    slope, age = slopes(rest, history)[:, None], mean_ages(history)[:, None]
    by_method = {
        LEVEL: np.repeat(levels(angles, history)[:, None], horizon, axis=1),
        SEASON: season,
        SHORT_TREND: season + slope * _way(ahead, _SPEED_AFTER_A_YEAR[SHORT_TREND], year),
        LONG_TREND: season + slope * (age + _way(ahead, _SPEED_AFTER_A_YEAR[LONG_TREND], year)),
        BORROWED: levels(rest_of_lent, history)[:, None] + lent @ waves(future, year).T,
    }
    return np.stack([shares_of(by_method[name]) for name in METHODS])


def _way(ahead: Matrix, speed_after_a_year: float, year: int) -> Matrix:
    """Give how far a trend goes that slows down, in periods at its first speed."""
    return np.cumsum(speed_after_a_year ** (ahead / year))


def repeated(history: ShareHistory, horizon: int) -> Matrix:
    """Repeat the last period and the last year, shape (2, series, horizon).

    Where the period a year before is missing, the last one is repeated. NaN before the first.
    """
    shares = np.where(history.observed, history.shares, np.nan)
    last = np.repeat(_last_of(shares)[:, None], horizon, axis=1)
    year = history.periods_per_year
    if history.length < year:
        return np.stack([last, last])
    years = -(-horizon // year)
    last_year = np.tile(shares[:, history.length - year :], (1, years))[:, :horizon]
    return np.stack([last, np.where(np.isnan(last_year), last, last_year)])


def _last_of(shares: Matrix) -> Matrix:
    known = ~np.isnan(shares)
    newest = shares.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    return np.asarray(shares[np.arange(len(shares)), newest])
