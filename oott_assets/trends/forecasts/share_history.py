"""The shares of many garments or looks over time, on the scale on which they are forecast."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Numbers = NDArray[np.int64]

NO_LENDER = -1

# From some 100 photos on, a month differs from the next because people dress differently. With
# fewer photos, it differs more because other photos were taken.
_PHOTOS_OF_HALF_WEIGHT = 100


@dataclass(frozen=True)
class ShareHistory:
    """Shares of many series in the same periods (months or weeks).

    Attributes:
        shares: shape (series, periods), 0..1; NaN where a period is missing.
        photos: photos behind each share, same shape; infinite if the share has no sampling error.
        periods_per_year: 12 for months, 52 for weeks.
        lenders: for each series, the number of the series whose season it may borrow, or NO_LENDER.
    """

    shares: Matrix
    photos: Matrix
    periods_per_year: int
    lenders: Numbers

    @classmethod
    def of_shares(cls, shares: Matrix, periods_per_year: int) -> Self:
        """Make the history of exact shares, none of which borrows a season."""
        lenders = np.full(len(shares), NO_LENDER)
        return cls(shares, np.full(shares.shape, np.inf), periods_per_year, lenders)

    def until(self, period: int) -> Self:
        """Keep the periods before number ``period``."""
        kept = self.shares[:, :period], self.photos[:, :period]
        return type(self)(*kept, self.periods_per_year, self.lenders)

    @property
    def length(self) -> int:
        return self.shares.shape[1]

    @property
    def observed(self) -> NDArray[np.bool_]:
        return np.isfinite(self.shares) & (self.photos > 0)

    @property
    def weights(self) -> Matrix:
        """How much each period counts, 0..1, by its number of photos."""
        photos = np.where(self.observed, self.photos, 1.0)
        return self.observed / (1 + _PHOTOS_OF_HALF_WEIGHT / photos)

    @property
    def angles(self) -> Matrix:
        """The shares on a scale on which all shares have the same sampling error.

        Source: F. J. Anscombe, "The transformation of Poisson, binomial and negative-binomial
        data", Biometrika 1948.
        """
        shares = np.where(self.observed, self.shares, 0.0)
        photos = np.where(self.observed, self.photos, 1.0)
        return angles_of((shares + 0.375 / photos) / (1 + 0.75 / photos)) * self.observed


def angles_of(shares: Matrix) -> Matrix:
    """Give the arcsine of the root of each share; an angle is 0..pi/2."""
    return np.asarray(np.arcsin(np.sqrt(np.clip(shares, 0, 1))))


def shares_of(angles: Matrix) -> Matrix:
    """Give the share of each angle. No forecast leaves 0..1, because angles are clipped."""
    return np.asarray(np.square(np.sin(np.clip(angles, 0, np.pi / 2))))
