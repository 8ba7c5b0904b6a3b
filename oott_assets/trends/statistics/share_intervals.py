"""95 % intervals of shares, and of differences between two shares."""

from functools import cache
from typing import NamedTuple

import numpy as np

from oott_assets.trends.statistics.item_codes import Floats

# The quantile of the normal distribution for 95 %.
Z = 1.959964

# In so many posts, an item is certainly not listed by chance.
_MAX_POSTS = 10


class Intervals(NamedTuple):
    """Values with the bounds of their 95 % intervals."""

    value: Floats
    low: Floats
    high: Floats


def share_intervals(share: Floats, photos: Floats) -> Intervals:
    """Give Wilson's score interval of shares of ``photos`` independent photos.

    Source: E. Wilson, 1927; L. Brown, T. Cai and A. DasGupta, 2001, recommend it for few photos.
    """
    centre = (share + Z**2 / (2 * photos)) / (1 + Z**2 / photos)
    half = np.sqrt(share * (1 - share) / photos + (Z / (2 * photos)) ** 2) * Z / (1 + Z**2 / photos)
    return Intervals(share, np.clip(centre - half, 0, share), np.clip(centre + half, share, 1))


def change_intervals(before: Intervals, now: Intervals) -> Intervals:
    """Give the interval of ``now`` minus ``before``.

    Source: R. Newcombe, 1998, method 10.
    """
    change = now.value - before.value
    low = np.hypot(now.value - now.low, before.high - before.value)
    high = np.hypot(now.high - now.value, before.value - before.low)
    return Intervals(change, change - low, change + high)


def listed_intervals(intervals: Intervals, posts: Floats) -> Intervals:
    """Widen the intervals of items that are listed because at least two posts show them.

    Among many rare items, the listed ones are those that happened to be seen more often than their
    share. So the lower bound asks with which share an item that is in two posts is in so many. All
    5 % are on this side, because the share of a listed item is almost never too low.

    Args:
        posts: the number of posts that show each item. With less than two, nothing changes.
    """
    factors = _lower_factors()
    factor = factors[np.minimum(posts, len(factors) - 1).astype(int)]
    return intervals._replace(low=intervals.low * factor)


@cache
def _lower_factors() -> Floats:
    """Give, for each number of posts, how much lower the bound of a listed item is."""
    from scipy.special import gammainc  # gammainc(n, m): a Poisson number with mean m is at least n

    means = np.geomspace(1e-6, 2 * _MAX_POSTS, 20_000)
    factors = np.ones(_MAX_POSTS + 1)
    factors[2] = 0  # it would not be listed with one post less, so it may be as rare as can be
    for posts in range(3, len(factors)):
        as_many = (gammainc(posts, means) + gammainc(posts + 1, means)) / 2  # mid-p
        if_listed = np.interp(0.05, as_many / gammainc(2, means), means)
        factors[posts] = min(if_listed / np.interp(0.025, as_many, means), 1)
    return factors
