"""Which changes of shares are more than chance."""

import numpy as np

from oott_assets.trends.statistics.item_codes import Booleans, Floats
from oott_assets.trends.statistics.share_intervals import Z

FALSE_DISCOVERY_RATE = 0.05

# Of fewer photos, nothing is said: a person or two decide the shares.
MIN_PHOTOS = 10.0

# A change of ten points is worth knowing. If the interval of a change is wider than ten points to
# each side, there are too few photos to tell.
CHANGE_WORTH_KNOWING = 0.10


def change_p_values(
    share_before: Floats, photos_before: Floats, share: Floats, photos: Floats
) -> Floats:
    """Give the two-sided p-value of each change by Fisher's exact test, with mid-p.

    It needs no minimum number of photos, as it does not approximate. It counts independent photos,
    rounded. Without mid-p, the test finds fewer changes than its error rate allows.
    Source: H. Lancaster, 1961, for mid-p.
    """
    from scipy.stats import hypergeom  # takes a second; Dagster must load fast

    rising = share >= share_before
    before, now = np.round(photos_before), np.round(photos)
    seen_before, seen = np.round(share_before * before), np.round(share * now)
    more = np.where(rising, seen, seen_before)
    sizes = (before + now, seen_before + seen, np.where(rising, now, before))
    one_sided = hypergeom.sf(more, *sizes) + hypergeom.pmf(more, *sizes) / 2
    two_sided: Floats = np.minimum(2 * one_sided, 1)
    return two_sided


def can_change(
    share_before: Floats, photos_before: Floats, share: Floats, photos: Floats
) -> Booleans:
    """Tell whether any change of an item that was seen as often could be more than chance.

    This looks at the photos of both months together only. So the comparisons that it leaves out do
    not make the flags of the others less certain.
    """
    both = photos_before + photos
    smaller = np.divide(
        np.minimum(photos_before, photos), both, out=np.ones_like(both), where=both > 0
    )
    seen = share_before * photos_before + share * photos
    # The strongest evidence is that all of them are in the month with fewer photos.
    possible: Booleans = 2 * smaller**seen <= FALSE_DISCOVERY_RATE
    return possible & (photos_before >= MIN_PHOTOS) & (photos >= MIN_PHOTOS)


def discoveries(p_values: Floats) -> Booleans:
    """Tell which changes are more than chance, at a false discovery rate of 5 %.

    Source: Y. Benjamini and Y. Hochberg, 1995.
    """
    from scipy.stats import false_discovery_control

    if p_values.size == 0:
        return np.zeros(0, dtype=bool)
    adjusted: Floats = false_discovery_control(p_values)
    return adjusted <= FALSE_DISCOVERY_RATE


def independent_photos_needed(
    share_before: Floats, photos_before: Floats, share: Floats, photos: Floats
) -> Floats:
    """Give how many independent photos each month needs to show a change of ten points."""
    both = photos_before + photos
    # Two photos with it and two without are added, as in the interval of Agresti and Coull.
    middle = (share_before * photos_before + share * photos + 2) / (both + 4)
    needed: Floats = 2 * middle * (1 - middle) * (Z / CHANGE_WORTH_KNOWING) ** 2
    return np.maximum(needed, MIN_PHOTOS)
