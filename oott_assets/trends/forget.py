"""Removes a post from everything that is stored and counted, and keeps it away.

``python -m oott_assets.trends.forget SHORTCODE``; of a folder, the photo's path in it.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime

import click
import dagster as dg

from oott_assets.partitions import MonthAndDestination, destinations
from oott_assets.resources.detection_store import DetectionStore, PartitionDetections
from oott_assets.resources.manifest import ManifestRow
from oott_assets.resources.photo_store import PhotoStore
from oott_assets.resources.stored_month import StoredMonth
from oott_assets.resources.trend_database import TrendDatabase
from oott_assets.trends.monthly_trends import counts_of, trend_slice
from oott_assets.trends.recorded_pictures import delete_recorded_pictures
from oott_fashion.destinations import UnknownPlace
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import HeldElsewhere, NoBlob, StoreUnreachable
from oott_fashion.stores.trend_tables import TrendDatabaseError


@dataclass(frozen=True)
class Forgetting:
    """Forgets posts in the given stores and records; done again, it ends what was cut short."""

    photo_store: PhotoStore
    detection_store: DetectionStore
    database: TrendDatabase
    records: dg.DagsterInstance | None

    def forget(self, shortcode: str) -> Iterator[tuple[str, date]]:
        """Remove a post; give each destination and month it was removed from.

        Raises:
            HeldElsewhere: a month of it is being collected.
            TrendDatabaseError: the tables cannot be counted anew.
        """
        # First, so that no crawl that is going on writes it down again.
        self.photo_store.forget(shortcode)
        for slug, month in self.photo_store.months():
            stored = self.photo_store.month(slug, month)
            if _is_in(stored, shortcode):
                with stored.held():
                    self._remove(shortcode, stored, slug, month)
                yield slug, month

    def _remove(self, shortcode: str, stored: StoredMonth, slug: str, month: date) -> None:
        stored.journal.strike(shortcode)
        rows = _rows_of(stored)
        gone = {row.sha256 for row in rows if row.shortcode == shortcode and row.sha256}
        if gone:
            # A photo that was left out for showing the same as this one is not brought back.
            self._remove_from_counts(gone, slug, month)
        if self.records is not None:
            delete_recorded_pictures(self.records, slug, month, "a post on it was removed")
        # Last of what names the post: until here, doing it all again finds it.
        if rows:
            stored.write_manifest([row for row in rows if row.shortcode != shortcode])
        stored.delete_unlisted()

    def _remove_from_counts(self, gone: set[str], slug: str, month: date) -> None:
        try:
            detections = self.detection_store.read(slug, month)
        except NoBlob:
            return
        left = tuple(photo for photo in detections.photos if photo.sha256 not in gone)
        remaining = PartitionDetections(detections.detector_version, left)
        self.detection_store.write(slug, month, remaining)
        try:
            counted = trend_slice(MonthAndDestination(month, destinations.destination(slug)))
        except UnknownPlace:
            return
        with self.database.tables() as tables:
            if tables.coverage_of(counted) is not None:
                tables.replace(counted, *counts_of(remaining), datetime.now(UTC))


def _is_in(stored: StoredMonth, shortcode: str) -> bool:
    in_manifest = any(row.shortcode == shortcode for row in _rows_of(stored))
    return in_manifest or stored.journal.holds(shortcode)


def _rows_of(stored: StoredMonth) -> list[ManifestRow]:
    try:
        return stored.manifest()
    except NoBlob:
        return []


@click.command()
@click.argument("shortcode")
def main(shortcode: str) -> None:
    """Remove the post SHORTCODE from everything stored and counted, and keep it away."""
    try:
        settings = read_settings()
        root, most_pixels = settings.photo_store_root, settings.most_pixels
        photos = PhotoStore(root=root, most_pixels=most_pixels)
        with _records() as records:
            forgetting = Forgetting(photos, DetectionStore(root=root), TrendDatabase(), records)
            removed = list(forgetting.forget(shortcode))
    except (BadSetting, HeldElsewhere, StoreUnreachable, TrendDatabaseError, OSError) as error:
        raise click.ClickException(f"{error}; then run this again") from error
    for slug, month in removed:
        click.echo(f"removed from {slug} {month:%Y-%m}")
    if not removed:
        click.echo("it was stored nowhere")
    click.echo("it will not be collected again")


def _records() -> AbstractContextManager[dg.DagsterInstance | None]:
    if "DAGSTER_HOME" in os.environ:
        return dg.DagsterInstance.get()
    click.echo("DAGSTER_HOME is not set: contact sheets stay in Dagster's records", err=True)
    return nullcontext()


if __name__ == "__main__":
    main()
