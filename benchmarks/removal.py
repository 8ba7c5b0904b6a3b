"""Times the retention sweep and the removal of a post in stores of 10,000 and 100,000 posts.

``python -m benchmarks.removal``. Each month has 1,000 posts with one photo, a small file. 1,000
other posts were removed before. Dagster's records are empty.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import dagster as dg

from oott_assets.detection_store import DetectionStore
from oott_assets.forgetting import Forgetting
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.photo_retention import PhotoRetention
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.trends.trend_database import TrendDatabase

_REMOVED_BEFORE = 1_000
_FETCHED_AT = datetime(2026, 10, 1, tzinfo=UTC)


@click.command(help=__doc__)
@click.argument("sizes", type=click.IntRange(min=1), nargs=-1)
@click.option("--posts-a-month", default=1_000, show_default=True)
def main(sizes: tuple[int, ...], posts_a_month: int) -> None:
    """Print the CPU seconds of each case."""
    for posts in sizes or (10_000, 100_000):
        with TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as records:
            _time_cases(posts, _store_of(posts, posts_a_month, Path(folder)), records)


def _time_cases(posts: int, store: PhotoStore, records: dg.DagsterInstance) -> None:
    batches = LabelBatches(root=f"{store.root}/label-tasks")
    detections = DetectionStore(root=store.root)
    forgetting = Forgetting(store, batches, detections, TrendDatabase(), records)
    soon, late = (_FETCHED_AT + timedelta(days=days) for days in (1, 400))
    _time(posts, "sweep, no photo is due", lambda: _sweep(store, records, soon))
    _time(posts, "removal of one post", lambda: len([*forgetting.forget("post-7")]))
    _time(posts, "sweep, all photos are due", lambda: _sweep(store, records, late))


def _time(posts: int, case: str, work: Callable[[], int]) -> None:
    began = time.process_time()
    result = work()
    took = time.process_time() - began
    click.echo(f"{posts:>7,} posts, {case:<26} {took:7.2f} CPU s ({result:,} photos or lines)")


def _sweep(store: PhotoStore, records: dg.DagsterInstance, now: datetime) -> int:
    sweep = PhotoRetention(days=365).sweep(now, records)
    return sum(sweep.month(store.month(slug, month), slug, month) for slug, month in store.months())


def _store_of(posts: int, posts_a_month: int, folder: Path) -> PhotoStore:
    store = PhotoStore(root=str(folder), max_pixels=1, hide_faces=False)
    for first in range(0, posts, posts_a_month):
        number = first // posts_a_month
        month = date(2018 + number // 12, number % 12 + 1, 1)
        photos = folder / f"photos/hongdae/{month:%Y-%m}"
        photos.mkdir(parents=True)
        rows = [_row(post) for post in range(first, first + posts_a_month)]
        for row in rows:
            (photos / str(row.sha256)).write_bytes(row.name.encode())
        with store.month("hongdae", month).locked() as lock:
            lock.write_manifest(rows)
    for post in range(_REMOVED_BEFORE):
        store.forget(f"removed-{post}")
    return store


def _row(post: int) -> ManifestRow:
    name = f"post-{post}-1.jpg"
    return ManifestRow(
        shortcode=f"post-{post}",
        name=name,
        state="kept",
        reason=None,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        width=1080,
        height=1350,
        faces_hidden=1,
        taken_at=None,
        permalink=None,
        hashtag="홍대",
        source="browser",
        fetched_at=_FETCHED_AT,
    )


if __name__ == "__main__":
    main()
