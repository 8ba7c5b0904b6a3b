"""Which candidate wins."""

import pytest

from oott_assets.training.champion import is_better
from oott_assets.training.validation.comparison import Comparison
from oott_assets.training.validation.resamples import Estimate

NO_GAIN = Estimate(0.0, -0.02, 0.02)


def merged_over_main(map50: tuple[float, float, float], closet: float | None) -> Comparison:
    """Say how much better merged is; ``closet`` is its share of right labels minus that of main."""
    labels = None if closet is None else Estimate(closet, closet - 0.1, closet + 0.1)
    return Comparison(Estimate(*map50), NO_GAIN, labels, None, {})


@pytest.mark.parametrize(
    ("map50", "closet", "merged_wins"),
    [
        ((0.05, 0.01, 0.09), 0.0, True),
        ((0.05, 0.01, 0.09), -0.9, True),
        ((-0.05, -0.09, -0.01), 0.9, False),
        ((-0.02, -0.06, 0.02), 0.1, True),
        ((0.02, -0.02, 0.06), -0.1, False),
        ((0.02, -0.02, 0.06), 0.0, False),
        ((0.02, -0.02, 0.06), None, False),
        ((0.02, 0.0, 0.04), -0.1, False),
    ],
)
def test_a_clear_difference_in_map50_decides_then_closet_labels_then_main_wins(
    map50: tuple[float, float, float], closet: float | None, merged_wins: bool
) -> None:
    assert is_better(merged_over_main(map50, closet)) is merged_wins


def test_a_map50_of_036_is_not_better_than_035_by_rounding() -> None:
    """In floating point, 0.36 - 0.35 is more than 0.01; a fixed limit of 0.01 must not decide."""
    difference = 0.36 - 0.35
    unclear = (difference, difference - 0.03, difference + 0.03)

    assert not is_better(merged_over_main(unclear, closet=-0.1))
    assert is_better(merged_over_main(unclear, closet=0.1))
