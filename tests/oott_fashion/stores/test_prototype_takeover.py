"""Tests of the import of the prototype's tables."""

import logging
import os
import signal
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from oott_fashion.destinations import read_destinations
from oott_fashion.stores.trend_tables import (
    Coverage,
    TrendDatabaseError,
    TrendSlice,
    TrendTables,
)
from oott_fashion.trends import Look
from tests.databases import MariaDB, in_processes, run_sql

# The schema file of the released backend has no crawlClothesCategory.
CRAWL_DATA = """
    CREATE TABLE CRAWL_DATA (crawlSeq INTEGER PRIMARY KEY, crawlCategory VARCHAR(50),
        crawlClothes VARCHAR(50), crawlColor VARCHAR(50), crawlCount INT, crawlDate {date})
"""
CRAWL_COORDI = """
    CREATE TABLE CRAWL_COORDI (coordiSeq INTEGER PRIMARY KEY, coordiCategory VARCHAR(50),
        coordiClothes VARCHAR(200), coordiColor VARCHAR(200), coordiCount INT, coordiDate {date})
"""
GARMENTS = """
    INSERT INTO CRAWL_DATA VALUES
        (1, '핫플레이스', 'tee_shirt', 'white', 3, '2023-05-14'),
        (2, '핫플레이스', 'Tee Shirt', 'White', 4, '2023-05-31'),
        (3, '핫플레이스', 'tee shirt', 'white', 5, '2023-06-01'),
        (4, '바닷가', 'shorts_pants', 'beige', 2, '2023-05-14')
"""
OUTFITS = """
    INSERT INTO CRAWL_COORDI VALUES
        (1, '바닷가', 'None,tee_shirt,shorts_pants,', 'None,white,beige,', 6, '2023-05-14'),
        (2, '바닷가', 'none, tee shirt,shorts pants,None', 'None,white,beige,None', 1, '2023-05-20')
"""
UNKNOWN_GARMENTS = """
    INSERT INTO CRAWL_DATA VALUES
        (5, '우주', 'tee_shirt', 'white', 1, '2023-05-14'),
        (6, '홍대', 'tee_shirt', 'white', 1, '2023-05-14'),
        (7, '바닷가', 'hanbok', 'white', 1, '2023-05-14'),
        (8, '바닷가', 'tee_shirt', 'transparent', 1, '2023-05-14'),
        (9, '바닷가', 'tee_shirt', 'white', NULL, '2023-05-14'),
        (10, '바닷가', 'tee_shirt', 'white', 0, '2023-05-14'),
        (11, '바닷가', 'tee_shirt', 'white', 1, NULL),
        (12, NULL, NULL, NULL, NULL, NULL)
"""
UNKNOWN_OUTFITS = """
    INSERT INTO CRAWL_COORDI VALUES
        (3, '바닷가', 'tee_shirt,None,None,None', 'white,None,None,None', 1, '2023-05-14'),
        (4, '바닷가', 'None,tee_shirt,None', 'None,white,None', 1, '2023-05-14'),
        (5, '바닷가', 'None,tee_shirt,None,None', 'None,None,None,None', 1, '2023-05-14'),
        (6, '바닷가', 'None,None,None,None', 'None,None,None,None', 1, '2023-05-14'),
        (7, '바닷가', 'None,hanbok,None,None', 'None,white,None,None', 1, '2023-05-14')
"""

COUNTED_GARMENTS = [
    ("2023-05-01", "hot-place", "hot-place", "top", "tee shirt", "white", 7),
    ("2023-05-01", "seaside", "seaside", "bottom", "shorts pants", "beige", 2),
    ("2023-06-01", "hot-place", "hot-place", "top", "tee shirt", "white", 5),
]
COUNTED_OUTFITS = [("2023-05-01", "seaside", "None,tee shirt,shorts pants,None", 7)]


def make_prototype(url: str, *rows: str, date_type: str = "DATE") -> None:
    charset = "" if url.startswith("sqlite") else " CHARSET utf8mb4"
    tables = [table.format(date=date_type) + charset for table in (CRAWL_DATA, CRAWL_COORDI)]
    run_sql(url, *tables, *rows)


