"""The pipeline from photos to trend tables, on SQLite and on MariaDB."""

import socket
from collections import Counter

import pytest

from oott_assets.partitions import destinations, parse_partition_key
from oott_assets.trends.monthly_trends import trend_slice
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.trend_tables import TrendTables
from oott_fashion.trends import Look, photos_showing
from tests.databases import MariaDB, run_sql
from tests.oott_assets.trends_pipeline import (
    OCTOBER,
    TrendsPipeline,
    attempts,
    failures,
    metadata_of,
)


@pytest.fixture
def on_either_database(
    trends_pipeline: TrendsPipeline, trend_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> TrendsPipeline:
    """Give a trends pipeline with its tables on SQLite, then one with them on MariaDB."""
    monkeypatch.setenv("OOTT_DATABASE_URL", trend_database_url)
    return trends_pipeline


def detected_looks(trends_pipeline: TrendsPipeline) -> Counter[Look]:
    return Counter(
        Look(garment.category, garment.garment, garment.colour)
        for photo in trends_pipeline.detections().photos
        for garment in photo.garments
    )


def counted_looks(trends_pipeline: TrendsPipeline) -> Counter[Look]:
    return Counter({Look(*row[2:5]): row.worn for row in trends_pipeline.rows()})


def test_the_tables_count_the_detected_garments(on_either_database: TrendsPipeline) -> None:
    run = on_either_database.run()

    assert run.success
    assert counted_looks(on_either_database) == detected_looks(on_either_database)
    assert (
        metadata_of(run, "garment_trends")["garments"] == on_either_database.detections().garments
    )
    assert "data:image/webp" in str(metadata_of(run, "garment_trends")["most_worn"])
    photos = [photo.garments for photo in on_either_database.detections().photos]
    assert run_sql(
        read_settings(SharedSettings).trend_database_url,
        "SELECT category, garment, colour, photos FROM garment_trends ORDER BY 1, 2, 3",
    ) == [(*look, times) for look, times in sorted(photos_showing(photos).items())]


def test_running_a_partition_again_gives_the_same_rows(
    on_either_database: TrendsPipeline,
) -> None:
    on_either_database.run()
    once = on_either_database.rows()

    on_either_database.run()

    assert on_either_database.rows() == once


def test_a_run_with_fewer_photos_removes_the_old_rows(
    on_either_database: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_either_database.run()
    monkeypatch.setenv("OOTT_LOOKBOOK_PHOTOS", "1")

    on_either_database.run()

    assert counted_looks(on_either_database) == detected_looks(on_either_database)
    assert len(on_either_database.detections().photos) == 1


def test_a_month_without_photos_is_recorded_with_zero_photos(
    on_either_database: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_LOOKBOOK_PHOTOS", "0")

    run = on_either_database.run()

    tables = TrendTables.open(read_settings(SharedSettings).trend_database_url, destinations)
    coverage = tables.coverage_of(trend_slice(parse_partition_key("hongdae|2026-09")))
    tables.close()
    assert run.success
    assert on_either_database.rows() == []
    assert coverage is not None
    assert (coverage.photos, coverage.photos_with_garments) == (0, 0)


def test_months_and_destinations_are_counted_separately(trends_pipeline: TrendsPipeline) -> None:
    trends_pipeline.run()
    before = trends_pipeline.rows()

    trends_pipeline.run(month=OCTOBER)
    trends_pipeline.run("haeundae")

    assert trends_pipeline.rows() == before
    assert trends_pipeline.rows(month=OCTOBER)
    assert trends_pipeline.rows("haeundae")


def test_trends_without_detections_are_unknown(trends_pipeline: TrendsPipeline) -> None:
    [failure] = failures(trends_pipeline.run(only="monthly_trends"))

    assert failure.startswith("no detector has read the photos of hongdae in 2026-09; materialise")


def test_an_unavailable_database_is_retried_and_its_password_is_not_shown(
    trends_pipeline: TrendsPipeline,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("OOTT_DATABASE_URL", f"mysql://me:hunter2@127.0.0.1:{port}/trends")

    run = trends_pipeline.run()

    assert attempts(run, "monthly_trends") == 3
    assert "does not respond; start the server, or correct the address" in failures(run)[-1]
    assert all("hunter2" not in str(event) for event in run.all_events)
    assert "hunter2" not in caplog.text


def test_missing_database_rights_are_named_and_not_retried(
    trends_pipeline: TrendsPipeline, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = mariadb.new_database()
    mariadb.execute(
        "CREATE OR REPLACE USER looker IDENTIFIED BY 'hunter2'",
        f"GRANT SELECT ON {database}.* TO looker",
    )
    monkeypatch.setenv("OOTT_DATABASE_URL", mariadb.url(database, "looker", "hunter2"))

    run = trends_pipeline.run()

    assert attempts(run, "monthly_trends") == 1
    assert "grant SELECT, INSERT, UPDATE and DELETE" in failures(run)[-1]
