from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from oott_assets.trends.statistics.change_tests import (
    can_change,
    change_p_values,
    discoveries,
    independent_photos_needed,
)


def p_value(before: tuple[int, int], now: tuple[int, int]) -> float:
    (seen_before, photos_before), (seen, photos) = before, now
    found = change_p_values(
        np.array([seen_before / photos_before]),
        np.array([float(photos_before)]),
        np.array([seen / photos]),
        np.array([float(photos)]),
    )
    return float(found[0])


def test_the_p_value_is_that_of_fishers_exact_test_with_half_of_the_found_case() -> None:
    # All three coats of 20 photos are in the second month: 0.5 ** 3, nearly.
    chance = hypergeom.pmf(3, 20, 3, 10)

    assert p_value((0, 10), (3, 10)) == pytest.approx(2 * chance / 2)


def test_rising_and_falling_are_equally_likely() -> None:
    assert p_value((2, 50), (9, 30)) == pytest.approx(p_value((9, 30), (2, 50)))


def test_no_change_has_a_large_p_value() -> None:
    assert p_value((5, 50), (5, 50)) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(("before", "now", "share"), [(10, 10, 0.3), (10, 40, 0.1), (30, 12, 0.5)])
def test_few_photos_do_not_make_false_changes(before: int, now: int, share: float) -> None:
    """The chance of a p-value below a level is the level at most, of all possible counts."""
    cases = list(product(range(before + 1), range(now + 1)))
    counts = np.array(cases, dtype=float)
    sizes = np.full(len(cases), float(before)), np.full(len(cases), float(now))
    found = change_p_values(counts[:, 0] / before, sizes[0], counts[:, 1] / now, sizes[1])
    chances = binom.pmf(counts[:, 0], before, share) * binom.pmf(counts[:, 1], now, share)

    for level in (0.05, 0.01, 0.001):
        assert chances[found <= level].sum() <= 1.15 * level


def test_an_item_that_was_seen_twice_cannot_change_clearly() -> None:
    photos = np.array([50.0, 50.0])

    possible = can_change(np.zeros(2), photos, np.array([2, 8]) / 50, photos)

    assert possible.tolist() == [False, True]


def test_nine_photos_cannot_change_clearly() -> None:
    shares = np.zeros(2), np.full(2, 1.0)

    possible = can_change(shares[0], np.full(2, 100.0), shares[1], np.array([9.0, 10.0]))

    assert possible.tolist() == [False, True]


def test_of_many_comparisons_a_p_value_of_one_percent_is_chance() -> None:
    assert discoveries(np.array([0.01])).tolist() == [True]
    assert discoveries(np.array([0.01, *np.linspace(0.1, 1, 99)])).tolist() == [False] * 100
    assert discoveries(np.zeros(0)).tolist() == []


def test_a_common_item_needs_more_photos_than_a_rare_one() -> None:
    photos = np.full(2, 100.0)

    needed = independent_photos_needed(np.array([0.5, 0.02]), photos, np.array([0.5, 0.02]), photos)

    # A difference of two shares of 50 % has an interval of 10 points to each side with 192 photos.
    assert needed[0] == pytest.approx(2 * 0.25 * (1.96 / 0.1) ** 2, rel=0.01)
    assert needed[1] < 30
