"""Monthly and weekly shares with a known truth."""

import numpy as np

from oott_assets.trends.forecasts.share_history import (
    NO_LENDER,
    Matrix,
    Numbers,
    ShareHistory,
)

MONTHS = np.arange(60)
WINTER = 0.15 + 0.12 * np.cos(2 * np.pi * MONTHS / 12)
"""A garment that is worn in winter. Month 0 is a January."""
GROWTH = 0.10 + 0.01 * MONTHS
"""A garment that is worn by 1 point more each month."""


def seen_in(photos: Numbers, truth: Matrix, seed: int = 1) -> Numbers:
    """Draw how many of ``photos`` show something that the share ``truth`` of people wears."""
    return np.random.default_rng(seed).binomial(photos, truth)


def counted(
    truth: Matrix, photos: int | Numbers = 200, lenders: list[int] | None = None, seed: int = 1
) -> ShareHistory:
    """Give monthly shares of drawn photos; ``truth`` has the shape (series, months)."""
    numbers = np.broadcast_to(photos, truth.shape)
    seen = seen_in(numbers, truth, seed)
    shares = np.where(numbers > 0, seen / np.maximum(numbers, 1), np.nan)
    none = [NO_LENDER] * len(truth)
    return ShareHistory(
        shares, numbers.astype(np.float64), 12, np.array(lenders or none, dtype=np.int64)
    )
