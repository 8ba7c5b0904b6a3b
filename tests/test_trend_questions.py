"""The questions of docs/look-at-trends.md are answered from detections and estimates."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner

from oott_assets.detection_store import DetectionStore, PartitionDetections, PhotoDetections
from oott_assets.partitions import destinations
from oott_assets.trends.trend_export import main
from oott_fashion.stores.estimate_tables import EstimateRow
from oott_fashion.stores.trend_tables import TrendTables
from oott_fashion.vision.detections import Detection
from tests.detections import seen

_, SECTION = Path("docs/look-at-trends.md").read_text("utf-8").split("\n## Ask the detections\n")
SECTION, _ = SECTION.split("\n## ", 1)
QUERIES = re.findall(r"```sql\n(.*?)```", SECTION, re.DOTALL)
SNIPPETS = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
COAT, PUFFER = seen("coat", colour="navy"), seen("puffer")
JEANS, WHITE_JEANS = seen("jeans", colour="blue"), seen("jeans", colour="white")


def photo(name: str, post: str, day: date, *garments: Detection) -> PhotoDetections:
    return PhotoDetections(name, garments, None, post, day)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with detections of two destinations, where the settings are the default."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OOTT_HOME", str(tmp_path / ".oott"))
    store = DetectionStore(root=str(tmp_path / ".oott/photos"))
    haeundae = (
        photo("a", "p", date(2026, 10, 5), COAT, COAT, JEANS),
        photo("b", "p", date(2026, 10, 11), COAT, WHITE_JEANS),
        photo("c", "q", date(2026, 10, 12), PUFFER, JEANS),
        photo("d", "r", date(2026, 10, 12)),
        PhotoDetections("e", (), "the stored photo is damaged", "r", None),
    )
    jeju = (photo("f", "s", date(2026, 11, 2), PUFFER, JEANS, COAT),)
    store.write("haeundae", OCTOBER, PartitionDetections("v1", haeundae))
    store.write("jeju", NOVEMBER, PartitionDetections("v1", jeju))
    return tmp_path


def answer_to(query: str) -> list[tuple[Any, ...]]:
    return duckdb.execute(query).fetchall()


@pytest.mark.usefixtures("folder")
def test_the_queries_of_the_page_answer_their_questions() -> None:
    worn, with_a_puffer, by_week, rests_on = (answer_to(query) for query in QUERIES)

    third = pytest.approx(1 / 3)
    assert worn == [("jeans", 1.0), ("coat", pytest.approx(2 / 3)), ("puffer", third)]
    assert with_a_puffer == [("jeans", "blue", 2), ("coat", "navy", 1)]
    assert [(str(week)[:10], photos, share) for week, photos, share in by_week] == [
        ("2026-10-05", 2, 1.0),
        ("2026-10-12", 1, 0.0),
        ("2026-11-02", 1, 1.0),
    ]
    assert rests_on == [("haeundae", OCTOBER, 5, 3, 1), ("jeju", NOVEMBER, 1, 1, 0)]


@pytest.mark.usefixtures("folder")
def test_pandas_gives_the_colours_of_jeans_by_destination() -> None:
    names: dict[str, Any] = {}

    exec(SNIPPETS[0], names)

    assert names["colours"].to_dict("index") == {
        "haeundae": {"blue": 0.67, "white": 0.33},
        "jeju": {"blue": 1.0, "white": 0.0},
    }


def test_pandas_lists_what_rises_from_the_exported_estimates(folder: Path) -> None:
    tables = TrendTables.open(f"sqlite:///{folder}/.oott/trends.sqlite", destinations)
    tables.migrate()
    for month, trend in ((OCTOBER, "rising"), (NOVEMBER, "no clear change")):
        tables.replace_estimates(
            month, [estimate(month, "coat", 0.1, trend), estimate(month, "puffer", 0.2, "rising")]
        )
    tables.close()
    names: dict[str, Any] = {}

    exported = CliRunner().invoke(main, ["trend_estimates", "estimates.parquet"])
    exec(SNIPPETS[1], names)

    assert exported.output == "wrote 4 rows of trend_estimates to estimates.parquet\n"
    assert names["answer"].to_dict("records") == [
        {
            "place": "jeju", "subject": "garment", "garment": "puffer", "colour": "any",
            "share_low": 0.4, "share_high": 0.6, "month_change": 0.2,
        }
    ]  # fmt: skip
    types = pd.read_parquet("estimates.parquet").dtypes
    assert [str(types[name]) for name in ("year_change", "photos_needed")] == ["float64", "Int64"]


def estimate(month: date, garment: str, change: float, trend: str) -> EstimateRow:
    """Give an estimate without a year to compare."""
    return EstimateRow(
        month, "destination", "jeju", "garment", garment, "any", "outer", 100, 90, 50,
        0.5, 0.4, 0.6, change, 0.0, 0.3, trend, None, None, None, "no month to compare",
        None, 0.7, None, "v1", datetime.now(UTC).replace(tzinfo=None, microsecond=0),
    )  # fmt: skip


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_all_detections_are_exported_as_one_table(suffix: str) -> None:
    exported = CliRunner().invoke(main, ["detections", f"all.{suffix}"])

    assert exported.output == f"wrote 12 rows of detections to all.{suffix}\n"
    table = (pd.read_csv if suffix == "csv" else pd.read_parquet)(f"all.{suffix}")
    assert table.garment.count() == 10
    assert list(table.destination.unique()) == ["haeundae", "jeju"]


@pytest.mark.usefixtures("folder")
def test_a_source_is_refused_for_a_table_without_sources() -> None:
    exported = CliRunner().invoke(main, ["trend_events", "events.csv", "--source", "crawl"])

    assert exported.exit_code == 2
    assert "trend_events has no source; leave it out" in exported.output
