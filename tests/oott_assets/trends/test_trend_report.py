from collections import Counter
from datetime import UTC, date, datetime

import dagster as dg
import pytest

from oott_assets.definitions import configured_resources, defs
from oott_assets.partitions import destinations
from oott_assets.trends.trend_report import report_rows
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables
from oott_fashion.trends import Look
from tests.oott_assets.trends_pipeline import TrendsPipeline, failures

AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)
COAT, BLAZER = Look("outer", "coat", "navy"), Look("outer", "blazer", "gray")
JEANS = Look("bottom", "jeans", "blue")


def count(
    tables: TrendTables, month: date, destination: str, looks: dict[Look, int], source: str
) -> None:
    slice_ = TrendSlice(month, destination, "hot-place", source)  # type: ignore[arg-type]
    coverage = Coverage(1, 1, "v1")
    tables.replace(slice_, Counter(looks), Counter(), coverage, datetime.now(UTC))


def test_the_most_worn_look_of_each_category_is_reported_with_its_change(
    trend_tables: TrendTables,
) -> None:
    count(trend_tables, AUGUST, "hongdae", {COAT: 5, BLAZER: 1}, "crawl")
    count(trend_tables, SEPTEMBER, "hongdae", {COAT: 3, BLAZER: 2, JEANS: 4}, "crawl")
    count(trend_tables, SEPTEMBER, "hongdae", {JEANS: 1}, "app")

    assert list(report_rows(trend_tables, SEPTEMBER)) == [
        ("hongdae", 10, "navy coat: 3 (-2)", "", "blue jeans: 5 (+5)", "")
    ]


def test_destinations_are_in_the_order_of_the_file_with_whole_categories_last(
    trend_tables: TrendTables,
) -> None:
    for slug in ("seaside", "jeju", "hongdae"):
        count(trend_tables, SEPTEMBER, slug, {COAT: 1}, "app")

    assert [row[0] for row in report_rows(trend_tables, SEPTEMBER)] == [
        "hongdae",
        "jeju",
        "seaside",
    ]


def test_january_is_compared_with_december(trend_tables: TrendTables) -> None:
    count(trend_tables, date(2025, 12, 1), "jeju", {COAT: 1}, "crawl")
    count(trend_tables, date(2026, 1, 1), "jeju", {COAT: 1}, "crawl")

    [row] = report_rows(trend_tables, date(2026, 1, 1))

    assert row[2] == "navy coat: 1 (+0)"


def test_the_report_of_a_counted_month_is_shown_in_the_ui(trends_pipeline: TrendsPipeline) -> None:
    trends_pipeline.run()

    [materialised] = report("2026-09").get_asset_materialization_events()

    metadata = materialised.materialization.metadata
    assert metadata["destinations"].value == 1
    assert "| hongdae |" in str(metadata["most_worn"].value)


@pytest.mark.usefixtures("trends_pipeline")
def test_a_month_that_was_never_counted_is_unknown() -> None:
    [failure] = failures(report("2026-09"))

    assert failure.startswith("no garment was counted in 2026-09; materialise")


def test_a_report_depends_on_all_destinations_of_its_month_only() -> None:
    upstream = defs.resolve_asset_graph().get_parent_partition_keys_for_child(
        "2026-09", dg.AssetKey("garment_trends"), dg.AssetKey("trend_report")
    )

    assert set(upstream.partitions_subset.get_partition_keys()) == {
        f"{slug}|2026-09" for slug in destinations.slugs
    }


def report(month: str) -> dg.ExecuteInProcessResult:
    """Run the report's job."""
    return defs.resolve_job_def("trend_report_job").execute_in_process(
        partition_key=month, resources=configured_resources(), raise_on_error=False
    )
