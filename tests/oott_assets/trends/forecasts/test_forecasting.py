"""What is forecast, how sure it is, and what cannot be told."""

import numpy as np
import pytest

from oott_assets.trends.forecasts.back_tests import MONTHLY, WEEKLY, back_tests
from oott_assets.trends.forecasts.forecast_methods import BORROWED
from oott_assets.trends.forecasts.forecasting import MEAN, Forecasts, forecast
from oott_assets.trends.forecasts.share_history import NO_LENDER, Matrix, ShareHistory
from tests.oott_assets.trends.forecasts.drawn_shares import GROWTH, MONTHS, WINTER, counted

# In one of many series, repeating the last year may have been closer by chance.
SERIES = 20


def winters(months: int, photos: int = 400) -> ShareHistory:
    """Give many series that are worn in winter."""
    return counted(np.tile(WINTER[:months], (SERIES, 1)), photos)


def means(told: Forecasts) -> Matrix:
    """Give the mean forecast of the series that are told, for each month."""
    return np.asarray(told.share[told.told].mean(axis=0))


def test_what_is_worn_in_winter_is_forecast_to_rise_before_winter_and_to_fall_after_it() -> None:
    rising = forecast(winters(44), MONTHLY)
    falling = forecast(winters(49), MONTHLY)

    assert rising.told.mean() > 0.7
    assert means(rising) == pytest.approx(WINTER[44:50], abs=0.025)
    assert falling.told.mean() > 0.7
    assert means(falling) == pytest.approx(WINTER[49:55], abs=0.025)


def test_what_grows_each_month_is_forecast_to_grow_on() -> None:
    told = forecast(counted(GROWTH[None, :36], 400), MONTHLY)

    assert told.share[0, -1] > GROWTH[35] + 0.02
    assert told.share[0] == pytest.approx(GROWTH[36:42], abs=0.05)


def test_a_forecast_is_told_only_if_it_beats_repeating_the_last_year() -> None:
    same_each_year = ShareHistory.of_shares(WINTER[None, :48], 12)

    told = forecast(same_each_year, MONTHLY)

    assert told.naive_error[0] == pytest.approx(0, abs=1e-9)
    assert not told.told[0]
    assert np.isnan([told.share[0], told.low[0], told.high[0]]).all()


def test_a_forecast_is_told_only_if_it_beats_repeating_the_last_month() -> None:
    steps = np.repeat([[0.1, 0.4, 0.2, 0.5]], 12, axis=1)  # each share stays for a year

    told = forecast(ShareHistory.of_shares(np.sort(steps, axis=1), 12), MONTHLY)

    assert told.naive_error[0] < told.error[0]
    assert not told.told[0]


@pytest.mark.parametrize(("months", "is_told"), [(25, False), (26, True)])
def test_a_season_of_its_own_needs_26_months(months: int, is_told: bool) -> None:
    # The first winter was warmer, so that repeating the last year is no good forecast.
    truth = WINTER.copy()
    truth[:14] -= 0.03

    told = forecast(counted(truth[None, :months], 400), MONTHLY)

    assert told.told[0] == is_told
    assert (told.periods[0], told.periods_needed[0]) == (months, 26)


@pytest.mark.parametrize(("months", "is_told"), [(11, False), (12, True)])
def test_a_destination_with_12_months_borrows_the_season_of_its_category(
    months: int, is_told: bool
) -> None:
    truth = np.vstack([WINTER[:44], np.tile(WINTER[:44] + 0.03, (SERIES, 1))])
    photos = np.full(truth.shape, 2000)
    photos[1:] = [0] * (44 - months) + [300] * months
    history = counted(truth, photos, lenders=[NO_LENDER, *[0] * SERIES])

    told = forecast(history, MONTHLY)

    assert told.periods[1:].tolist() == [months] * SERIES
    assert told.periods_needed[1:].tolist() == [12] * SERIES
    assert told.told[1:].any() == is_told
    if is_told:
        assert set(told.method[1:]) == {BORROWED}
        assert told.share[1:][told.told[1:]].mean(axis=0) == pytest.approx(
            WINTER[44:50] + 0.03, abs=0.03
        )


def test_the_season_of_a_category_that_is_too_young_itself_is_not_borrowed() -> None:
    photos = np.array([[2000] * 20, [0] * 8 + [300] * 12])
    history = counted(np.stack([WINTER[:20], WINTER[:20]]), photos, lenders=[NO_LENDER, 0])

    told = forecast(history, MONTHLY)

    assert not told.told.any()
    assert told.periods_needed.tolist() == [26, 26]


def test_two_months_tell_nothing() -> None:
    told = forecast(counted(WINTER[None, :2]), MONTHLY)

    assert not told.told.any()
    assert told.periods_needed[0] == 26


