"""Tests of the trend tables, with failures and with several writers."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace as replace_garment
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from oott_fashion.destinations import read_destinations
from oott_fashion.garments import GARMENTS
from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.trend_tables import (
    Coverage,
    GarmentRow,
    ReusedKey,
    TrendDatabaseError,
    TrendSlice,
    TrendTables,
)
from oott_fashion.trends import Look
from tests.databases import in_processes, kill_when_ready, run_sql
from tests.detections import seen

OCTOBER = date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)
NOW = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)

HONGDAE = TrendSlice(OCTOBER, "hongdae", "hot-place", "crawl")
FROM_THE_APP = HONGDAE._replace(source="app")

COAT = Look("outer", "coat", "navy")
PUFFER = Look("outer", "puffer", "black")
JEANS = Look("bottom", "jeans", "blue")
COAT_AND_JEANS = OutfitNames(("coat", "None", "jeans", "None"), ("navy", "None", "blue", "None"))
PUFFER_ALONE = OutfitNames(("puffer", "None", "None", "None"), ("black", "None", "None", "None"))

COAT_WITH_JEANS = [seen("coat", colour="navy"), seen("jeans", colour="blue")]

GARMENTS_WORN = Counter({COAT: 3, JEANS: 3})
OUTFITS_WORN = Counter({COAT_AND_JEANS: 3})
COVERAGE = Coverage(photos=4, photos_with_garments=3, detector_version="v1")


def replace(tables: TrendTables, slice_: TrendSlice = HONGDAE) -> None:
    tables.replace(slice_, GARMENTS_WORN, OUTFITS_WORN, COVERAGE, NOW)


def add(
    tables: TrendTables,
    key: str | None,
    digest: str = "digest",
    slice_: TrendSlice = FROM_THE_APP,
    now: datetime = NOW,
    photos: str | None = None,
) -> bool:
    """Add the counts of ``replace`` from 4 photos; they are others for each key by default."""
    sent = {f"{photos or key} {number}": COAT_WITH_JEANS for number in range(3)}
    sent[f"{photos or key} without garments"] = []
    return tables.add(slice_, sent, "v1", now, key, digest)


def rows(tables: TrendTables, slice_: TrendSlice = HONGDAE) -> list[tuple[str, str, int]]:
    listed = tables.garment_rows(slice_.month, slice_.destination, source=slice_.source)
    return [(row.garment, row.colour, row.worn) for row in listed]


@pytest.fixture
def other_tables(trend_database_url: str) -> Iterator[TrendTables]:
    """Open the same tables again, as another process would."""
    tables = TrendTables.open(trend_database_url, read_destinations())
    yield tables
    tables.close()


def test_empty_tables_have_no_rows_and_no_coverage(trend_tables: TrendTables) -> None:
    assert trend_tables.garment_rows() == []
    assert trend_tables.coverage_of(HONGDAE) is None
    assert trend_tables.garments_worn(HONGDAE) == 0
    assert trend_tables.outfits_worn(HONGDAE) == 0


def test_replacing_a_slice_twice_gives_the_same_rows(trend_tables: TrendTables) -> None:
    replace(trend_tables)
    replace(trend_tables)

    assert rows(trend_tables) == [("jeans", "blue", 3), ("coat", "navy", 3)]
    assert trend_tables.garments_worn(HONGDAE) == 6
    assert trend_tables.outfits_worn(HONGDAE) == 3
    assert trend_tables.coverage_of(HONGDAE) == COVERAGE


def test_replacing_a_slice_removes_old_looks(trend_tables: TrendTables) -> None:
    replace(trend_tables)

    trend_tables.replace(
        HONGDAE, Counter({PUFFER: 1}), Counter({PUFFER_ALONE: 1}), Coverage(2, 1, "v2"), NOW
    )

    assert rows(trend_tables) == [("puffer", "black", 1)]
    assert trend_tables.outfits_worn(HONGDAE) == 1
    assert trend_tables.coverage_of(HONGDAE) == Coverage(2, 1, "v2")


def test_a_month_without_garments_has_coverage(trend_tables: TrendTables) -> None:
    trend_tables.replace(HONGDAE, Counter(), Counter(), Coverage(5, 0, "v1"), NOW)

    assert trend_tables.coverage_of(HONGDAE) == Coverage(5, 0, "v1")
    assert rows(trend_tables) == []


@pytest.mark.parametrize(
    "other",
    [
        HONGDAE._replace(month=NOVEMBER),
        HONGDAE._replace(destination="gangnam"),
        HONGDAE._replace(source="app"),
    ],
)
def test_replacing_does_not_change_another_month_destination_or_source(
    trend_tables: TrendTables, other: TrendSlice
) -> None:
    replace(trend_tables, other)

    trend_tables.replace(HONGDAE, Counter(), Counter(), Coverage(0, 0, "v2"), NOW)

    assert trend_tables.garments_worn(other) == 6
    assert trend_tables.outfits_worn(other) == 3
    assert trend_tables.coverage_of(other) == COVERAGE


def test_a_destination_moved_to_another_category_is_replaced(
    trend_tables: TrendTables,
) -> None:
    replace(trend_tables)
    replace(trend_tables, HONGDAE._replace(destination_category="traditional"))

    assert trend_tables.garments_worn(HONGDAE) == 6


def test_more_looks_than_fit_into_one_statement_are_stored(trend_tables: TrendTables) -> None:
    colours = [f"colour {number}" for number in range(220)]
    garments = Counter(
        Look(garment.category, garment.name, colour) for garment in GARMENTS for colour in colours
    )

    trend_tables.replace(HONGDAE, garments, Counter(), COVERAGE, NOW)

    assert trend_tables.garments_worn(HONGDAE) == 24 * 220


def test_a_failed_replace_keeps_the_old_rows(
    trend_tables: TrendTables,
) -> None:
    replace(trend_tables)
    too_short = OutfitNames(("coat",), ("navy",))

    with pytest.raises(ValueError, match=r"a row of outfit_trends is .*, expected month, "):
        trend_tables.replace(
            HONGDAE, Counter({PUFFER: 1}), Counter({too_short: 1}), Coverage(9, 9, "v2"), NOW
        )

    assert rows(trend_tables) == [("jeans", "blue", 3), ("coat", "navy", 3)]
    assert trend_tables.coverage_of(HONGDAE) == COVERAGE


def test_a_process_killed_before_its_commit_keeps_the_old_rows(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    replace(trend_tables)

    def replace_and_block_at_the_commit(block: Callable[[], None]) -> None:
        tables = TrendTables.open(trend_database_url, read_destinations())
        tables.check_connection()

        def block_at_the_last(connection: sa.Connection) -> None:
            if _has_a_puffer(connection):
                block()

        event.listen(sa.Engine, "commit", block_at_the_last)
        tables.replace(HONGDAE, Counter({PUFFER: 1}), Counter(), Coverage(9, 9, "v2"), NOW)

    kill_when_ready(replace_and_block_at_the_commit)

    assert rows(trend_tables) == [("jeans", "blue", 3), ("coat", "navy", 3)]
    assert trend_tables.coverage_of(HONGDAE) == COVERAGE
    replace(trend_tables)


def _has_a_puffer(connection: sa.Connection) -> bool:
    query = "SELECT 1 FROM garment_trends WHERE garment = 'puffer'"
    return connection.exec_driver_sql(query).first() is not None


def test_adding_increases_the_stored_counts(trend_tables: TrendTables) -> None:
    assert add(trend_tables, "monday")
    assert add(trend_tables, "tuesday")

    assert rows(trend_tables, FROM_THE_APP) == [("jeans", "blue", 6), ("coat", "navy", 6)]
    assert trend_tables.outfits_worn(FROM_THE_APP) == 6
    assert trend_tables.coverage_of(FROM_THE_APP) == Coverage(8, 6, "v1")


def test_a_photo_counts_once_per_month_and_destination(trend_tables: TrendTables) -> None:
    others = [FROM_THE_APP._replace(month=NOVEMBER), FROM_THE_APP._replace(destination="jeju")]
    for slice_ in (FROM_THE_APP, *others):
        for key in (None, None, "monday", "tuesday"):
            add(trend_tables, key and f"{key} {slice_}", slice_=slice_, photos="a")

    for slice_ in (FROM_THE_APP, *others):
        assert trend_tables.garments_worn(slice_) == 6
        assert trend_tables.coverage_of(slice_) == COVERAGE


def test_of_a_batch_only_the_new_photos_are_counted(trend_tables: TrendTables) -> None:
    trend_tables.add(FROM_THE_APP, {"a": [seen("coat", colour="navy")]}, "v1", NOW, None, "")

    sent = {"a": [seen("coat", colour="navy")], "b": [seen("puffer")], "c": []}
    trend_tables.add(FROM_THE_APP, sent, "v1", NOW, None, "")

    assert rows(trend_tables, FROM_THE_APP) == [("coat", "navy", 1), ("puffer", "black", 1)]
    assert trend_tables.coverage_of(FROM_THE_APP) == Coverage(3, 2, "v1")


def test_photos_of_months_that_are_over_are_deleted(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    for month in (date(2026, 9, 1), OCTOBER, NOVEMBER):
        add(trend_tables, f"{month}", slice_=FROM_THE_APP._replace(month=month))

    months = "SELECT DISTINCT month FROM app_photos ORDER BY month"
    kept = [str(month) for (month,) in run_sql(trend_database_url, months)]
    assert kept == ["2026-10-01", "2026-11-01"]


def test_photos_that_sixteen_processes_send_are_counted_once(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    def send(number: int) -> None:
        tables = TrendTables.open(trend_database_url, read_destinations())
        assert add(tables, f"{number}", photos="a")
        assert add(tables, None, photos="a")

    assert in_processes(16, send) == [0] * 16
    assert trend_tables.garments_worn(FROM_THE_APP) == 6
    assert trend_tables.coverage_of(FROM_THE_APP) == COVERAGE


def test_the_photos_of_a_look_are_counted_apart_from_the_times_it_was_worn(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    trend_tables.replace(
        HONGDAE, Counter({COAT: 3}), OUTFITS_WORN, COVERAGE, NOW, Counter({COAT: 2})
    )

    photos = "SELECT photos FROM garment_trends UNION ALL SELECT photos FROM outfit_trends"
    assert run_sql(trend_database_url, photos) == [(2,), (3,)]


def test_an_unknown_number_of_photos_stays_unknown_when_more_are_added(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    trend_tables.replace(FROM_THE_APP, Counter({COAT: 3}), Counter(), COVERAGE, NOW)

    add(trend_tables, "monday")

    photos = "SELECT garment, worn, photos FROM garment_trends ORDER BY garment"
    assert run_sql(trend_database_url, photos) == [("coat", 6, None), ("jeans", 3, 3)]


def test_a_batch_sent_again_counts_once(trend_tables: TrendTables) -> None:
    assert add(trend_tables, "monday")
    assert not add(trend_tables, "monday")

    assert trend_tables.garments_worn(FROM_THE_APP) == 6
    assert trend_tables.coverage_of(FROM_THE_APP) == COVERAGE


def test_keys_are_case_sensitive(trend_tables: TrendTables) -> None:
    assert add(trend_tables, "Monday")
    assert add(trend_tables, "monday")


def test_a_reused_key_with_other_content_counts_nothing(
    trend_tables: TrendTables,
) -> None:
    add(trend_tables, "monday", "one digest")

    with pytest.raises(ReusedKey, match="'monday' was used before with other content"):
        add(trend_tables, "monday", "another digest")

    assert trend_tables.garments_worn(FROM_THE_APP) == 6


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_of_invalid_length_is_rejected(trend_tables: TrendTables, key: str) -> None:
    with pytest.raises(ValueError, match=r"1 to 255 characters"):
        add(trend_tables, key)

    assert trend_tables.garments_worn(FROM_THE_APP) == 0


def test_a_failed_batch_can_be_sent_again_with_its_key(trend_tables: TrendTables) -> None:
    cape = [replace_garment(COAT_WITH_JEANS[0], garment="cape")]
    with pytest.raises(ValueError, match="'cape' is not a garment"):
        trend_tables.add(FROM_THE_APP, {"monday 0": cape}, "v1", NOW, "monday", "digest")

    assert add(trend_tables, "monday")
    assert trend_tables.coverage_of(FROM_THE_APP) == COVERAGE


def test_keys_are_deleted_after_30_days(trend_tables: TrendTables, trend_database_url: str) -> None:
    add(trend_tables, "old", now=NOW - timedelta(days=30, seconds=1))
    add(trend_tables, "kept", now=NOW - timedelta(days=30))
    add(trend_tables, "new", now=NOW)

    keys = "SELECT idempotency_key FROM batch_requests ORDER BY received_at"
    assert run_sql(trend_database_url, keys) == [("kept",), ("new",)]


def test_one_key_sent_by_eight_processes_counts_once(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    def send_twice(_number: int) -> None:
        tables = TrendTables.open(trend_database_url, read_destinations())
        add(tables, "monday")
        add(tables, "monday")

    assert in_processes(8, send_twice) == [0] * 8
    assert trend_tables.garments_worn(FROM_THE_APP) == 6
    assert trend_tables.coverage_of(FROM_THE_APP) == COVERAGE


def test_batches_from_eight_processes_all_count(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    def send_five(number: int) -> None:
        tables = TrendTables.open(trend_database_url, read_destinations())
        for batch in range(5):
            destination = ("hongdae", "gangnam")[batch % 2]
            slice_ = FROM_THE_APP._replace(destination=destination)
            assert add(tables, f"{number}, {batch}", slice_=slice_)

    assert in_processes(8, send_five) == [0] * 8
    assert trend_tables.garments_worn(FROM_THE_APP) == 8 * 3 * 6
    gangnam = FROM_THE_APP._replace(destination="gangnam")
    assert trend_tables.outfits_worn(gangnam) == 8 * 2 * 3


def test_batches_from_the_threads_of_one_server_all_count(
    trend_tables: TrendTables,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(lambda number: add(trend_tables, str(number)), range(24)))

    assert counted == [True] * 24
    assert trend_tables.garments_worn(FROM_THE_APP) == 24 * 6


def test_one_slice_replaced_by_eight_processes_counts_once(
    trend_tables: TrendTables, trend_database_url: str
) -> None:
    def replace_slice(_number: int) -> None:
        replace(TrendTables.open(trend_database_url, read_destinations()))

    assert in_processes(8, replace_slice) == [0] * 8
    assert trend_tables.garments_worn(HONGDAE) == 6


def test_readers_see_the_old_rows_during_a_write(
    trend_tables: TrendTables, other_tables: TrendTables
) -> None:
    replace(trend_tables)
    read = []

    def read_meanwhile(_connection: sa.Connection) -> None:
        read.append(other_tables.garments_worn(HONGDAE))

    event.listen(trend_tables._engine, "commit", read_meanwhile)
    trend_tables.replace(HONGDAE, Counter(), Counter(), COVERAGE, NOW)

    assert read[-1] == 6
    assert other_tables.garments_worn(HONGDAE) == 0


def test_looks_of_one_source_are_listed_the_most_worn_first(trend_tables: TrendTables) -> None:
    trend_tables.replace(HONGDAE, Counter({COAT: 2, PUFFER: 3}), Counter(), COVERAGE, NOW)
    trend_tables.replace(FROM_THE_APP, Counter({COAT: 2}), Counter(), COVERAGE, NOW)

    assert trend_tables.garment_rows(OCTOBER, "hongdae") == [
        GarmentRow("hongdae", OCTOBER, "outer", "puffer", "black", 3),
        GarmentRow("hongdae", OCTOBER, "outer", "coat", "navy", 2),
    ]
    assert rows(trend_tables, FROM_THE_APP) == [("coat", "navy", 2)]


def test_the_list_of_looks_can_be_limited(trend_tables: TrendTables) -> None:
    replace(trend_tables)

    assert len(trend_tables.garment_rows(limit=1)) == 1


def test_looks_are_filtered_by_month_and_destination(trend_tables: TrendTables) -> None:
    replace(trend_tables)

    assert trend_tables.garment_rows(month=NOVEMBER) == []
    assert trend_tables.garment_rows(destination="gangnam") == []
    assert len(trend_tables.garment_rows(OCTOBER, "hongdae")) == 2


def test_a_month_must_be_its_1st_day(trend_tables: TrendTables) -> None:
    with pytest.raises(ValueError, match="2026-10-02 is not a month"):
        replace(trend_tables, HONGDAE._replace(month=date(2026, 10, 2)))


def test_a_time_without_a_time_zone_is_rejected(trend_tables: TrendTables) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        add(trend_tables, "monday", now=datetime(2026, 11, 1))


def test_the_error_without_tables_says_to_migrate(other_tables: TrendTables) -> None:
    for use in (other_tables.check_connection, other_tables.garment_rows):
        with pytest.raises(TrendDatabaseError, match="migrate it first"):
            use()
    with pytest.raises(TrendDatabaseError, match="migrate it first"):
        replace(other_tables)


def test_migrated_tables_are_ready(trend_tables: TrendTables) -> None:
    trend_tables.check_connection()