def migrate(url: str) -> None:
    tables = TrendTables.open(url, read_destinations())
    tables.migrate()
    tables.close()


def garments(url: str) -> list[tuple[Any, ...]]:
    return run_sql(
        url,
        "SELECT CAST(month AS CHAR), destination, destination_category, category, garment, colour,"
        " worn FROM garment_trends WHERE source = 'prototype' ORDER BY month, destination",
    )


def outfits(url: str) -> list[tuple[Any, ...]]:
    return run_sql(
        url,
        "SELECT CAST(month AS CHAR), destination, CRAWL_COORDI.coordiClothes, worn "
        "FROM outfit_trends JOIN CRAWL_COORDI ON coordiSeq = id WHERE source = 'prototype'",
    )


def numbers(url: str, query: str) -> list[int]:
    return sorted(number for (number,) in run_sql(url, query))


def test_rows_of_the_prototype_are_counted_by_month_and_category(
    trend_database_url: str,
) -> None:
    make_prototype(trend_database_url, GARMENTS, OUTFITS)

    migrate(trend_database_url)

    assert garments(trend_database_url) == COUNTED_GARMENTS
    assert outfits(trend_database_url) == COUNTED_OUTFITS


@pytest.mark.parametrize("date_type", ["DATETIME", "VARCHAR(30)"])
def test_dates_can_be_datetimes_or_text(trend_database_url: str, date_type: str) -> None:
    at_night = GARMENTS.replace("2023-05-31", "2023-05-31 23:59:59")
    make_prototype(trend_database_url, at_night, date_type=date_type)

    migrate(trend_database_url)

    assert garments(trend_database_url) == COUNTED_GARMENTS


def test_a_prototype_with_the_clothes_category_is_imported(trend_database_url: str) -> None:
    make_prototype(
        trend_database_url,
        GARMENTS,
        "ALTER TABLE CRAWL_DATA ADD COLUMN crawlClothesCategory VARCHAR(50)",
    )

    migrate(trend_database_url)

    assert garments(trend_database_url) == COUNTED_GARMENTS


def test_the_recommender_reads_the_same_sums_after_the_import(trend_database_url: str) -> None:
    make_prototype(trend_database_url, GARMENTS, OUTFITS)
    query = "SELECT crawlCategory, SUM(crawlCount) FROM CRAWL_DATA GROUP BY 1 ORDER BY 1"
    before = run_sql(trend_database_url, query)

    migrate(trend_database_url)

    assert run_sql(trend_database_url, query) == before


