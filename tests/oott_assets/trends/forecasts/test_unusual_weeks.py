"""Which weeks are unusual, and which are trend, season or chance."""

import numpy as np
import pytest

from oott_assets.trends.forecasts.share_history import Matrix, Numbers
from oott_assets.trends.forecasts.unusual_weeks import UnusualWeeks, WeeklyCounts, unusual_weeks
from tests.oott_assets.trends.forecasts.drawn_shares import seen_in

YEARS = np.arange(156)


def weeks_of(
    truth: Matrix, photos: int | Numbers = 40, photos_per_post: int = 1, seed: int = 1
) -> WeeklyCounts:
    """Draw the photos of some weeks; ``truth`` has the shape (series, weeks)."""
    numbers = np.broadcast_to(photos, truth.shape).copy()
    return WeeklyCounts(seen_in(numbers, truth, seed), numbers, numbers // photos_per_post)


def found(unusual: UnusualWeeks) -> list[tuple[int, int]]:
    return list(zip(unusual.series.tolist(), unusual.week.tolist(), strict=True))


def flat(weeks: int = 30, series: int = 4, share: float = 0.1) -> Matrix:
    return np.full((series, weeks), share)


@pytest.mark.parametrize("week", [4, 27, 29])
def test_a_festival_week_is_found_and_nothing_else(week: int) -> None:
    truth = flat()
    truth[2, week] = 0.7

    unusual = unusual_weeks(weeks_of(truth))

    assert found(unusual) == [(2, week)]
    assert unusual.expected[0] == pytest.approx(0.1, abs=0.04)
    assert unusual.low[0] < 0.1 < unusual.high[0] < 0.4
    assert unusual.p_value[0] < 1e-4


def test_a_week_in_which_nobody_wears_the_usual_is_found() -> None:
    truth = flat(share=0.6)
    truth[1, 15] = 0.0

    assert found(unusual_weeks(weeks_of(truth))) == [(1, 15)]


def test_a_festival_of_two_weeks_is_found_in_both() -> None:
    truth = flat()
    truth[0, 14:16] = 0.8

    assert found(unusual_weeks(weeks_of(truth, 60))) == [(0, 14), (0, 15)]


def test_a_festival_is_found_in_a_series_of_ten_weeks() -> None:
    truth = flat(weeks=10)
    truth[0, 5] = 0.9

    assert found(unusual_weeks(weeks_of(truth, 60))) == [(0, 5)]


def test_a_season_and_a_trend_are_no_events_but_a_festival_on_top_of_them_is() -> None:
    truth = np.stack([0.2 + 0.15 * np.cos(2 * np.pi * YEARS / 52), 0.1 + 0.002 * YEARS])
    quiet = unusual_weeks(weeks_of(truth))
    truth[0, 78] = 0.6  # in summer, when it is usually 0.05

    assert found(quiet) == []
    assert found(unusual_weeks(weeks_of(truth))) == [(0, 78)]


def test_a_post_of_thirty_photos_is_no_event() -> None:
    truth = flat()
    truth[0, 15] = 0.45

    alone = unusual_weeks(weeks_of(truth, 60))
    in_few_posts = unusual_weeks(weeks_of(truth, 60, photos_per_post=10))

    assert found(alone) == [(0, 15)]
    assert found(in_few_posts) == []


def test_a_week_with_four_posts_is_not_tested() -> None:
    truth, photos = flat(), np.full(30, 40)
    truth[0, 15], photos[15] = 1.0, 4

    assert found(unusual_weeks(weeks_of(truth, photos))) == []


def test_weeks_without_photos_change_nothing_else() -> None:
    truth, photos = flat(), np.full(30, 40)
    truth[0, 20], photos[[3, 19]] = 0.7, 0

    assert found(unusual_weeks(weeks_of(truth, photos))) == [(0, 20)]


@pytest.mark.parametrize("weeks", [0, 1, 3])
def test_a_few_weeks_tell_nothing(weeks: int) -> None:
    assert found(unusual_weeks(weeks_of(flat(weeks=weeks), 60))) == []


def test_what_differs_from_week_to_week_anyway_needs_more_to_be_an_event() -> None:
    random = np.random.default_rng(2)
    truth = np.clip(random.normal(0.2, 0.1, (6, 60)), 0.01, 1)
    steady = flat(weeks=60, series=6, share=0.2)
    truth[0, 30] = steady[0, 30] = 0.45

    assert found(unusual_weeks(weeks_of(steady, 150))) == [(0, 30)]
    assert found(unusual_weeks(weeks_of(truth, 150))) == []


def test_quiet_weeks_give_false_events_in_at_most_5_percent_of_runs() -> None:
    random = np.random.default_rng(5)
    runs = 100
    false = 0
    for seed in range(runs):
        level = random.uniform(0.01, 0.4, (12, 1))
        truth = np.clip(level * (1 + random.normal(0, 0.1, (12, 24))), 0, 1)
        photos = random.integers(3, 100, 24)
        false += bool(found(unusual_weeks(weeks_of(truth, photos, seed=seed))))

    assert false <= 0.05 * runs
