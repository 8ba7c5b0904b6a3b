"""Deletes photos when ``OOTT_PHOTO_RETENTION_DAYS`` are over; what was seen in them stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from oott_assets.resources.manifest import ManifestRow
from oott_assets.resources.photo_store import PhotoStore
from oott_assets.resources.stored_month import StoredMonth
from oott_assets.trends.failures import told_as_failures
from oott_assets.trends.recorded_pictures import delete_recorded_pictures
from oott_fashion.stores.blobs import HeldElsewhere, NoBlob


@dataclass(frozen=True)
class Retention:
    """Deletes what was fetched before ``fetched_before``."""

    fetched_before: datetime

    def sweep(self, stored: StoredMonth) -> int:
        """Delete a month's photos once the oldest is due, and what no manifest lists; count them.

        A month goes at once, since half of one could not be read again by a new detector.

        Raises:
            HeldElsewhere: the month is being collected.
        """
        with stored.held() as hold:
            rows = _manifest_of(stored)
            if self._is_due([row for row in rows if row.kept]):
                hold.check()
                stored.write_manifest([_deleted(row) for row in rows])
            for post in stored.journal.posts():
                if self._is_due(post.rows):
                    stored.journal.strike(post.shortcode)
            return stored.delete_unlisted()

    def _is_due(self, rows: Sequence[ManifestRow]) -> bool:
        return any(row.fetched_at < self.fetched_before for row in rows)


def _manifest_of(stored: StoredMonth) -> list[ManifestRow]:
    try:
        return stored.manifest()
    except NoBlob:
        return []


def _deleted(row: ManifestRow) -> ManifestRow:
    return row._replace(state="deleted") if row.kept else row


class PhotoRetention(dg.ConfigurableResource[None]):
    """For how many days photos are kept; None is for ever."""

    days: int | None

    def as_of(self, now: datetime) -> Retention | None:
        return None if self.days is None else Retention(now - timedelta(days=self.days))


@dg.op
def delete_old_photos(
    context: dg.OpExecutionContext, photo_store: PhotoStore, photo_retention: PhotoRetention
) -> None:
    """Delete photos older than OOTT_PHOTO_RETENTION_DAYS, and those that no manifest lists.

    Detections and counts stay; runs whose pages show deleted photos are taken out of the records.
    """
    retention = photo_retention.as_of(datetime.now(UTC))
    if retention is None:
        context.log.info("OOTT_PHOTO_RETENTION_DAYS is not set: photos are kept for ever")
        return
    with told_as_failures():
        for slug, month in photo_store.months():
            try:
                deleted = retention.sweep(photo_store.month(slug, month))
            except HeldElsewhere as error:
                context.log.warning("%s; its photos are left for the next sweep", error)
                continue
            if deleted:
                context.log.info("%s %s: %d photos deleted", slug, f"{month:%Y-%m}", deleted)
                delete_recorded_pictures(context.instance, slug, month, "its photos were deleted")


@dg.job(description="Deletes the photos whose OOTT_PHOTO_RETENTION_DAYS are over.")
def photo_retention_job() -> None:
    delete_old_photos()