def test_rows_with_unknown_names_are_kept_with_a_warning(
    trend_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    make_prototype(trend_database_url, GARMENTS, OUTFITS, UNKNOWN_GARMENTS, UNKNOWN_OUTFITS)

    with caplog.at_level(logging.WARNING, "oott_fashion"):
        migrate(trend_database_url)

    assert garments(trend_database_url) == COUNTED_GARMENTS
    assert outfits(trend_database_url) == COUNTED_OUTFITS
    assert numbers(trend_database_url, "SELECT crawlSeq FROM CRAWL_DATA_PROTOTYPE") == list(
        range(1, 13)
    )
    assert numbers(trend_database_url, "SELECT coordiSeq FROM CRAWL_COORDI_PROTOTYPE") == list(
        range(1, 8)
    )
    warnings = [record.getMessage().split(",")[0] for record in caplog.records]
    assert warnings == [
        "8 rows of the prototype stay in CRAWL_DATA_PROTOTYPE but are not counted",
        "5 rows of the prototype stay in CRAWL_COORDI_PROTOTYPE but are not counted",
    ]


def test_one_table_without_the_other_is_imported(trend_database_url: str) -> None:
    make_prototype(trend_database_url, GARMENTS)
    run_sql(trend_database_url, "DROP TABLE CRAWL_COORDI")

    migrate(trend_database_url)

    assert garments(trend_database_url) == COUNTED_GARMENTS
    assert outfits(trend_database_url) == []


def test_migrating_again_counts_the_prototype_once(trend_database_url: str) -> None:
    make_prototype(trend_database_url, GARMENTS, OUTFITS)

    migrate(trend_database_url)
    migrate(trend_database_url)

    assert garments(trend_database_url) == COUNTED_GARMENTS
    assert outfits(trend_database_url) == COUNTED_OUTFITS


def test_trends_of_the_prototype_stay_after_its_tables_are_dropped(trend_database_url: str) -> None:
    make_prototype(trend_database_url, GARMENTS, OUTFITS)
    migrate(trend_database_url)

    run_sql(trend_database_url, "DROP TABLE CRAWL_DATA_PROTOTYPE")
    migrate(trend_database_url)

    assert garments(trend_database_url) == COUNTED_GARMENTS


def test_counting_again_keeps_the_trends_of_the_prototype(trend_database_url: str) -> None:
    make_prototype(trend_database_url, GARMENTS, OUTFITS)
    migrate(trend_database_url)

    tables = TrendTables.open(trend_database_url, read_destinations())
    slice_ = TrendSlice(date(2023, 5, 1), "hot-place", "hot-place", "app")
    look = Look("top", "tee shirt", "white")
    now = datetime(2026, 11, 1, tzinfo=UTC)
    tables.replace(slice_, Counter({look: 1}), Counter(), Coverage(1, 1, "v1"), now)

    assert tables.garments_worn(slice_) == 1
    assert tables.garments_worn(slice_._replace(source="prototype")) == 7
    tables.close()


def test_a_second_prototype_table_is_rejected_and_kept(trend_database_url: str) -> None:
    make_prototype(trend_database_url, GARMENTS, OUTFITS)
    migrate(trend_database_url)
    run_sql(trend_database_url, "DROP VIEW CRAWL_DATA", "DROP VIEW CRAWL_COORDI")
    make_prototype(trend_database_url, GARMENTS)

    with pytest.raises(TrendDatabaseError, match="both CRAWL_DATA and CRAWL_DATA_PROTOTYPE"):
        migrate(trend_database_url)

    assert numbers(trend_database_url, "SELECT crawlSeq FROM CRAWL_DATA") == [1, 2, 3, 4]


def killed_after(url: str, changes: int) -> int:
    """Migrate in a process that is killed after ``changes`` statements; give its exit code."""
    [code] = in_processes(1, lambda _: migrate_and_die_after(url, changes))
    return code


def migrate_and_die_after(url: str, changes: int) -> None:
    remaining = [changes]

    def die_at_zero(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.split()[0] in ("CREATE", "ALTER", "INSERT"):
            remaining[0] -= 1
            if remaining[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(sa.Engine, "after_cursor_execute", die_at_zero)
    migrate(url)


def state(url: str) -> list[object]:
    return [
        garments(url),
        outfits(url),
        numbers(url, "SELECT crawlSeq FROM CRAWL_DATA_PROTOTYPE"),
        numbers(url, "SELECT coordiSeq FROM CRAWL_COORDI_PROTOTYPE"),
        sorted(run_sql(url, "SELECT * FROM destination_categories")),
        sorted(run_sql(url, "SELECT * FROM released_colours")),
    ]


def test_the_next_migration_finishes_a_killed_one(mariadb: MariaDB) -> None:
    url = mariadb.url(mariadb.new_database())
    make_prototype(url, GARMENTS, OUTFITS)
    migrate(url)
    expected = state(url)

    steps = 0
    while True:
        url = mariadb.url(mariadb.new_database())
        make_prototype(url, GARMENTS, OUTFITS)
        code = killed_after(url, steps + 1)
        migrate(url)
        assert state(url) == expected, f"killed after step {steps + 1}"
        if code == 0:
            break
        steps += 1

    # Six tables, Alembic's table and its row, two renamed tables, two views, two translation
    # tables, and the counted rows.
    assert steps >= 16


@pytest.mark.parametrize("changes", [1, 9, 13, 16])
def test_a_killed_migration_leaves_sqlite_unchanged(tmp_path: Path, changes: int) -> None:
    url = f"sqlite:///{tmp_path / 'trends.db'}"
    make_prototype(url, GARMENTS, OUTFITS)

    assert killed_after(url, changes) == -signal.SIGKILL

    tables = run_sql(url, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    assert sorted(tables) == [("CRAWL_COORDI",), ("CRAWL_DATA",)]
