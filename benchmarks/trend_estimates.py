"""Measures the estimates of 36 months, from stored detections to the table.

``python -m benchmarks.trend_estimates`` (about two minutes). It draws a million garments at 40
destinations, and stores them as the pipeline does. The measured part reads the files, estimates
each month and writes it to a SQLite database.
"""

import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.drawn_look_books import MONTHS, Wardrobe, drawn_month
from oott_assets.detection_store import DETECTIONS, DetectionStore
from oott_assets.partitions import destinations
from oott_assets.trends.statistics.month_estimates import month_estimates
from oott_assets.trends.statistics.photo_counts import SeenGarments
from oott_assets.trends.statistics.place_shares import Places
from oott_assets.trends.trend_estimates import compared_months
from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.destinations import read_destinations
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.trend_rows import naive_utc
from oott_fashion.stores.trend_tables import TrendTables

_GARMENTS_A_PHOTO = 2.3


@click.command(help=__doc__)
@click.option("--garments", default=1_000_000, help="how many garments to draw, about")
def main(garments: int) -> None:
    """Draw, store, estimate and write."""
    months = [date(2024 + index // 12, index % 12 + 1, 1) for index in range(MONTHS)]
    with tempfile.TemporaryDirectory() as folder:
        drawn = sum(_stored(Path(folder), months, garments))
        store = DetectionStore(root=folder)
        tables = TrendTables.open(f"sqlite:///{folder}/trends.sqlite", read_destinations())
        tables.migrate()
        before_mb, began, began_cpu = _peak_mb(), time.monotonic(), time.process_time()
        rows = sum(_estimated(store, tables, month) for month in months)
        click.echo(
            f"{drawn} garments, {rows} estimates: {time.monotonic() - began:.0f} s, "
            f"{time.process_time() - began_cpu:.0f} s CPU, peak memory {_peak_mb():.0f} MB "
            f"({before_mb:.0f} MB before)"
        )
        tables.close()


def _estimated(store: DetectionStore, tables: TrendTables, month: date) -> int:
    places = Places.of([destinations.destination(slug) for slug in destinations.slugs])
    counts = compared_months(store, month)
    rows = month_estimates(counts, places, {}, month, naive_utc(datetime.now(UTC)))
    tables.replace_estimates(month, rows)
    return len(rows)


def _stored(root: Path, months: list[date], garments: int) -> Iterator[int]:
    """Write a file for each destination and month; yield how many garments each month has."""
    rng = np.random.default_rng(1)
    wardrobe = Wardrobe.drawn(rng, len(destinations.slugs))
    photos = round(garments / len(months) / len(destinations.slugs) / _GARMENTS_A_PHOTO)
    (root / "detections").mkdir()
    for month in months:
        seen = drawn_month(rng, wardrobe, np.full(len(destinations.slugs), photos))
        for number, slug in enumerate(destinations.slugs):
            table = _table(seen, number, slug, month)
            pq.write_table(table, root / f"detections/{month:%Y-%m}.{slug}.parquet")
        yield len(seen.garment)


def _table(seen: SeenGarments, number: int, slug: str, month: date) -> pa.Table:
    here = seen.destination == number
    rows = int(here.sum())
    columns = {
        "destination": [slug] * rows,
        "month": [month] * rows,
        "photo": [f"{photo:064x}" for photo in seen.photo[here]],
        "post": [f"post-{post}" for post in seen.post[here]],
        "garment": np.array(GARMENT_NAMES)[seen.garment[here]],
        "colour": np.array(PALETTE_NAMES)[seen.colour[here]],
        "confidence": seen.confidence[here].astype(np.float32),
        "detector_version": ["drawn"] * rows,
    }
    arrays = [pa.array(columns.get(field.name, [None] * rows), field.type) for field in DETECTIONS]
    schema = DETECTIONS.with_metadata({"detector_version": "drawn"})
    return pa.Table.from_arrays(arrays, schema=schema)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
