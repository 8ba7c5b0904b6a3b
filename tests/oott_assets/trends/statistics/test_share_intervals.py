import numpy as np
import pytest

from oott_assets.trends.statistics.share_intervals import (
    change_intervals,
    listed_intervals,
    share_intervals,
)


@pytest.mark.parametrize(
    ("seen", "photos", "low", "high"),
    # Source: R. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_the_interval_of_a_share_is_wilsons(
    seen: int, photos: int, low: float, high: float
) -> None:
    found = share_intervals(np.array(seen / photos), np.array(float(photos)))

    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    # Source: R. Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090),
     ((10, 10), (0, 20), 0.6791, 1), ((0, 10), (0, 20), -0.1611, 0.2775)],
)  # fmt: skip
def test_the_interval_of_a_change_is_newcombes(
    now: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    sides = [
        share_intervals(np.array(seen / photos), np.array(float(photos)))
        for seen, photos in (before, now)
    ]

    found = change_intervals(*sides)

    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_an_item_that_is_listed_because_two_posts_show_it_may_be_as_rare_as_can_be() -> None:
    share, photos = np.array([0.02, 0.03, 0.5]), np.array([100.0] * 3)
    found = share_intervals(share, photos)

    listed = listed_intervals(found, np.array([2.0, 3.0, 50.0]))

    assert listed.low[0] == 0
    assert 0 < listed.low[1] < found.low[1]
    assert listed.low[2] == found.low[2]
    assert listed.high.tolist() == found.high.tolist()
