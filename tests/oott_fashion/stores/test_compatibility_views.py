"""Tests of the views through which the released backend reads the trend tables."""

from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from oott_fashion.colours import PALETTE_NAMES, RELEASED_COLOURS
from oott_fashion.destinations import read_destinations
from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables
from oott_fashion.trends import Look
from tests.databases import MariaDB, run_sql

OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
HONGDAE = TrendSlice(OCTOBER, "hongdae", "hot-place", "crawl")
HAEUNDAE = TrendSlice(OCTOBER, "haeundae", "seaside", "app")

# The query of the released recommender.
RECOMMENDER_QUERY = """
    SELECT crawlCategory, crawlClothesCategory, crawlClothes, crawlColor, SUM(crawlCount) AS total
    FROM CRAWL_DATA
    GROUP BY crawlCategory, crawlClothesCategory, crawlClothes, crawlColor
    ORDER BY crawlCategory, crawlClothes, crawlColor
"""


def count(
    tables: TrendTables,
    slice_: TrendSlice,
    garments: dict[Look, int],
    *outfits: OutfitNames,
) -> None:
    coverage = Coverage(len(outfits), len(outfits), "v1")
    tables.replace(slice_, Counter(garments), Counter(outfits), coverage, NOW)


def test_the_recommender_reads_sums_per_korean_category_and_released_colour(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    coat_in = {colour: Look("outer", "coat", colour) for colour in PALETTE_NAMES}
    gangnam = HONGDAE._replace(destination="gangnam")
    count(trend_tables, HONGDAE, {coat_in["red"]: 2, coat_in["brown"]: 1, coat_in["navy"]: 4})
    count(trend_tables, gangnam, {coat_in["beige"]: 5})
    count(trend_tables, HAEUNDAE, {Look("shoes", "sandals", "white"): 7})

    found = run_sql(trend_database_url, RECOMMENDER_QUERY)

    assert [(*names, int(total)) for *names, total in found] == [
        ("바닷가", "shoes", "sandals", "white", 7),
        ("핫플레이스", "outer", "coat", "beige", 8),
        ("핫플레이스", "outer", "coat", "blue", 4),
    ]


def test_the_recommender_reads_the_index_only(mariadb: MariaDB) -> None:
    url = mariadb.url(mariadb.new_database())
    with closing(TrendTables.open(url, read_destinations())) as tables:
        tables.migrate()
        for year in range(2000, 2026):
            coats = {Look("outer", "coat", colour): 1 for colour in PALETTE_NAMES}
            count(tables, HONGDAE._replace(month=date(year, 1, 1)), coats)
            count(tables, HAEUNDAE._replace(month=date(year, 1, 1)), coats)

    of_a_category = RECOMMENDER_QUERY.replace("GROUP BY", "WHERE crawlCategory='바닷가' GROUP BY")
    plan = run_sql(url, f"EXPLAIN {of_a_category}")

    [of_trends] = [row for row in plan if row[2] == "garment_trends"]
    assert of_trends[5] == "garment_trends_by_category"
    assert "Using index" in of_trends[-1]


def test_the_view_has_all_rows_in_the_five_released_colours(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    coats = {Look("outer", "coat", colour): 1 for colour in PALETTE_NAMES}
    count(trend_tables, HONGDAE, coats)

    found = run_sql(trend_database_url, "SELECT crawlColor, crawlCount FROM CRAWL_DATA")

    assert {colour for colour, _ in found} == set(RELEASED_COLOURS)
    assert sum(worn for _, worn in found) == len(PALETTE_NAMES)


def test_outfits_have_four_names_and_four_colours_including_none(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    outfit = OutfitNames(("None", "dress", "None", "sandals"), ("None", "red", "None", "brown"))
    count(trend_tables, HAEUNDAE, {}, outfit, outfit)

    found = run_sql(
        trend_database_url,
        "SELECT coordiCategory, coordiClothes, coordiColor, coordiCount FROM CRAWL_COORDI",
    )

    assert found == [("바닷가", "None,dress,None,sandals", "None,beige,None,beige", 2)]


def test_rows_have_a_number_and_the_1st_of_their_month(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    look = Look("outer", "coat", "navy")
    outfit = OutfitNames(("coat", "None", "None", "None"), ("navy", "None", "None", "None"))
    count(trend_tables, HONGDAE, {look: 1, look._replace(colour="black"): 1}, outfit)

    crawl = run_sql(trend_database_url, "SELECT crawlSeq, crawlDate FROM CRAWL_DATA")
    coordi = run_sql(trend_database_url, "SELECT coordiSeq, coordiDate FROM CRAWL_COORDI")

    assert len({number for number, _ in crawl}) == 2
    assert {str(month) for _, month in crawl + coordi} == {"2026-10-01"}


@pytest.mark.usefixtures("trend_tables")
@pytest.mark.parametrize("view", ["CRAWL_DATA", "CRAWL_COORDI"])
def test_the_columns_are_spelled_and_ordered_as_in_the_prototype(
    trend_database_url: str, view: str
) -> None:
    columns = {
        "CRAWL_DATA": "crawlSeq crawlCategory crawlClothesCategory crawlClothes crawlColor "
        "crawlCount crawlDate",
        "CRAWL_COORDI": "coordiSeq coordiCategory coordiClothes coordiColor coordiCount coordiDate",
    }
    if trend_database_url.startswith("sqlite"):
        found = run_sql(trend_database_url, f"PRAGMA table_info({view})")
        names = [name for _, name, *_ in found]
    else:
        names = [name for name, *_ in run_sql(trend_database_url, f"SHOW COLUMNS FROM {view}")]

    assert " ".join(names) == columns[view]


@pytest.mark.usefixtures("trend_tables")
def test_a_category_added_to_the_yaml_file_is_shown_by_its_name(
    trend_database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "destinations.yaml"
    file.write_text(
        "- {slug: island, name: 섬, destinations: [{slug: ulleungdo, name: 울릉도}]}",
        encoding="utf-8",
    )
    newer = TrendTables.open(trend_database_url, read_destinations(file))
    look = Look("outer", "coat", "navy")

    count(newer, TrendSlice(OCTOBER, "ulleungdo", "island", "crawl"), {look: 1})
    newer.close()

    assert run_sql(trend_database_url, "SELECT crawlCategory FROM CRAWL_DATA") == [("섬",)]


def test_a_renamed_category_is_shown_by_its_new_name(
    trend_tables: TrendTables, trend_database_url: str, tmp_path: Path
) -> None:
    count(trend_tables, HAEUNDAE, {Look("outer", "coat", "navy"): 1})
    file = tmp_path / "destinations.yaml"
    file.write_text(
        "- {slug: seaside, name: 해변, destinations: [{slug: haeundae, name: 해운대}]}",
        encoding="utf-8",
    )
    newer = TrendTables.open(trend_database_url, read_destinations(file))

    newer.migrate()
    newer.close()

    assert run_sql(trend_database_url, "SELECT crawlCategory FROM CRAWL_DATA") == [("해변",)]


def test_a_category_removed_from_the_yaml_file_is_still_shown(
    trend_tables: TrendTables, trend_database_url: str, tmp_path: Path
) -> None:
    count(trend_tables, HAEUNDAE, {Look("outer", "coat", "navy"): 1})
    file = tmp_path / "destinations.yaml"
    file.write_text(
        "- {slug: island, name: 섬, destinations: [{slug: ulleungdo, name: 울릉도}]}",
        encoding="utf-8",
    )
    newer = TrendTables.open(trend_database_url, read_destinations(file))

    newer.migrate()
    newer.close()

    assert run_sql(trend_database_url, "SELECT crawlCategory FROM CRAWL_DATA") == [("바닷가",)]
