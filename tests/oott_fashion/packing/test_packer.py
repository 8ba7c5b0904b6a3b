import random
from datetime import date

import pytest

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, GARMENT_NAMES, category_of
from oott_fashion.packing.outfit_model import CountedOutfit, CountedOutfits, OutfitModel
from oott_fashion.packing.packer import PackedDay, pack
from oott_fashion.packing.trips import (
    Companion,
    Day,
    DayWeather,
    Gender,
    OwnedPiece,
    Piece,
    Taste,
    Trip,
)
from tests.oott_fashion.packing.random_trips import broken_rules, random_model, random_trips

JANUARY = date(2027, 1, 10)
NOTHING_KNOWN = CountedOutfits([]).model_of(JANUARY, None, None)

COLD, MILD, HOT = DayWeather(-3, 4), DayWeather(12, 20), DayWeather(25, 32)


def days(weather: DayWeather | None, count: int = 1) -> tuple[Day, ...]:
    return tuple(Day(JANUARY.replace(day=10 + number), weather) for number in range(count))


def packed(trip: Trip, model: OutfitModel = NOTHING_KNOWN) -> list[PackedDay]:
    return pack(trip, model)


def garments(day: PackedDay, outfit: int = 0) -> set[str]:
    return {packed.piece.garment for packed in day.outfits[outfit].pieces}


def closet(*pieces: str) -> tuple[OwnedPiece, ...]:
    """Own pieces such as "white tee shirt"; each has its name as its id."""
    return tuple(OwnedPiece(piece, Piece(*piece.split(" ", 1)[::-1])) for piece in pieces)


def test_random_trips_keep_all_rules_and_equal_input_gives_equal_output() -> None:
    rng = random.Random(7)
    for number, trip in enumerate(random_trips(rng, 80)):
        model = random_model(rng)
        outfits = pack(trip, model)

        assert not broken_rules(trip, outfits)
        assert number % 4 or pack(trip, model) == outfits


def test_the_colder_the_day_the_warmer_the_outfit() -> None:
    [cold], [mild], [hot] = (packed(Trip(days(weather))) for weather in (COLD, MILD, HOT))

    assert garments(cold) & {"coat", "puffer"}
    assert garments(mild).isdisjoint({"coat", "puffer", "shorts pants", "sandals"})
    assert garments(hot).isdisjoint({"coat", "blazer", "cardigan", "knit sweater", "sweat shirt"})
    assert len(garments(hot)) == 3  # no outer


def test_a_piece_of_the_closet_comes_before_one_to_buy_if_it_suits_the_weather() -> None:
    own = closet("purple puffer", "orange knit sweater", "red slacks", "pink sneakers")
    trip = Trip(days(COLD), closet=(*own, *closet("white shorts pants")))

    [outfit] = packed(trip)[0].outfits

    assert {piece.owned_id for piece in outfit.pieces} == {one.id for one in own}


def test_a_cold_day_needs_an_outer_even_if_the_only_one_is_rarely_worn() -> None:
    looks = [("coat", "black", 500), ("coat", "pink", 1), ("sweat shirt", "gray", 200)]
    worn = [
        CountedOutfit(
            JANUARY, "jeju", "seaside",
            tuple(garment if category_of(garment) == each else "None" for each in CATEGORIES),
            tuple(colour if category_of(garment) == each else "None" for each in CATEGORIES),
            times,
        )
        for garment, colour, times in looks
    ]  # fmt: skip
    model = CountedOutfits(worn).model_of(JANUARY, "jeju", "seaside")

    [day] = packed(Trip(days(DayWeather(6, 12)), closet=closet("pink coat")), model)

    assert day.outfits[0].pieces[0].owned_id == "pink coat"


def test_pieces_of_the_closet_change_from_day_to_day_before_one_is_bought() -> None:
    own = closet(
        "gray knit sweater", "red knit sweater", "blue jeans", "black slacks", "black coat",
        "white sneakers",
    )  # fmt: skip

    trip = packed(Trip(days(COLD, 4), closet=own))

    worn = [[piece.owned_id for piece in day.outfits[0].pieces] for day in trip]
    assert None not in {owned for day in worn for owned in day}
    for piece in ("blue jeans", "red knit sweater"):
        assert sorted(day.count(piece) for day in worn) == [0, 0, 1, 1]


