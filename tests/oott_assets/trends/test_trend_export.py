from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from oott_assets.partitions import destinations
from oott_assets.trends.trend_export import main, trend_frame
from oott_fashion.outfits import OutfitNames
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables
from oott_fashion.trends import Look

SEPTEMBER = date(2026, 9, 1)
COAT = Look("outer", "coat", "navy")


def count(tables: TrendTables, worn: int, source: str) -> None:
    """Count one look ``worn`` times in hongdae in September."""
    slice_ = TrendSlice(SEPTEMBER, "hongdae", "hot-place", source)  # type: ignore[arg-type]
    outfits: Counter[OutfitNames] = Counter()
    tables.replace(slice_, Counter({COAT: worn}), outfits, Coverage(9, 7, "v1"), datetime.now(UTC))


def export(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create a database in which hongdae has one look from each of two sources."""
    monkeypatch.setenv("OOTT_HOME", str(tmp_path / "home"))
    tables = TrendTables.open(read_settings(SharedSettings).trend_database_url, destinations)
    tables.migrate()
    count(tables, 5, "crawl")
    count(tables, 2, "app")
    tables.close()


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_is_exported_with_its_columns(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"trends.{suffix}"

    result = export("garment_trends", str(file), "--source", "crawl")

    assert result.output == f"wrote 1 rows of garment_trends to {file}\n"
    [row] = (pd.read_csv if suffix == "csv" else pd.read_parquet)(file).to_dict("records")
    assert (row["destination"], row["garment"], row["colour"]) == ("hongdae", "coat", "navy")
    assert (row["source"], row["worn"]) == ("crawl", 5)
    assert str(row["month"])[:10] == "2026-09-01"


def test_counts_have_the_same_types_on_every_database(trend_tables: TrendTables) -> None:
    count(trend_tables, 5, "crawl")

    frame = trend_frame(trend_tables, "garment_trends")
    coverage = trend_frame(trend_tables, "trend_coverage")

    assert frame["worn"].tolist() == [5]
    assert pd.api.types.is_integer_dtype(frame["worn"])
    assert coverage[["photos", "photos_with_garments"]].to_numpy().tolist() == [[9, 7]]


@pytest.mark.usefixtures("counted")
def test_an_unsupported_file_type_is_rejected(tmp_path: Path) -> None:
    result = export("garment_trends", str(tmp_path / "trends.xlsx"))

    assert result.exit_code == 2
    assert "trends.xlsx must end in .csv or .parquet" in result.output


def test_an_unsupported_database_is_reported_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", "postgresql://localhost/trends")

    result = export("garment_trends", str(tmp_path / "trends.csv"))

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output
