import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from oott_fashion.destinations import read_destinations
from oott_fashion.outfits import OutfitNames
from oott_fashion.stores.trend_tables import (
    Coverage,
    TrendDatabaseError,
    TrendSlice,
    TrendTables,
)
from oott_serving.recommendations.known_outfits import KnownOutfits

JANUARY = date(2026, 1, 1)
JEJU = TrendSlice(JANUARY, "jeju", "seaside", "crawl")


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[TrendTables]:
    url = f"sqlite:///{tmp_path / 'trends.sqlite'}"
    with closing(TrendTables.open(url, read_destinations())) as tables:
        tables.migrate()
        yield tables


def count(tables: TrendTables, bottom: str, at: datetime) -> None:
    """Replace the counts by 500 photos of one bottom."""
    outfit = OutfitNames(("None", "None", bottom, "None"), ("None", "None", "blue", "None"))
    outfits = Counter({outfit: 500})
    tables.replace(JEJU, Counter(), outfits, Coverage(500, 500, "v1"), at, Counter())


def test_new_counts_are_read_after_a_minute_while_the_old_ones_still_answer(
    tables: TrendTables,
) -> None:
    clock = [0.0]
    outfits = KnownOutfits(now=lambda: clock[0])
    now = datetime.now(UTC)

    def first_bottom() -> str:
        model = outfits.model_of(tables, JANUARY, "jeju", "seaside")
        return model.best_garments("bottom", [])[0]

    count(tables, "skirt", now)
    assert first_bottom() == "skirt"
    count(tables, "slacks", now + timedelta(hours=1))
    assert first_bottom() == "skirt"

    clock[0] = 61.0

    assert first_bottom() == "skirt"
    deadline = time.monotonic() + 10
    while first_bottom() == "skirt" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert first_bottom() == "slacks"


def test_a_database_without_tables_is_an_error_each_time(tmp_path: Path) -> None:
    outfits = KnownOutfits()
    with closing(
        TrendTables.open(f"sqlite:///{tmp_path / 'none.sqlite'}", read_destinations())
    ) as tables:
        for _ in range(2):
            with pytest.raises(TrendDatabaseError):
                outfits.model_of(tables, JANUARY, "jeju", "seaside")
