"""Writes forecasts as rows of the table, with the reason where nothing can be told."""

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np

from oott_assets.trends.forecasts.back_tests import MONTHLY
from oott_assets.trends.forecasts.forecasting import Forecasts, forecast
from oott_assets.trends.monthly_shares import MonthlyShares
from oott_fashion.stores.estimate_tables import ForecastRow

CONFUSED = "the detector confuses it with other garments too often"
NO_RECENT_PHOTOS = "there are no photos of the last two months"
NOT_BETTER = "repeating the last month or the last year was as close in the past"


def forecast_rows(shares: MonthlyShares, estimated_at: datetime) -> Iterator[ForecastRow]:
    """Yield a row for each month ahead, or one row with a reason where nothing can be told."""
    told = forecast(shares.history, MONTHLY)
    recent = shares.history.observed[:, -2:].any(axis=1)
    for number, item in enumerate(shares.items):
        reason = _reason(told, number, bool(shares.hidden[number]), bool(recent[number]))
        too_short = bool(told.periods[number] < told.periods_needed[number])
        for step in range(1 if reason else MONTHLY.horizon):
            share, low, high = (
                None if reason else float(numbers[number, step])
                for numbers in (told.share, told.low, told.high)
            )
            yield ForecastRow(
                made_after=shares.last,
                month=month_after(shares.last, step + 1),
                **item._asdict(),
                share=share,
                share_low=low,
                share_high=high,
                method=None if too_short else told.method[number],
                error=_known(told.error[number]),
                naive_error=_known(told.naive_error[number]),
                months_needed=int(told.periods_needed[number]) if too_short else None,
                reason=reason,
                estimated_at=estimated_at,
            )


def _reason(told: Forecasts, number: int, hidden: bool, recent: bool) -> str | None:
    """Say why a series cannot be told; None if it can."""
    periods, needed = int(told.periods[number]), int(told.periods_needed[number])
    if hidden:
        return CONFUSED
    if periods < needed:
        return f"{periods} of {needed} months are known"
    if not recent:
        return NO_RECENT_PHOTOS
    return None if told.told[number] else NOT_BETTER


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def month_after(month: date, months: int) -> date:
    """Give the month that is ``months`` months later."""
    years, number = divmod(month.month - 1 + months, 12)
    return date(month.year + years, number + 1, 1)
