import numpy as np

from oott_assets.trends.statistics.item_codes import GARMENT_ITEMS, outfit_items
from oott_assets.trends.statistics.photo_counts import (
    MonthCounts,
    SeenGarments,
    month_counts,
    repeated_outfits,
    versions_in,
)
from tests.oott_assets.trends.detection_rows import Row, table_of

PLACES = ["hongdae", "jeju"]


def counts_of(rows: list[Row]) -> MonthCounts:
    table = table_of(rows)
    garments = SeenGarments.of(table, PLACES)
    return month_counts(garments, versions_in(table, PLACES), repeated_outfits([garments]))


def photos_with(counts: MonthCounts, garment: str) -> list[float]:
    names = [item.garment for item in GARMENT_ITEMS.names]
    return [float(count) for count in counts.seen["garment"].photos[:, names.index(garment)]]


def test_a_photo_with_two_coats_shows_a_coat_once() -> None:
    counts = counts_of([Row("a"), Row("a", colour="navy"), Row("b", "jeans")])

    assert photos_with(counts, "coat") == [1, 0]
    assert counts.photos.tolist() == [2, 0]


def test_a_photo_without_garments_is_not_counted() -> None:
    assert counts_of([Row("a"), Row("b", None, None)]).photos.tolist() == [1, 0]


def test_destinations_are_counted_apart_even_if_they_share_a_photo() -> None:
    counts = counts_of([Row("a"), Row("a", destination="jeju"), Row("b", destination="jeju")])

    assert photos_with(counts, "coat") == [1, 2]


def test_a_destination_that_is_not_listed_is_left_out() -> None:
    assert counts_of([Row("a", destination="closed-place")]).photos.tolist() == [0, 0]


def test_the_photos_of_a_post_are_one_album() -> None:
    counts = counts_of([Row("a", post="p"), Row("b", post="p"), Row("c")])

    assert counts.photos.tolist() == [3, 0]
    assert counts.posts.tolist() == [2, 0]
    assert counts.albums.tolist() == [1, 0]
    assert counts.squares.tolist() == [5, 0]  # two photos in one post, and one in another


def test_the_most_confident_garment_of_a_category_is_in_the_outfit_and_the_first_on_a_tie() -> None:
    rows = [
        *(Row("a", "coat", confidence=0.5), Row("a", "blazer", confidence=0.8), Row("a", "jeans")),
        *(Row("b", "blazer"), Row("b", "coat"), Row("b", "jeans")),
    ]

    counts = counts_of(rows)

    [outfit] = counts.seen["outfit"].items.names
    assert outfit.garment == "blazer,None,jeans,None"
    assert counts.seen["outfit"].posts[:, 0].tolist() == [2, 0]


def test_an_outfit_that_only_one_post_shows_is_not_counted() -> None:
    counts = counts_of([Row("a", post="p"), Row("b", post="p"), Row("c", "jeans")])

    assert counts.seen["outfit"].items.names == ()


def test_a_garment_of_unknown_colour_counts_as_garment_only() -> None:
    counts = counts_of([Row("a", colour=None)])

    assert photos_with(counts, "coat") == [1, 0]
    assert counts.seen["colour"].photos.sum() == 0
    assert counts.seen["look"].photos.sum() == 0


def test_a_month_without_rows_has_no_photos() -> None:
    counts = counts_of([])

    assert counts.photos.tolist() == [0, 0]
    assert counts.versions == ("", "")
    assert counts.seen["look"].photos.shape == (2, 24 * 13)


def test_an_outfit_is_named_from_outer_to_shoes() -> None:
    garments = SeenGarments.of(
        table_of([Row("a", name) for name in ("sandals", "dress", "puffer")]), PLACES
    )

    [name] = outfit_items(np.unique(garments.outfits())).names

    assert name.garment == "puffer,dress,None,sandals"
