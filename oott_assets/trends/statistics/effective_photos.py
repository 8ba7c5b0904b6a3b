"""How many independent photos a sample is worth. Photos of one post often show one person.

Two photos of a post are correlated. With the correlation r, N photos in posts of m photos are worth
N / (1 + (M - 1) r) independent photos, where M is the mean of m weighted by m.
Source: L. Kish, Survey Sampling, 1965; J. Rao and A. Scott, 1992, for counts in clusters.
"""

import numpy as np

from oott_assets.trends.statistics.item_codes import Floats
from oott_assets.trends.statistics.photo_counts import MonthCounts, SeenCounts

# The correlation of one garment is noise in a month of a destination, so it is one number for all
# items of a group, such as all tops, and for all destinations. Until some albums are seen, the
# photos of an album count as one photo.
_ALBUMS_BEFORE = 4.0


def effective_photos(month: MonthCounts, seen: SeenCounts) -> Floats:
    """Give the number of independent photos that each destination's photos are worth.

    Returns:
        shape (destinations, groups of items); 0 without photos.
    """
    photos = np.maximum(month.photos, 1)[:, None]
    mean_size = np.maximum(month.squares[:, None] / photos, 1)
    worth: Floats = photos / (1 + (mean_size - 1) * same_post_correlation(month, seen))
    return np.where(month.photos[:, None] > 0, worth, 0.0)


def same_post_correlation(month: MonthCounts, seen: SeenCounts) -> Floats:
    """Estimate the correlation of two photos of a post, for each group of items, 0..1."""
    between, within = _pairs(month, seen)
    groups, number = seen.items.groups, seen.items.groups.max(initial=-1) + 1
    found = np.bincount(groups, between, number)
    possible = np.bincount(groups, within, number)
    measured = np.divide(found, possible, out=np.ones(number), where=possible > 0)
    albums = month.albums.sum()
    mixed = (albums * measured + _ALBUMS_BEFORE) / (albums + _ALBUMS_BEFORE)
    correlation: Floats = np.clip(mixed, 0, 1)
    return correlation


def _pairs(month: MonthCounts, seen: SeenCounts) -> tuple[Floats, Floats]:
    """Sum covariances, and variances, over all pairs of photos of a post, for each item."""
    photos, squares = month.photos, month.squares
    several = squares < photos**2  # a single post tells nothing about differences between posts
    photos, squares = photos[several, None], squares[several, None]
    share = seen.photos[several] / photos
    deviations = seen.squares[several] - 2 * share * seen.products[several] + share**2 * squares
    # The posts lie closer to their own mean than to the true share.
    deviations /= 1 - squares / photos**2
    variance = share * (1 - share) + deviations / photos**2
    return (deviations - photos * variance).sum(0), (variance * (squares - photos)).sum(0)
