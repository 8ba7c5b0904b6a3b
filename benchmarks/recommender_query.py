"""Measures the query of the released recommender: ``python -m benchmarks.recommender_query``.

It starts a MariaDB server in a temporary folder, and fills the trend tables with 200,000 rows.
"""

import itertools
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.destinations import read_destinations
from oott_fashion.garments import GARMENTS
from oott_fashion.stores.trend_connection import engine_for
from oott_fashion.stores.trend_schema import garment_trends
from oott_fashion.stores.trend_tables import TrendTables
from tests.databases import mariadb_server

_ROWS = 200_000
_ROUNDS = 4
_QUERY = sa.text(
    "SELECT crawlCategory, crawlClothesCategory, crawlClothes, crawlColor, SUM(crawlCount) "
    "FROM CRAWL_DATA WHERE crawlCategory = :category "
    "GROUP BY crawlCategory, crawlClothesCategory, crawlClothes, crawlColor"
)


def main() -> None:
    """Print the median time of the query, with the index and without it."""
    folder = Path(tempfile.mkdtemp(prefix="oott-benchmark-"))
    try:
        with mariadb_server(folder) as server:
            url = server.url(server.new_database())
            with closing(TrendTables.open(url, read_destinations())) as tables:
                tables.migrate()
            engine = engine_for(url)
            _fill(engine)
            sys.stdout.write(f"with the index: {_milliseconds(engine):.0f} ms\n")
            with engine.begin() as connection:
                [index] = garment_trends.indexes
                index.drop(connection)
            sys.stdout.write(f"without it: {_milliseconds(engine):.0f} ms\n")
            engine.dispose()
    finally:
        shutil.rmtree(folder)


def _fill(engine: sa.Engine) -> None:
    destinations, rng = read_destinations(), np.random.default_rng(0)
    rows = (
        {
            "month": date(year, month, 1),
            "destination": slug,
            "destination_category": destinations.destination(slug).category.slug,
            "source": "crawl",
            "category": garment.category,
            "garment": garment.name,
            "colour": colour,
            "worn": int(rng.integers(1, 9)),
        }
        for year in itertools.count(2000)
        for month in range(1, 13)
        for slug in destinations.slugs
        for garment in GARMENTS
        for colour in PALETTE_NAMES
        if rng.random() < 0.35
    )
    with engine.begin() as connection:
        for _ in range(_ROWS // 5_000):
            connection.execute(sa.insert(garment_trends), list(itertools.islice(rows, 5_000)))
        connection.exec_driver_sql("ANALYZE TABLE garment_trends")


def _milliseconds(engine: sa.Engine) -> float:
    times = []
    with engine.connect() as connection:
        for category in read_destinations().categories * _ROUNDS:
            start = time.perf_counter()
            connection.execute(_QUERY, {"category": category.name}).all()
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


if __name__ == "__main__":
    main()
