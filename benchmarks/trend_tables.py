"""Compares the time to count and store detections with the time of release 0.1.

``python -m benchmarks.trend_tables [GARMENTS]`` (needs a MariaDB server). The photos are drawn by
chance: 0 to 4 garments each, some garments and colours much more often than others. Release 0.1
wrote 500 rows in each statement, and SQLAlchemy compiled each of these statements anew.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click
import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.destinations import read_destinations
from oott_fashion.garments import CATEGORIES, GARMENTS
from oott_fashion.outfits import OutfitNames, names_of, outfit_of
from oott_fashion.stores.trend_connection import engine_for, for_writing
from oott_fashion.stores.trend_schema import (
    COLOUR_COLUMNS,
    GARMENT_COLUMNS,
    garment_trends,
    outfit_trends,
)
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables
from oott_fashion.trends import Look, garment_counts, outfit_counts, photos_showing
from oott_fashion.vision.detections import Box, Detection
from tests.databases import mariadb_server

_SLICE = TrendSlice(date(2026, 10, 1), "hongdae", "hot-place", "crawl")
_SLICE_BEFORE = _SLICE._replace(destination="itaewon")
_WORN = dict(zip(CATEGORIES, (0.5, 0.8, 0.8, 0.6), strict=True))
_BOX = Box(0, 0, 1, 1)
_OLD_ROWS_PER_STATEMENT = 500

Photos = list[list[Detection]]


@click.command()
@click.argument("garments", default=100_000)
def main(garments: int) -> None:
    """Count and store GARMENTS detections of one month, in SQLite and in MariaDB."""
    photos = drawn_photos(garments)
    click.echo(f"{garments:,} garments in {len(photos):,} photos; seconds")
    click.echo(f"{'':10}{'release 0.1':>14}{'now':>8}")
    for name, opened in (("SQLite", _sqlite), ("MariaDB", _mariadb)):
        with opened() as url:
            before, now = (_seconds(url, photos, store) for store in (_store_as_before, _store))
        click.echo(f"{name:10}{before:14.2f}{now:8.2f}")


def drawn_photos(garments: int) -> Photos:
    """Draw photos until they have at least ``garments``."""
    rng = np.random.default_rng(12)
    colours = 1 / np.arange(1, len(PALETTE_NAMES) + 1)
    photos: Photos = []
    total = 0
    while total < garments:
        chosen = rng.choice(PALETTE_NAMES, size=(1000, 4), p=colours / colours.sum())
        worn, kind = rng.random((1000, 4)), rng.random((1000, 4)) ** 2
        for row in range(1000):
            photo = _photo(chosen[row], worn[row], kind[row])
            photos.append(photo)
            total += len(photo)
    return photos


def _photo(colours: Sequence[str], worn: Sequence[float], kind: Sequence[float]) -> list[Detection]:
    found = []
    for number, category in enumerate(CATEGORIES):
        names = [garment.name for garment in GARMENTS if garment.category == category]
        if worn[number] < _WORN[category]:
            name = names[int(kind[number] * len(names))]
            found.append(Detection(name, float(worn[number]), _BOX, str(colours[number])))
    return found


def _seconds(url: str, photos: Photos, store: Callable[[str, Photos], None]) -> float:
    with closing(TrendTables.open(url, read_destinations())) as tables:
        tables.migrate()
        tables.replace(_SLICE, Counter(), Counter(), Coverage(0, 0, ""), datetime.now(UTC))
    start = time.perf_counter()
    store(url, photos)
    return time.perf_counter() - start


def _store(url: str, photos: Photos) -> None:
    with closing(TrendTables.open(url, read_destinations())) as tables:
        looks, outfits, shown = (
            garment_counts(photos),
            outfit_counts(photos),
            photos_showing(photos),
        )
        coverage = Coverage(len(photos), sum(map(bool, photos)), "v1")
        tables.replace(_SLICE, looks, outfits, coverage, datetime.now(UTC), shown)


def _store_as_before(url: str, photos: Photos) -> None:
    looks = Counter(
        Look(detection.category, detection.garment, detection.colour)
        for photo in photos
        for detection in photo
    )
    outfits = Counter(names_of(outfit_of(photo)) for photo in photos if photo)
    its_slice = _SLICE_BEFORE._asdict()
    engine = for_writing(engine_for(url))
    with engine.begin() as connection:
        rows = [{**its_slice, **look._asdict(), "worn": worn} for look, worn in looks.items()]
        _insert_as_before(connection, garment_trends, rows)
        _insert_as_before(
            connection,
            outfit_trends,
            [{**its_slice, **_named(outfit), "worn": worn} for outfit, worn in outfits.items()],
        )
    engine.dispose()


def _named(outfit: OutfitNames) -> dict[str, str]:
    return dict(zip(GARMENT_COLUMNS, outfit.garments, strict=True)) | dict(
        zip(COLOUR_COLUMNS, outfit.colours, strict=True)
    )


def _insert_as_before(
    connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, object]]
) -> None:
    for start in range(0, len(rows), _OLD_ROWS_PER_STATEMENT):
        batch = rows[start : start + _OLD_ROWS_PER_STATEMENT]
        if connection.dialect.name == "sqlite":
            for_sqlite = sqlite.insert(table).values(batch)
            added = {"worn": table.c.worn + for_sqlite.excluded.worn}
            connection.execute(for_sqlite.on_conflict_do_update(_key_of(table), set_=added))
        else:
            for_mysql = mysql.insert(table).values(batch)
            connection.execute(
                for_mysql.on_duplicate_key_update(worn=table.c.worn + for_mysql.inserted.worn)
            )


def _key_of(table: sa.Table) -> list[sa.Column[object]]:
    [key] = (each for each in table.constraints if isinstance(each, sa.UniqueConstraint))
    return list(key.columns)


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'trends.sqlite'}"


@contextmanager
def _mariadb() -> Iterator[str]:
    # A temporary folder of the tests has a name that is too long for a socket.
    with (
        tempfile.TemporaryDirectory(prefix="oott-") as folder,
        mariadb_server(Path(folder)) as server,
    ):
        yield server.url(server.new_database())


if __name__ == "__main__":
    main()