def test_a_piece_that_is_too_light_for_the_day_stays_at_home() -> None:
    own = closet("white tee shirt", "beige shorts pants", "black sandals")

    [outfit] = packed(Trip(days(COLD), closet=own))[0].outfits

    assert {piece.owned_id for piece in outfit.pieces} == {None}


def test_tops_change_from_day_to_day_and_the_coat_does_not() -> None:
    own = closet("black coat", "gray knit sweater", "beige knit sweater", "white knit sweater")

    trip = packed(Trip(days(COLD, 3), closet=own))

    worn = [{piece.owned_id for piece in day.outfits[0].pieces} - {None} for day in trip]
    assert all("black coat" in day for day in worn)
    assert len(set.union(*worn)) == 4


def test_what_is_bought_for_a_long_trip_is_worn_again() -> None:
    trip = packed(Trip(days(MILD, 12)))

    bought = {piece for day in trip for piece in day.outfits[0].pieces}
    assert len(bought) <= 16


def test_the_purpose_decides_between_garments_that_are_worn_equally_often() -> None:
    work, sports = (packed(Trip(days(MILD), purpose=name)) for name in ("출장", "Leisure-Sports"))

    assert {"slacks", "dress shoes"} < garments(work[0])
    assert {"sweat pants", "sneakers"} < garments(sports[0])


def test_liked_garments_are_worn_and_disliked_colours_are_not() -> None:
    taste = Taste(liked=frozenset({"skirt"}), disliked=frozenset(PALETTE_NAMES[:-1]))

    outfit = packed(Trip(days(MILD), taste=taste))[0].outfits[0]

    assert "skirt" in {packed.piece.garment for packed in outfit.pieces}
    assert {packed.piece.colour for packed in outfit.pieces} == {"purple"}


def test_a_category_of_which_everything_is_disliked_is_missing() -> None:
    shoes = frozenset({"sneakers", "dress shoes", "sandals"})

    [day] = packed(Trip(days(MILD), taste=Taste(disliked=shoes)))

    assert day.missing == ("shoes",)
    assert len(garments(day)) >= 2


def test_someone_who_dislikes_everything_gets_no_outfit() -> None:
    [day] = packed(Trip(days(MILD), taste=Taste(disliked=frozenset(GARMENT_NAMES))))

    assert day.outfits == ()
    assert day.missing == ("top", "bottom", "shoes")


def test_the_outfits_of_a_day_differ_and_the_first_one_suits_best() -> None:
    [day] = packed(Trip(days(MILD), outfits_per_day=3))

    scores = [outfit.score for outfit in day.outfits]
    assert len({outfit.pieces for outfit in day.outfits}) == 3
    assert scores[0] == 1
    assert max(scores[1:]) <= 1


@pytest.mark.parametrize("gender", ["male", "female", None])
def test_a_couple_wears_the_same_and_similar_people_the_same_colours(gender: Gender | None) -> None:
    companions = (Companion("couple"), Companion("similar"), Companion("none"))

    [outfit] = packed(Trip(days(COLD), gender=gender, companions=companions))[0].outfits

    own = [packed.piece for packed in outfit.pieces]
    couple, similar, other = outfit.companions
    assert list(couple) == own
    assert [piece.colour for piece in similar] == [piece.colour for piece in own]
    assert all(one != two for one, two in zip(similar, own, strict=True))
    assert other == ()


def test_a_man_beside_a_dress_wears_a_top_and_a_bottom_of_its_colour() -> None:
    taste = Taste(disliked=frozenset(GARMENT_NAMES) - {"dress", "sandals"})
    trip = Trip(days(HOT), taste=taste, companions=(Companion("couple", "male"),))

    [outfit] = packed(trip)[0].outfits

    [dress] = [packed.piece for packed in outfit.pieces if packed.piece.garment == "dress"]
    [top] = [piece for piece in outfit.companions[0] if piece.category == "top"]
    assert top.colour == dress.colour
    assert sorted(piece.category for piece in outfit.companions[0]) == ["bottom", "shoes", "top"]
