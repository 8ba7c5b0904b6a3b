"""Which changes are clear when twelve months are compared with the twelve before them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from oott_assets.partitions import destinations
from oott_assets.trends.statistics.detector_errors import DetectorErrors, GarmentErrors
from oott_assets.trends.statistics.photo_counts import (
    MonthCounts,
    SeenGarments,
    month_counts,
    versions_in,
)
from oott_assets.trends.statistics.place_shares import Places
from oott_assets.trends.statistics.yearly_growth import Growth, yearly_growth
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.estimate_tables import NOT_DISTINGUISHED
from tests.oott_assets.trends.detection_rows import Row, photos, table_of

SLUGS = ["hongdae", "gangnam", "jeju"]
PLACES = Places.of([destinations.destination(slug) for slug in SLUGS])
HONGDAE, ALL = PLACES.names.index("hongdae"), PLACES.names.index("all")


def month(jeans: int, others: int, slug: str = "hongdae", version: str = "v1") -> list[Row]:
    """Make a month of photos, of which some show jeans."""
    kinds = (("jeans", jeans), ("skirt", others))
    return [
        row
        for garment, count in kinds
        for row in photos(count, garment, destination=slug, version=version)
    ]


def counts_of(rows: Sequence[Row]) -> MonthCounts:
    table = table_of(rows)
    none = np.zeros(0, dtype=np.int64)
    return month_counts(SeenGarments.of(table, SLUGS), versions_in(table, SLUGS), none)


def growth_of(
    before: Sequence[Sequence[Row]],
    now: Sequence[Sequence[Row]],
    errors: Mapping[str, DetectorErrors] | None = None,
) -> Growth:
    first, second = ([counts_of(rows) for rows in year] for year in (before, now))
    return yearly_growth(first, second, PLACES, errors or {})


def trend(growth: Growth, place: int = HONGDAE, garment: str = "jeans") -> str:
    return str(growth.subjects[0].words[place, GARMENT_NAMES.index(garment)])


def test_a_change_that_is_not_clear_in_any_month_is_clear_over_twelve() -> None:
    before, now = month(12, 88), month(20, 80)

    growth = growth_of([before] * 12, [now] * 12)

    jeans = HONGDAE, GARMENT_NAMES.index("jeans")
    garments = growth.subjects[0]
    assert (trend(growth), trend(growth, garment="skirt")) == ("rising", "falling")
    assert trend(growth, ALL) == "rising"
    assert garments.changes.share[jeans] == pytest.approx(0.20)
    assert garments.changes.change.value[jeans] == pytest.approx(0.08)
    assert (growth.months[HONGDAE], growth.photos[HONGDAE]) == (12, 1200)
    # Ten of the twelve months have no photos: the same change is not clear.
    assert trend(growth_of([before] * 6 + [[]] * 6, [month(14, 86)] * 6 + [[]] * 6)) != "rising"


def test_a_season_is_no_change() -> None:
    year = [month(10, 90)] * 6 + [month(60, 40)] * 6

    growth = growth_of(year, year)

    assert {str(word) for word in growth.subjects[0].words[HONGDAE]} == {"no clear change"}


def test_more_photos_in_the_warm_months_are_no_change() -> None:
    before = [month(10, 90)] * 6 + [month(30, 20)] * 6
    now = [month(10, 90)] * 6 + [month(180, 120)] * 6

    assert trend(growth_of(before, now)) == "no clear change"


def test_fewer_than_six_months_are_not_compared() -> None:
    before, now = [month(10, 90)] * 6, [month(60, 40)] * 6
    missing: list[list[Row]] = [[]] * 6

    six = growth_of(before + missing, now + missing)
    five = growth_of([*before[:5], [], *missing], now + missing)

    assert (trend(six), six.months[HONGDAE]) == ("rising", 6)
    assert (trend(five), five.months[HONGDAE]) == ("no month to compare", 5)


def test_months_of_another_detector_are_left_out_or_named() -> None:
    now = [month(60, 40)] * 12
    other = [month(10, 90, version="v0")] * 12

    assert trend(growth_of(other, now)) == "other detector"
    assert trend(growth_of(other[:6] + [month(10, 90)] * 6, now)) == "rising"


def test_a_garment_that_the_detector_cannot_tell_never_grows() -> None:
    before, now = [month(10, 90)] * 12, [month(60, 40)] * 12

    growth = growth_of(before, now, {"v1": {"jeans": GarmentErrors(0.1, 0.9)}})

    assert trend(growth) == NOT_DISTINGUISHED
    assert trend(growth, garment="skirt") == "falling"
