"""Removes a post from photos, detections, counts, label tasks and pictures for good.

Run it: ``python -m oott_assets.forget SHORTCODE``. For a photo from a folder, give its path there.
"""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date

import click
import dagster as dg

from oott_assets.detection_store import DetectionStore, PartitionDetections
from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.recorded_pictures import delete_runs_with_pictures, reject_unfinished_runs
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.crawl_journal import hash_of
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import MonthLock, StoredMonth
from oott_assets.trends.monthly_trends import replace_counts, trend_slice
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.settings import read_settings
from oott_fashion.stores.blobs import AlreadyLocked, BlobChanged, BlobNotFound
from oott_fashion.stores.trend_tables import TrendDatabaseError

_EXPECTED = (
    AlreadyLocked,
    BlobChanged,
    OSError,
    TrendDatabaseError,
    ValueError,
    dg.DagsterInvariantViolationError,  # raised if DAGSTER_HOME is not a folder
)


@dataclass(frozen=True)
class Forgetting:
    """Removes posts from the given stores and records. An interrupted removal can be run again."""

    photo_store: PhotoStore
    detection_store: DetectionStore
    database: TrendDatabase
    records: dg.DagsterInstance | None

    def forget(self, shortcode: str) -> Iterator[tuple[str, date]]:
        """Remove a post, and yield each destination and month that contained it.

        Raises:
            AlreadyLocked: another process collects or reads a month that contained the post.
            TrendDatabaseError: the tables cannot be updated.
            ValueError: the manifest of a month cannot be read. The post is removed from all other
                months.
        """
        # This is the first step, so that a running crawl does not store the post again.
        self.photo_store.forget(shortcode)
        unread: list[str] = []
        for slug, month in self.photo_store.months():
            stored = self.photo_store.month(slug, month)
            try:
                if not _is_in(stored, shortcode):
                    continue
            except ValueError as error:
                unread.append(f"{slug} {month:%Y-%m}: {error}")
                continue
            if self.records is not None:
                reject_unfinished_runs(self.records, slug, month)
            with stored.locked() as lock:
                self._remove(shortcode, stored, lock, slug, month)
            yield slug, month
        if unread:
            raise ValueError("; ".join(unread))

    def _remove(
        self, shortcode: str, stored: StoredMonth, lock: MonthLock, slug: str, month: date
    ) -> None:
        stored.journal.remove(shortcode)
        rows = stored.rows()
        gone = [row for row in rows if _is_of(row, shortcode)]
        hashes = {row.sha256 for row in gone if row.sha256}
        if hashes:
            self._remove_from_counts(hashes, slug, month)
        if self.records is not None:
            delete_runs_with_pictures(self.records, slug, month, "a post on it was removed")
        # The manifest is written after the counts and runs are changed. If the removal is
        # interrupted earlier, the next removal still finds the post in the manifest.
        if rows:
            names = {row.name for row in gone}
            lock.write_manifest([_without_names(names, row) for row in rows if row not in gone])
        stored.delete_unlisted()

    def _remove_from_counts(self, gone: set[str], slug: str, month: date) -> None:
        try:
            detections = self.detection_store.read(slug, month)
        except BlobNotFound:
            return
        counted = trend_slice(MonthAndDestination(month, destinations.destination(slug)))
        left = tuple(photo for photo in detections.photos if photo.sha256 not in gone)
        remaining = PartitionDetections(detections.detector_version, left)
        self.detection_store.write(slug, month, remaining)
        with self.database.tables() as tables:
            if tables.coverage_of(counted) is not None:
                replace_counts(tables, counted, remaining)


def _is_in(stored: StoredMonth, shortcode: str) -> bool:
    in_manifest = any(_is_of(row, shortcode) for row in stored.rows())
    return in_manifest or stored.journal.contains(shortcode)


def _is_of(row: ManifestRow, shortcode: str) -> bool:
    return hash_of(row.shortcode) == hash_of(shortcode)


def _without_names(names: set[str], row: ManifestRow) -> ManifestRow:
    """Replace the reason of a row if it contains one of ``names``, the names of removed photos.

    The reason of a duplicate contains the name of the photo that shows the same picture.
    """
    if any(name in (row.reason or "") for name in names):
        return row._replace(reason="shows what a removed photo showed")
    return row


# Shortcodes may begin with a hyphen.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("shortcode")
def main(shortcode: str) -> None:
    """Remove the post SHORTCODE everywhere, and never collect it again.

    SHORTCODE may also be the URL of the post. For a photo from a folder, give its path there.
    """
    address = re.search(r"/(?:p|reel|tv)/([\w-]+)", shortcode)
    post = address[1] if address else shortcode
    try:
        settings = read_settings(PhotoSettings)
        photos = PhotoStore.of(settings)
        batches = LabelBatches(root=str(settings.label_tasks_root))
        with _records() as records:
            forgetting = Forgetting(
                photos, DetectionStore(root=photos.root), TrendDatabase(), records
            )
            try:
                removed = list(forgetting.forget(post))
            finally:
                copies = batches.delete_unstored(photos, records)
    except _EXPECTED as error:
        raise click.ClickException(f"{error}; then run this again") from error
    for slug, month in removed:
        click.echo(f"removed from {slug} {month:%Y-%m}")
    if copies:
        click.echo(
            f"removed from {settings.label_tasks_root}: {copies} photos; delete their tasks in "
            "Label Studio, too"
        )
    if not removed:
        click.echo(f"no stored photo belongs to {post}; check its spelling")
    click.echo(f"{post} will not be collected again")


def _records() -> AbstractContextManager[dg.DagsterInstance | None]:
    if "DAGSTER_HOME" in os.environ:
        return dg.DagsterInstance.get()
    click.echo("DAGSTER_HOME is not set, so contact sheets stay in Dagster's records", err=True)
    return nullcontext()


if __name__ == "__main__":
    main()
