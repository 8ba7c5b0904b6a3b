"""Removes a post from photos, detections, counts, label tasks and pictures for good."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import dagster as dg

from oott_assets.detection_store import DetectionStore, PartitionDetections
from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.photos.collection import deduplicated
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.recorded_pictures import delete_runs_with_pictures, reject_unfinished_runs
from oott_assets.photos.store.crawl_journal import CrawlJournal, Forgotten, hash_of
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.reports.tables import counted
from oott_assets.trends.monthly_trends import replace_counts, trend_slice
from oott_assets.trends.trend_database import TrendDatabase
from oott_fashion.stores.blobs import BlobNotFound

_KEPT = (
    "kept: copies of its photos in another size or quality, if another post shows them in another "
    "month or destination, because only photos of one month are compared"
)


class Removed(NamedTuple):
    """The number of removed photos of the post, and of other posts that show the same pictures."""

    destination: str
    month: date
    photos: int
    others: int

    def __str__(self) -> str:
        of_post = f"{counted(self.photos, 'photo')} of the post"
        of_others = f"{counted(self.others, 'photo')} of others with the same picture"
        return f"removed from {self.destination} {self.month:%Y-%m}: {of_post}, {of_others}"


@dataclass(frozen=True)
class Forgetting:
    """Removes posts from the given stores and records. An interrupted removal can be run again."""

    photo_store: PhotoStore
    label_batches: LabelBatches
    detection_store: DetectionStore
    database: TrendDatabase
    records: dg.DagsterInstance | None

    def forget(self, post: str) -> Iterator[str]:
        """Remove a post, given by shortcode, URL or path, and yield what was removed and kept.

        Raises:
            AlreadyLocked: another process collects or reads a month that contained the post.
            TrendDatabaseError: the tables cannot be updated.
            ValueError: the manifest of a month cannot be read. The post is removed from all other
                months.
        """
        address = re.search(r"/(?:p|reel|tv)/([\w-]+)", post)
        shortcode = address[1] if address else post
        try:
            found = False
            for removed in self.months_without(shortcode):
                found = True
                yield str(removed)
        finally:
            copies = self.label_batches.delete_unstored(self.photo_store, self.records)
        if copies:
            yield (
                f"removed from {self.label_batches.root}: {counted(copies, 'photo')}; delete the "
                "tasks in Label Studio, too"
            )
        yield _KEPT if found else f"no stored photo belongs to {shortcode}; check its spelling"
        yield f"{shortcode} will not be collected again"

    def months_without(self, shortcode: str) -> Iterator[Removed]:
        """Remove a post and its pictures, and yield each month that contained one of them.

        Raises the errors of ``forget``.
        """
        # This is the first step, so that a running crawl does not store the post again.
        self.photo_store.forget(shortcode)
        post, unread = Forgotten(frozenset([hash_of(shortcode)])), dict[str, str]()
        of_post = self._same_pictures(lambda row: row.shortcode in post, unread)
        contents = {row.sha256 for row in of_post} - {None}
        same = self._same_pictures(
            lambda row: row.shortcode in post or row.sha256 in contents, unread
        )
        # All names are written before the first photo is deleted. After an interruption, the next
        # removal still knows which photos show the same pictures.
        for name in {row.name for row in same if row.shortcode not in post}:
            self.photo_store.forget(name)
        forgotten = self.photo_store.forgotten()
        for slug, month, rows in self._months(unread):
            gone = [row for row in rows if _is_gone(row, forgotten)]
            if gone:
                self._remove(gone, forgotten, slug, month)
                others = sum(row.shortcode not in post for row in gone if row.sha256)
                yield Removed(slug, month, sum(bool(row.sha256) for row in gone) - others, others)
        if unread:
            raise ValueError("; ".join(unread.values()))

    def _months(self, unread: dict[str, str]) -> Iterator[tuple[str, date, Sequence[ManifestRow]]]:
        """Read the manifest and the journal of each month; add errors to ``unread``."""
        for slug, month in self.photo_store.months():
            stored = self.photo_store.month(slug, month)
            try:
                rows = [*stored.rows(), *_rows_in(stored.journal)]
            except ValueError as error:
                unread[f"{slug} {month}"] = f"{slug} {month:%Y-%m}: {error}"
            else:
                yield slug, month, rows

    def _same_pictures(
        self, is_wanted: Callable[[ManifestRow], bool], unread: dict[str, str]
    ) -> list[ManifestRow]:
        """List the wanted photos, and the photos of each month that show the same pictures."""
        same = []
        for _, _, rows in self._months(unread):
            pictures = {row.picture for row in rows if is_wanted(row)}
            same += [row for row in rows if row.picture in pictures]
        return same

    def _remove(
        self, gone: Sequence[ManifestRow], forgotten: Forgotten, slug: str, month: date
    ) -> None:
        """Remove photos from a month; the manifest, which lists them, is changed last."""
        stored = self.photo_store.month(slug, month)
        hashes = {row.sha256 for row in gone if row.sha256}
        if self.records is not None:
            reject_unfinished_runs(self.records, slug, month)
        with stored.locked() as lock:
            rows = stored.rows()
            if hashes:
                self._remove_from_counts(hashes, slug, month)
            if self.records is not None:
                delete_runs_with_pictures(self.records, slug, month, "a post on it was removed")
            lock.check()
            stored.delete(hashes)
            stored.journal.forget(forgotten)
            if rows:
                left = [row for row in rows if row.shortcode not in forgotten]
                lock.write_manifest(
                    [row.forgotten() if row.name in forgotten else row for row in left]
                )

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


def _rows_in(journal: CrawlJournal) -> Iterator[ManifestRow]:
    """Give the rows of an unfinished crawl. Its duplicates are marked, but still stored."""
    posts = journal.posts()
    stored = (row for post in posts for row in post.rows)
    for row, marked in zip(stored, deduplicated(posts), strict=True):
        yield marked._replace(sha256=row.sha256)


def _is_gone(row: ManifestRow, forgotten: Forgotten) -> bool:
    forgotten_photo = row.name in forgotten and row.state != "forgotten"
    return forgotten_photo or row.shortcode in forgotten
