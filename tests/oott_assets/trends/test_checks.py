"""Each asset check of the trends pipeline passes and fails as it should."""

import re
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from oott_assets.partitions import destinations
from oott_assets.trends.checks import MIN_GARMENTS
from oott_fashion.settings import SharedSettings, read_settings
from tests.databases import free_port, run_sql
from tests.oott_assets.trends_pipeline import TrendsPipeline, attempts, failures
from tests.stored_months import write_manifest


def evaluation(run: dg.ExecuteInProcessResult, check: str) -> dg.AssetCheckEvaluation:
    [found] = [
        evaluation
        for evaluation in run.get_asset_check_evaluations()
        if evaluation.check_name == check
    ]
    return found


def test_the_checks_of_a_counted_month_pass_and_all_metadata_keys_are_snake_case(
    trends_pipeline: TrendsPipeline,
) -> None:
    counted = trends_pipeline.run()

    for check in (
        "photos_arrived",
        "every_photo_was_read_or_is_listed_as_unreadable",
        "sums_agree",
    ):
        assert evaluation(counted, check).passed, check
    keys = {
        key
        for event in counted.get_asset_materialization_events()
        for key in event.materialization.metadata
    } | {key for found in counted.get_asset_check_evaluations() for key in found.metadata}

    assert len(keys) > 20
    assert [key for key in keys if not re.fullmatch(r"[a-z][a-z0-9_]*", key)] == []


def test_photos_arrived_warns_if_no_photo_can_be_read(
    trends_pipeline: TrendsPipeline, photos_folder: Path
) -> None:
    (photos_folder / "hongdae/2026-09").mkdir(parents=True)
    (photos_folder / "hongdae/2026-09/a.jpg").write_bytes(b"\xff\xd8\xff half")

    found = evaluation(trends_pipeline.run(), "photos_arrived")

    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert found.metadata["unreadable"].value == 1


def test_a_photo_missing_from_the_detections_fails_the_check(
    trends_pipeline: TrendsPipeline,
) -> None:
    trends_pipeline.run()
    rows = trends_pipeline.manifest()
    unread = rows[0]._replace(sha256="f" * 64, fetched_at=datetime.now(UTC))
    write_manifest(trends_pipeline.stored(), [*rows, unread])

    found = evaluation(
        trends_pipeline.run(
            only="garment_detections_every_photo_was_read_or_is_listed_as_unreadable"
        ),
        "every_photo_was_read_or_is_listed_as_unreadable",
    )

    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert found.metadata["missing"].value == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE garment_trends SET worn = worn + 1 WHERE id = 1",
        "UPDATE outfit_trends SET worn = worn + 1 WHERE id = 1",
        "DELETE FROM outfit_trends",
        "UPDATE trend_coverage SET photos = photos + 1",
        "DELETE FROM trend_coverage",
    ],
)
def test_a_sum_that_does_not_agree_fails_the_check(
    trends_pipeline: TrendsPipeline, change: str
) -> None:
    trends_pipeline.run()
    run_sql(read_settings(SharedSettings).trend_database_url, change)

    found = evaluation(trends_pipeline.run(only="garment_trends_sums_agree"), "sums_agree")

    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize(("garments", "passed"), [(MIN_GARMENTS - 1, False), (MIN_GARMENTS, True)])
def test_thirty_garments_are_enough_to_call_it_a_trend(
    trends_pipeline: TrendsPipeline, garments: int, passed: bool
) -> None:
    trends_pipeline.run()
    url = read_settings(SharedSettings).trend_database_url
    run_sql(
        url,
        "DELETE FROM garment_trends WHERE id > 1",
        f"UPDATE garment_trends SET worn = {garments}",  # noqa: S608 - two numbers of ours
    )

    found = evaluation(
        trends_pipeline.run(only="garment_trends_enough_garments_to_call_it_a_trend"),
        "enough_garments_to_call_it_a_trend",
    )

    assert found.passed == passed
    assert found.severity == dg.AssetCheckSeverity.WARN


def test_the_released_recommender_needs_two_garments_and_three_colours_of_outer_and_top(
    trends_pipeline: TrendsPipeline,
) -> None:
    trends_pipeline.run()
    only = "garment_trends_enough_looks_for_the_released_recommender"
    url = read_settings(SharedSettings).trend_database_url
    looks = [
        (place.slug, *look)
        for place in destinations.categories
        for look in [
            *(("outer", "coat", colour) for colour in ("white", "navy", "purple", "black")),
            *(("top", "shirt", colour) for colour in ("white", "red", "green")),
            ("outer", "puffer", "white"),
            ("top", "tank top", "white"),
        ]
    ]
    columns = "destination_category, category, garment, colour, source, month, destination, worn"
    run_sql(
        url,
        "DELETE FROM garment_trends",
        *(
            f"INSERT INTO garment_trends ({columns}) VALUES "  # noqa: S608 - names of ours
            f"{(*look, look[0][:9], '2026-09-01', 'x', 1)}"
            for look in looks
        ),
    )
    assert evaluation(trends_pipeline.run(only=only), only.partition("s_")[2]).passed

    run_sql(url, "DELETE FROM garment_trends WHERE colour = 'black'")
    run_sql(url, "DELETE FROM garment_trends WHERE garment = 'tank top' AND source = 'seaside'")
    found = evaluation(trends_pipeline.run(only=only), only.partition("s_")[2])

    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    listed = str(found.metadata["too_little"].value)
    assert "| seaside | top | 1 | 3 |" in listed
    assert listed.count("| outer | 2 | 2 |") == len(destinations.categories)
    assert listed.count("| top |") == 1


def test_a_check_of_a_month_without_photos_names_the_remedy(
    trends_pipeline: TrendsPipeline,
) -> None:
    run = trends_pipeline.run(only="instagram_images_photos_arrived")

    assert attempts(run, "instagram_images_photos_arrived") == 1
    [failure] = failures(run)
    assert failure.endswith(
        "2026-09.parquet does not exist; materialise the asset that writes it first"
    )


def test_a_check_is_retried_if_the_database_is_unavailable(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", f"mysql://me@127.0.0.1:{free_port()}/trends")

    run = trends_pipeline.run(only="garment_trends_enough_garments_to_call_it_a_trend")

    assert attempts(run, "garment_trends_enough_garments_to_call_it_a_trend") == 3
    [failure] = failures(run)
    assert "does not respond" in failure
