"""By how much one detector is better than another one on the same photos."""

from collections.abc import Mapping
from typing import NamedTuple

from oott_assets.training.validation.resamples import Estimate, estimate
from oott_assets.training.validation.validated import Rows, Validated


class Comparison(NamedTuple):
    """The differences of two detectors, with intervals; above 0, the first one is better.

    Both detectors saw the same photos, and each resample is subtracted from the same resample. So
    the intervals are much narrower than those of the two values: a difficult photo is difficult
    for both. ``map50`` and ``garments`` are over garments with at least ten boxes. ``closet`` and
    ``without_clothes`` are None where there are no such photos.
    """

    map50: Estimate
    map50_95: Estimate
    closet: Estimate | None
    without_clothes: Estimate | None
    garments: Mapping[str, Estimate]


def compare(one: Validated, other: Validated) -> Comparison:
    """Subtract the values of ``other`` from those of ``one``, which saw the same photos.

    The interval of a garment is wider than 95 %: with many garments, one of them would often be
    outside its own 95 % by chance. Here, 90 % of comparisons have all garments inside. So in 95 %
    of them, no garment is wrongly above its interval, and in 95 %, none is wrongly below.
    """
    outside = 0.1 / max(1, len(one.common))
    return Comparison(
        map50=estimate(one.common_map50 - other.common_map50),
        map50_95=estimate(one.map50_95 - other.map50_95),
        closet=_difference(one.closet_right, other.closet_right, len(one.closet.right)),
        without_clothes=_difference(
            one.nothing_right, other.nothing_right, len(one.without_clothes.right)
        ),
        garments={
            name: estimate(one.ap50(name) - other.ap50(name), outside) for name in one.common
        },
    )


def _difference(one: Rows, other: Rows, photos: int) -> Estimate | None:
    return estimate(one - other) if photos else None
