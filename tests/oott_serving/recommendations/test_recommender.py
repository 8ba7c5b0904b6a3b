"""Recommends from a real database, and computes each number of the reasons again."""

import csv
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml

import oott_fashion.packing
from oott_fashion.destinations import UnknownPlace, read_destinations
from oott_fashion.garments import CATEGORIES, category_of
from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables
from oott_serving.recommendations.recommend_models import (
    PackedPieceAnswer,
    ReasonAnswer,
    RecommendAnswer,
    RecommendRequest,
)
from oott_serving.recommendations.recommender import Recommender
from oott_serving.settings import ServiceSettings
from tests.oott_serving.estimates import estimate

JANUARY, NOVEMBER = date(2026, 1, 1), date(2026, 11, 1)
DATA = Path(oott_fashion.packing.__file__).parent


def outfit(*pieces: str) -> OutfitNames:
    """Name an outfit by pieces such as "black coat", from outer to shoes."""
    colours, garments = zip(*(piece.split(" ", 1) for piece in pieces), strict=True)
    return OutfitNames(garments, colours)


OUTFITS = {
    outfit("black coat", "beige knit sweater", "black slacks", "None None"): 30,
    outfit("white puffer", "gray hoodie sweat shirt", "blue jeans", "None None"): 20,
    outfit("None None", "beige knit sweater", "gray skirt", "white sneakers"): 10,
}
ESTIMATES = {
    JANUARY: [
        estimate(JANUARY, "destination", "jeju", "coat", 0.5),
        estimate(JANUARY, "destination", "jeju", "coat", 0.375, subject="look", colour="black"),
        estimate(JANUARY, "destination", "jeju", "knit sweater", 0.625, "top"),
        estimate(JANUARY, "category", "seaside", "coat", 0.25),
    ],
    NOVEMBER: [
        estimate(NOVEMBER, "destination", "jeju", "coat", 0.75),
        estimate(NOVEMBER, "all", "all", "coat", 0.125),
    ],
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("trends") / "trends.sqlite"
    with closing(TrendTables.open(f"sqlite:///{file}", read_destinations())) as tables:
        tables.migrate()
        jeju = TrendSlice(JANUARY, "jeju", "seaside", "crawl")
        coverage = Coverage(60, 60, "v1")
        counted_at = datetime.now(UTC)
        tables.replace(jeju, Counter(), Counter(OUTFITS), coverage, counted_at, Counter())
        for month, rows in ESTIMATES.items():
            tables.replace_estimates(month, rows)
    return file


@pytest.fixture(scope="module")
def recommender(database: Path) -> Recommender:
    settings = ServiceSettings(database_url=f"sqlite:///{database}")
    return Recommender(settings, read_destinations())


def trip(**wishes: Any) -> RecommendRequest:
    """Ask for a cold day in January in Jeju."""
    cold = {"date": "2027-01-09", "low": 1.0, "high": 8.0, "wind": 5.0}
    sent = {"destination": "jeju", "dates": ["2027-01-09"], "weather": [cold], **wishes}
    return RecommendRequest.model_validate(sent, strict=False)


def pieces_of(answer: RecommendAnswer) -> dict[str, PackedPieceAnswer]:
    return {piece.category: piece for piece in answer.days[0].outfits[0].pieces}


def reasons(answer: RecommendAnswer) -> Iterator[tuple[PackedPieceAnswer, ReasonAnswer]]:
    for day in answer.days:
        for outfit in day.outfits:
            for piece in outfit.pieces:
                for reason in piece.reasons:
                    yield piece, reason


def rows(database: Path, query: str, *values: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.execute(query, values))


def test_the_outfit_is_one_that_people_wear_there(recommender: Recommender) -> None:
    worn = pieces_of(recommender.recommend(trip()))

    assert (worn["outer"].label, worn["outer"].color) == ("coat", "black")
    assert (worn["top"].label, worn["bottom"].label) == ("knit sweater", "slacks")


def test_the_reasons_are_numbers_of_the_tables(recommender: Recommender, database: Path) -> None:
    answer = recommender.recommend(trip(purpose="business trip"))
    kinds = Counter(reason.kind for _, reason in reasons(answer))

    assert set(kinds) == {
        "worn here", "worn in this colour", "trend", "temperature", "wish", "goes with"
    }  # fmt: skip
    for piece, reason in reasons(answer):
        assert reason.numbers == pytest.approx(computed_again(database, piece, reason))


def computed_again(
    database: Path, piece: PackedPieceAnswer, reason: ReasonAnswer
) -> dict[str, float]:
    if reason.kind in ("worn here", "worn in this colour"):
        colour = piece.color if reason.kind == "worn in this colour" else "any"
        return shares(database, piece.label, colour, f"{reason.month}-01")
    if reason.kind == "trend":
        [(change,)] = rows(
            database,
            "SELECT month_change FROM trend_estimates WHERE place = 'jeju' AND garment = ? "
            "AND colour = 'any' AND month = (SELECT MAX(month) FROM trend_estimates)",
            piece.label,
        )
        assert f"{100 * change:+.0f} percentage points" in reason.text
        return {"month_change": change}
    if reason.kind == "temperature":
        return temperatures(piece.label)
    if reason.kind == "wish":
        purposes = yaml.safe_load((DATA / "preferences.yaml").read_text(encoding="utf-8"))
        [wanted] = [p["wanted"] for p in purposes["purposes"] if p["name"] == "business trip"]
        return {"factor": wanted[piece.label]}
    assert reason.kind == "goes with"
    [other] = [name for name in ("coat", "knit sweater", "slacks", "dress shoes", "sneakers")
               if name in reason.text.split(":")[0]]  # fmt: skip
    return {"times_by_chance": togetherness(database, piece.label, other)}


def shares(database: Path, garment: str, colour: str, month: str) -> dict[str, float]:
    names = ("seen", "photos", "share", "share_low", "share_high")
    if garment not in ("coat", "knit sweater"):
        return {"seen": 0, "photos": 100}
    [row] = rows(
        database,
        f"SELECT {', '.join(names)} FROM trend_estimates WHERE place = 'jeju' "  # noqa: S608
        "AND garment = ? AND colour = ? AND month = ?",
        garment,
        colour,
        month,
    )
    return dict(zip(names, row, strict=True))


def temperatures(garment: str) -> dict[str, float]:
    lines = (DATA / "temperatures.csv").read_text(encoding="utf-8").splitlines()
    table = {row["garment"]: row for row in csv.DictReader(s for s in lines if s[0] != "#")}
    day, wind = 1 + 0.6 * 7, (5 * 3.6) ** 0.16
    return {
        "comfortable_from": float(table[garment]["comfortable_from"]),
        "comfortable_to": float(table[garment]["comfortable_to"]),
        "felt": round(13.12 + 0.6215 * day - 11.37 * wind + 0.3965 * wind * day, 1),
    }


def togetherness(database: Path, garment: str, other: str) -> float:
    """Count how often two garments are worn together, and divide by chance; five of each more."""
    pairs: Counter[tuple[str, str]] = Counter()
    for worn, *names in rows(
        database, 'SELECT worn, "outer", top, bottom, shoes FROM outfit_trends'
    ):
        for one, two in permutations([name for name in names if name != "None"], 2):
            pairs[one, two] += worn
    kinds = (category_of(garment), category_of(other))
    same = {p: n for p, n in pairs.items() if (category_of(p[0]), category_of(p[1])) == kinds}
    with_one = sum(n for (one, _), n in same.items() if one == garment)
    with_other = sum(n for (_, two), n in same.items() if two == other)
    by_chance = with_one * with_other / sum(same.values())
    return (same.get((garment, other), 0) + 5) / (by_chance + 5)


def test_the_month_of_the_year_decides_which_shares_count(recommender: Recommender) -> None:
    [(_, january)] = [
        each for each in reasons(recommender.recommend(trip(closet=[COAT])))
        if each[1].kind == "worn here" and each[0].label == "coat"
    ]  # fmt: skip
    december = recommender.recommend(trip(dates=["2026-12-24"], weather=[]))

    assert january.text == (
        "50 of 100 photos of jeju in January 2026 show: coat (50%, 95 % interval 45% to 55%)"
    )
    assert any("those of November 2026" in each for each in december.not_considered)


COAT = {"id": "c1", "label": "Coat", "color": "black"}


def test_closet_pieces_have_their_ids_and_unknown_ones_are_named(recommender: Recommender) -> None:
    hat = {"id": "h1", "label": "hat", "color": "red"}

    answer = recommender.recommend(trip(closet=[COAT, hat]))

    worn = pieces_of(answer)
    assert worn["outer"].closet_id == "c1"
    assert worn["top"].closet_id is None
    assert "1 of 2 closet pieces have an unknown label or colour: 'h1' (red hat)" in (
        answer.not_considered
    )


@pytest.mark.parametrize(
    ("place", "kind", "said"),
    [
        ("haeundae", "category", ["its category seaside"]),
        ("바닷가", "category", []),
        ("hongdae", "all", ["all places"]),
    ],
)
def test_a_place_without_photos_falls_back_to_wider_ones_and_says_so(
    recommender: Recommender, place: str, kind: str, said: list[str]
) -> None:
    answer = recommender.recommend(trip(destination=place))

    assert answer.place is not None
    assert answer.place.place_kind == kind
    begin = f"there are no photos of {place} yet, so the shares are those of "
    found = [each for each in answer.not_considered if each.startswith("there are no photos")]
    assert found == [begin + wider for wider in said]


def test_without_any_photos_the_weather_decides(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    with closing(TrendTables.open(url, read_destinations())) as tables:
        tables.migrate()
    empty = Recommender(ServiceSettings(database_url=url), read_destinations())

    answer = empty.recommend(trip())

    assert answer.place is None
    assert set(pieces_of(answer)) == set(CATEGORIES)
    assert any("no photos of any place" in each for each in answer.not_considered)


def test_what_is_unknown_is_named_and_the_rest_is_considered(recommender: Recommender) -> None:
    taste = {"styles": ["baroque", "스트릿"], "liked": ["Navy", "hat"], "disliked": []}

    answer = recommender.recommend(
        trip(gender="robot", purpose="shopping", taste=taste, weather=[], outfits=3)
    )

    said = " ".join(answer.not_considered)
    assert all(name in said for name in ("'robot'", "'shopping'", "'baroque'", "'hat'"))
    assert "스트릿'" not in said
    assert "some days have no forecast, so they have the usual weather" in said
    assert len(answer.days[0].outfits) == 3


@pytest.mark.parametrize("gender", ["M", "남자", " male ", "Man"])
def test_a_gender_has_many_spellings(recommender: Recommender, gender: str) -> None:
    taste = {"liked": ["skirt", "dress"]}

    answer = recommender.recommend(trip(gender=gender, taste=taste, outfits=3))

    worn = {piece.label for outfit in answer.days[0].outfits for piece in outfit.pieces}
    assert worn.isdisjoint({"skirt", "dress"})


def test_days_come_in_their_order_and_companions_have_their_pieces(
    recommender: Recommender,
) -> None:
    dates = ["2027-02-01", "2027-01-31", "2027-01-30"]

    answer = recommender.recommend(trip(dates=dates, companions=[{"look": "couple"}]))

    assert [f"{day.date}" for day in answer.days] == sorted(dates)
    for day in answer.days:
        for outfit in day.outfits:
            [companion] = outfit.companions
            own: Sequence[Any] = outfit.pieces
            assert [(p.label, p.color) for p in companion.pieces] == [
                (p.label, p.color) for p in own
            ]


def test_an_unknown_place_is_rejected(recommender: Recommender) -> None:
    with pytest.raises(UnknownPlace):
        recommender.recommend(trip(destination="atlantis"))
