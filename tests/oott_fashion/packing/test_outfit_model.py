from collections.abc import Sequence
from datetime import date

import pytest

from oott_fashion.garments import CATEGORIES, GARMENTS
from oott_fashion.packing.outfit_model import CountedOutfit, CountedOutfits, OutfitModel
from oott_fashion.packing.trips import Piece

OCTOBER = date(2026, 10, 1)
JULY = date(2026, 7, 1)


def worn(
    times: int,
    *pieces: str,
    month: date = OCTOBER,
    destination: str = "hongdae",
    category: str = "hot-place",
) -> CountedOutfit:
    """An outfit of pieces such as "black coat"; nothing was seen of the other categories."""
    by_category = {}
    for piece in pieces:
        colour, garment = piece.split(" ", 1)
        [kind] = [each.category for each in GARMENTS if each.name == garment]
        by_category[kind] = Piece(garment, colour)
    outfit = [by_category.get(each, Piece("None", "None")) for each in CATEGORIES]
    garments, colours = zip(*outfit, strict=True)
    return CountedOutfit(month, destination, category, garments, colours, times)


def learnt(
    outfits: Sequence[CountedOutfit],
    month: date = OCTOBER,
    destination: str | None = "hongdae",
    category: str | None = "hot-place",
) -> OutfitModel:
    return CountedOutfits(outfits).model_of(month, destination, category)


def test_without_outfits_all_garments_of_a_category_are_equal_and_in_their_order() -> None:
    model = learnt([])

    assert model.share("jeans") == pytest.approx(1 / 5)
    assert model.best_garments("shoes", []) == ["sneakers", "dress shoes", "sandals"]


def test_the_garment_that_is_worn_most_at_the_place_comes_first() -> None:
    model = learnt(
        [worn(60, "black slacks"), worn(30, "blue jeans"), worn(900, "blue skirt", destination="x")]
    )

    assert model.best_garments("bottom", [])[0] == "slacks"
    assert 0.5 < model.share("slacks") < 60 / 90


def test_a_place_without_photos_is_like_its_category_and_then_like_all_places() -> None:
    elsewhere = [
        worn(50, "black slacks", destination="gangnam"),
        worn(80, "blue skirt", destination="haeundae", category="seaside"),
    ]

    assert learnt(elsewhere).best_garments("bottom", [])[0] == "slacks"
    assert learnt(elsewhere, category="mountain").best_garments("bottom", [])[0] == "skirt"


def test_a_few_photos_of_a_place_do_not_outweigh_many_of_its_category() -> None:
    photos = [worn(2, "blue skirt"), worn(200, "black slacks", destination="gangnam")]

    assert learnt(photos).best_garments("bottom", [])[0] == "slacks"


def test_months_of_the_same_season_count_in_every_year() -> None:
    photos = [
        worn(50, "blue jeans", month=date(2025, 11, 1)),
        worn(90, "blue skirt", month=JULY),
    ]

    assert learnt(photos).best_garments("bottom", [])[0] == "jeans"
    assert learnt(photos, month=JULY).best_garments("bottom", [])[0] == "skirt"


# Each garment is worn equally often, so only the other pieces can decide.
HABITS = [
    worn(40, "white shirt", "black slacks"),
    worn(40, "gray hoodie sweat shirt", "blue jeans"),
]


@pytest.mark.parametrize(
    ("top", "bottom"), [("white shirt", "slacks"), ("gray hoodie sweat shirt", "jeans")]
)
def test_the_garment_that_is_worn_with_the_other_pieces_comes_first(top: str, bottom: str) -> None:
    colour, garment = top.split(" ", 1)

    assert learnt(HABITS).best_garments("bottom", [Piece(garment, colour)])[0] == bottom


def test_the_colour_of_another_piece_decides_if_its_garment_does_not() -> None:
    photos = [worn(40, "white shirt", "black slacks"), worn(40, "blue shirt", "blue jeans")]

    assert learnt(photos).best_garments("bottom", [Piece("shirt", "white")])[0] == "slacks"
    assert learnt(photos).best_garments("bottom", [Piece("shirt", "blue")])[0] == "jeans"


def test_togetherness_is_one_by_chance_and_more_for_garments_that_are_worn_together() -> None:
    model = learnt(HABITS)

    assert model.togetherness("shirt", "slacks") > 1.5 > 1 > model.togetherness("shirt", "jeans")
    assert model.togetherness("coat", "sandals") == 1


def test_a_usual_outfit_has_a_higher_score_than_a_mixed_one() -> None:
    model = learnt(HABITS)
    shirt, slacks, jeans = Piece("shirt", "white"), Piece("slacks", "black"), Piece("jeans", "blue")

    assert model.score({"top": shirt, "bottom": slacks}) > model.score(
        {"top": shirt, "bottom": jeans}
    )


def test_names_of_other_releases_are_left_out() -> None:
    photos = [
        *HABITS,
        CountedOutfit(OCTOBER, "hongdae", "hot-place", ("kimono",) * 4, ("teal",) * 4, 99),
    ]

    assert learnt(photos).share("slacks") == learnt(HABITS).share("slacks")