def test_a_series_without_any_photo_tells_nothing_and_changes_nothing() -> None:
    known = winters(44)
    empty = counted(WINTER[None, :44], photos=0)
    both = ShareHistory(
        np.vstack([known.shares, empty.shares]),
        np.vstack([known.photos, empty.photos]),
        12,
        np.full(SERIES + 1, NO_LENDER),
    )

    told, without = forecast(both, MONTHLY), forecast(known, MONTHLY)

    assert not told.told[-1]
    assert np.array_equal(told.share[:-1], without.share, equal_nan=True)
    assert np.array_equal(told.high[:-1], without.high, equal_nan=True)


def test_a_missing_month_is_not_a_month_without_anyone_wearing_it() -> None:
    photos = np.full(44, 300)
    photos[[20, 42, 43]] = 0
    history = counted(np.tile(WINTER[:44], (SERIES, 1)), photos)

    told = forecast(history, MONTHLY)

    assert told.told.mean() > 0.6
    assert means(told) == pytest.approx(WINTER[44:50], abs=0.02)


def test_a_month_of_three_photos_hardly_changes_a_forecast() -> None:
    history = winters(44)
    shares, photos = history.shares.copy(), history.photos.copy()
    shares[:, -1], photos[:, -1] = 1.0, 3

    few = forecast(ShareHistory(shares, photos, 12, history.lenders), MONTHLY)
    photos[:, -1] = 400
    many = forecast(ShareHistory(shares, photos, 12, history.lenders), MONTHLY)
    before = forecast(history, MONTHLY)

    assert means(few) == pytest.approx(means(before), abs=0.03)
    assert means(many)[0] > means(before)[0] + 0.1


@pytest.mark.parametrize(("first", "last"), [(0.03, 0.002), (0.95, 0.998)])
def test_shares_and_intervals_stay_between_0_and_1(first: float, last: float) -> None:
    many = np.tile(np.linspace(first, last, 36), (SERIES, 1))

    told = forecast(counted(many, 300), MONTHLY)

    assert told.told.any()
    known = np.concatenate([told.low[told.told], told.share[told.told], told.high[told.told]])
    assert ((known >= 0) & (known <= 1)).all()
    assert (told.low[told.told] <= told.share[told.told]).all()


def test_95_percent_of_the_shares_that_come_are_inside_the_intervals() -> None:
    random = np.random.default_rng(3)
    level = random.uniform(0.05, 0.3, (300, 1))
    wave = random.uniform(0.2, 0.8, (300, 1)) * np.cos(
        2 * np.pi * (MONTHS[:42] - random.uniform(0, 12, (300, 1))) / 12
    )
    photos = random.integers(10, 400, (300, 42))
    drawn = counted(level * (1 + wave), photos)

    told = forecast(drawn.until(36), MONTHLY)

    come = drawn.shares[told.told, 36:]
    inside = (come >= told.low[told.told]) & (come <= told.high[told.told])
    assert told.told.mean() > 0.6
    assert 0.93 <= inside.mean() <= 0.97


def test_no_back_test_knows_the_months_that_it_forecasts() -> None:
    history = counted(WINTER[None, :44])
    shares = history.shares.copy()
    shares[0, 40:] = 0.9
    other = ShareHistory(shares, history.photos, 12, history.lenders)

    tests, same = back_tests(history, MONTHLY), back_tests(other, MONTHLY)

    before = [start <= 40 for start in tests.starts]
    assert any(before)
    assert np.array_equal(tests.forecasts[before], same.forecasts[before], equal_nan=True)
    assert not np.array_equal(tests.forecasts, same.forecasts, equal_nan=True)


def test_a_weekly_series_of_three_years_is_forecast_for_a_year() -> None:
    weeks = np.arange(208)
    truth = 0.1 + 0.05 * np.cos(2 * np.pi * weeks / 52)
    noise = np.random.default_rng(4).normal(0, 0.01, (5, 208))
    history = ShareHistory.of_shares(truth + noise, 52)

    told = forecast(history.until(156), WEEKLY)

    assert told.told.all()
    assert set(told.method) == {MEAN}
    assert told.share == pytest.approx(np.tile(truth[156:], (5, 1)), abs=0.015)


def test_no_series_has_no_forecast() -> None:
    assert forecast(counted(np.empty((0, 40))), MONTHLY).share.shape == (0, 6)


def test_many_series_are_forecast_as_each_alone() -> None:
    many = counted(np.stack([WINTER[:44], GROWTH[:44]]))
    alone = ShareHistory(many.shares[1:], many.photos[1:], 12, many.lenders[1:])

    assert forecast(many, MONTHLY).share[1] == pytest.approx(forecast(alone, MONTHLY).share[0])
