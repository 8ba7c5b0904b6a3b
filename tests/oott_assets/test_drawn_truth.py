"""The trends pipeline counts the garments that were drawn."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from oott_assets.partitions import destinations
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_fashion.garments import category_of
from oott_fashion.trends import Look
from tests.oott_assets.trends_pipeline import (
    OCTOBER,
    SEPTEMBER,
    TrendsPipeline,
    metadata_of,
)
from tests.starters import STARTER

# Few partitions of many photos, because each run of Dagster takes time by itself.
PHOTOS = 30
PARTITIONS = [("hongdae", SEPTEMBER), ("haeundae", OCTOBER), ("jeju", OCTOBER)]
MAX_MISSED = 0.1


class Truth(NamedTuple):
    """The drawn looks and the counted looks of all partitions, by destination and month."""

    drawn: Counter[tuple[str, date, Look]]
    counted: Counter[tuple[str, date, Look]]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Truth]:
    """Run three partitions of two months."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("OOTT_HOME", str(tmp_path_factory.mktemp("truth")))
        monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(STARTER))
        monkeypatch.setenv("OOTT_LOOKBOOK_PHOTOS", str(PHOTOS))
        monkeypatch.setenv("OOTT_ENGINE", "deepsparse")
        trends_pipeline, found = TrendsPipeline(), Truth(Counter(), Counter())
        for slug, month in PARTITIONS:
            run = trends_pipeline.run(slug, month)
            assert metadata_of(run, "garment_detections")["engine"] == "deepsparse"
            found.drawn.update(drawn(slug, month))
            for row in trends_pipeline.rows(slug, month):
                found.counted[slug, month, Look(row.category, row.garment, row.colour)] = row.worn
        yield found


def drawn(slug: str, month: date) -> Iterator[tuple[str, date, Look]]:
    for photo in Lookbook(PHOTOS).drawn(destinations.destination(slug), month):
        for drawn_garment in photo.garments:
            # A garment without a box is wholly covered by others.
            if drawn_garment.boxes:
                garment, colour = drawn_garment.garment, drawn_garment.colour
                yield slug, month, Look(category_of(garment), garment, colour)


def test_the_tables_miss_at_most_a_tenth_of_the_drawn_garments(truth: Truth) -> None:
    found = truth.drawn & truth.counted
    missed, invented = truth.drawn - found, truth.counted - found

    print(report(truth, missed, invented))  # noqa: T201 - pytest shows it with -rP, and on failure
    assert missed.total() <= MAX_MISSED * truth.drawn.total()
    assert invented.total() <= MAX_MISSED * truth.drawn.total()


def report(
    truth: Truth,
    missed: Counter[tuple[str, date, Look]],
    invented: Counter[tuple[str, date, Look]],
) -> str:
    worst = ", ".join(
        f"{look.colour} {look.garment} {times}" for (_, _, look), times in missed.most_common(8)
    )
    return (
        f"{truth.drawn.total()} garments drawn, {truth.counted.total()} counted; "
        f"{missed.total()} missed or misnamed, {invented.total()} not drawn; most missed: {worst}"
    )


def test_every_partition_is_drawn_and_counted(truth: Truth) -> None:
    for counts in truth:
        assert {(slug, month) for slug, month, _ in counts} == set(PARTITIONS)


def test_the_starter_detector_is_small_enough_for_the_repository() -> None:
    assert sum(file.stat().st_size for file in Path(STARTER).iterdir()) <= 15_000_000
