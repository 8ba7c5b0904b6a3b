"""What the rows of a month say, from the rows of the stored detections."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import pytest

from oott_assets.partitions import destinations
from oott_assets.trends.statistics.detector_errors import DetectorErrors, GarmentErrors
from oott_assets.trends.statistics.month_estimates import month_estimates
from oott_assets.trends.statistics.photo_counts import (
    SeenGarments,
    month_counts,
    repeated_outfits,
    versions_in,
)
from oott_assets.trends.statistics.place_shares import Places
from oott_assets.trends.statistics.subject_estimates import ComparedMonths
from oott_fashion.stores.estimate_tables import NOT_DISTINGUISHED, EstimateRow
from tests.oott_assets.trends.detection_rows import Row, photos, table_of

OCTOBER = date(2026, 10, 1)
SLUGS = ["hongdae", "gangnam", "jeju"]  # two hot places, and one at the seaside


def estimated(
    now: Sequence[Row],
    month_before: Sequence[Row] = (),
    year_before: Sequence[Row] = (),
    errors: Mapping[str, DetectorErrors] | None = None,
) -> list[EstimateRow]:
    tables = [table_of(rows) for rows in (now, month_before, year_before)]
    garments = [SeenGarments.of(table, SLUGS) for table in tables]
    outfits = repeated_outfits(garments)
    counts = [
        month_counts(seen, versions_in(table, SLUGS), outfits)
        for seen, table in zip(garments, tables, strict=True)
    ]
    places = Places.of([destinations.destination(slug) for slug in SLUGS])
    moment = datetime(2026, 11, 1)
    return month_estimates(ComparedMonths(*counts), places, errors or {}, OCTOBER, moment)


def row_of(
    rows: Sequence[EstimateRow], garment: str, place: str = "hongdae", colour: str = "any"
) -> EstimateRow:
    [row] = [
        row for row in rows if (row.garment, row.colour, row.place) == (garment, colour, place)
    ]
    return row


def flagged(rows: Sequence[EstimateRow]) -> set[str]:
    return {
        row.garment
        for row in rows
        if row.subject == "garment" and {row.month_trend, row.year_trend} & {"rising", "falling"}
    }


def test_a_share_has_its_photos_posts_and_interval() -> None:
    row = row_of(estimated([*photos(8), *photos(12, "blazer")]), "coat")

    assert (row.photos, row.posts, row.seen) == (20, 20, 8)
    assert row.share == pytest.approx(0.4)
    assert (row.share_low, row.share_high) == pytest.approx((0.2188, 0.6134), abs=1e-4)
    assert (row.subject, row.category, row.detector_version) == ("garment", "outer", "v1")


def test_a_garment_that_more_photos_show_rises_and_one_that_fewer_show_falls() -> None:
    before = [*photos(20, "puffer"), *photos(80, "coat")]
    now = [*photos(60, "puffer"), *photos(40, "coat")]

    rows = estimated(now, month_before=before)

    assert row_of(rows, "puffer").month_trend == "rising"
    assert row_of(rows, "puffer").month_change == pytest.approx(0.4)
    assert row_of(rows, "coat").month_trend == "falling"
    assert flagged(rows) == {"puffer", "coat"}


def test_three_times_as_many_photos_with_the_same_shares_are_no_change() -> None:
    before = [*photos(30, "puffer"), *photos(70, "coat")]
    now = [*photos(90, "puffer"), *photos(210, "coat")]

    assert flagged(estimated(now, month_before=before)) == set()


def test_a_change_is_compared_with_the_year_before_too() -> None:
    now, year_before = photos(100, "puffer"), photos(100, "coat")

    row = row_of(estimated(now, year_before=year_before), "puffer")

    assert (row.month_trend, row.month_change) == ("no month to compare", None)
    assert (row.year_trend, row.year_change) == ("rising", 1)


def test_a_month_of_three_photos_knows_nothing() -> None:
    rows = estimated(photos(3, "puffer"), photos(400, "coat"), photos(400, "coat"))

    assert {row.month_trend for row in rows} == {"too few to tell"}
    assert {row.year_trend for row in rows} == {"too few to tell"}
    assert all(row.photos_needed is not None and row.photos_needed > 3 for row in rows)


def test_a_missing_month_has_no_rows_and_changes_no_share() -> None:
    now, before = photos(50), photos(40, "blazer")

    with_month, without = estimated(now, before), estimated(now)

    for row in without:
        other = row_of(with_month, row.garment, row.place, row.colour)
        assert other[:13] == row[:13]  # the key, the photos and the share
    assert estimated([], before) == []


def test_a_destination_without_photos_has_no_rows() -> None:
    places = {row.place for row in estimated(photos(5))}

    assert places == {"hongdae", "hot-place", "all"}


def test_counts_of_different_detectors_are_not_compared_without_saying_so() -> None:
    rows = estimated(photos(100, "puffer", version="v2"), photos(100, "coat", version="v1"))

    row = row_of(rows, "puffer")
    assert (row.month_trend, row.month_change) == ("other detector", 1)
    assert flagged(rows) == set()


def test_a_category_compares_the_destinations_that_one_detector_counted_in_both_months() -> None:
    before = [*photos(100, "coat"), *photos(100, "coat", destination="gangnam")]
    now = [*photos(100, "coat"), *photos(100, "puffer", destination="gangnam", version="v2")]

    row = row_of(estimated(now, before), "puffer", "hot-place")

    assert (row.month_trend, row.month_change) == ("no clear change", 0)
    assert row.detector_version == "v1, v2"


def test_more_photos_of_one_destination_are_no_change_of_its_category() -> None:
    def month(hongdae: int, gangnam: int) -> list[Row]:
        return [*photos(hongdae, "coat"), *photos(gangnam, "puffer", destination="gangnam")]

    rows = estimated(month(40, 400), month_before=month(400, 40))

    assert flagged(rows) == set()
    assert row_of(rows, "puffer", "hot-place").month_change == pytest.approx(0)


def test_a_destination_that_was_missing_is_no_change_of_its_category() -> None:
    now = [*photos(200, "coat"), *photos(200, "puffer", destination="gangnam")]

    rows = estimated(now, month_before=photos(200, "coat"))

    assert flagged(rows) == set()


def test_the_share_of_a_category_is_a_mean_of_its_destinations() -> None:
    rows = estimated([*photos(400), *photos(400, "puffer", destination="gangnam")])
    uneven = estimated([*photos(400), *photos(100, "puffer", destination="gangnam")])

    assert row_of(rows, "puffer", "hot-place").share == pytest.approx(0.5)
    assert row_of(uneven, "puffer", "hot-place").share == pytest.approx(0.45, abs=0.01)
    assert row_of(uneven, "puffer", "hot-place").seen == 100


@pytest.mark.parametrize("errors", [GarmentErrors(0.29, 0.9), GarmentErrors(0.9, 0.29)])
def test_a_garment_that_the_detector_cannot_tell_is_never_flagged(errors: GarmentErrors) -> None:
    now = [*photos(90, "puffer"), *photos(10, "coat")]
    before = [*photos(10, "puffer"), *photos(90, "coat")]

    rows = estimated(now, before, errors={"v1": {"puffer": errors}})

    row = row_of(rows, "puffer")
    assert (row.month_trend, row.year_trend) == (NOT_DISTINGUISHED, NOT_DISTINGUISHED)
    assert (row.detector_precision, row.detector_recall) == errors
    assert row_of(rows, "puffer", colour="black").month_trend == NOT_DISTINGUISHED
    assert row_of(rows, "puffer,None,None,None").month_trend == NOT_DISTINGUISHED
    assert row_of(rows, "any", colour="black").month_trend == "no clear change"
    assert flagged(rows) == {"coat"}


def test_a_garment_at_the_bound_is_told_apart() -> None:
    at_bound = {"v1": {"coat": GarmentErrors(0.3, 0.3)}}

    assert row_of(estimated(photos(9), errors=at_bound), "coat").month_trend != NOT_DISTINGUISHED


def test_looks_and_outfits_of_one_post_are_not_listed() -> None:
    rows = estimated([Row("a", post="p"), Row("b", post="p"), *photos(5, "jeans")])

    assert {row.garment for row in rows if row.subject in ("look", "outfit")} == {
        "jeans",
        "None,None,jeans,None",
    }


def test_a_look_that_vanished_is_listed_as_zero() -> None:
    rows = estimated(photos(50, "puffer"), month_before=photos(50, "coat"))

    row = row_of(rows, "coat", colour="black")
    assert (row.seen, row.share, row.month_trend) == (0, 0, "falling")


def test_each_garment_and_colour_has_a_row() -> None:
    rows = estimated(photos(5))

    at_hongdae = [row for row in rows if row.place == "hongdae"]
    assert sum(row.subject == "garment" for row in at_hongdae) == 24
    assert sum(row.subject == "colour" for row in at_hongdae) == 13
    assert len({row[1:6] for row in rows}) == len(rows)  # the rest of the key, in one month


def test_twenty_albums_of_one_person_show_less_than_as_many_single_photos() -> None:
    coats = [Row(f"{post}-{photo}", post=str(post)) for post in range(10) for photo in range(6)]
    blazers = [row._replace(photo=f"b{row.photo}", post=f"b{row.post}", garment="blazer")
               for row in coats]  # fmt: skip
    singles = [*photos(60), *photos(60, "blazer")]

    album, single = (row_of(estimated(rows), "coat") for rows in ([*coats, *blazers], singles))

    assert album.share == single.share == 0.5
    assert album.share_high - album.share_low > 1.8 * (single.share_high - single.share_low)
