"""Deletes old photos, but no detections and counts; and deletes old runs of Dagster."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.instance.run_deletion import delete_old_runs
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.photo_failures import PHOTO_FAILURES
from oott_assets.photos.recorded_pictures import delete_runs_with_pictures, reject_unfinished_runs
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store.manifest import ManifestRow
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.setting_fields import from_setting
from oott_assets.settings import RecordsSettings
from oott_fashion.settings import read_settings
from oott_fashion.stores.blobs import AlreadyLocked


@dataclass(frozen=True)
class Sweep:
    """Deletes photos fetched before ``fetched_before``, and the recorded runs that show them."""

    fetched_before: datetime
    records: dg.DagsterInstance

    def month(self, stored: StoredMonth, destination: str, month: date) -> int:
        """Delete a month's photos if the oldest photo is due; return the number of deleted photos.

        Photos that no manifest or journal lists are always deleted. All photos of a month are
        deleted together, because a new detector could not count the month correctly from the
        remaining photos.

        Raises:
            AlreadyLocked: another process collects or reads the month.
            ValueError: the manifest cannot be read.
        """
        reject_unfinished_runs(self.records, destination, month)
        with stored.locked() as lock:
            rows = stored.rows()
            if self._is_due([row for row in rows if row.kept]):
                # The runs are deleted before the manifest changes. After an interruption, the next
                # sweep therefore finds that the month is still due.
                why = "its photos were deleted"
                delete_runs_with_pictures(self.records, destination, month, why)
                lock.write_manifest([_deleted(row) for row in rows])
            for post in stored.journal.posts():
                if self._is_due(post.rows):
                    stored.journal.remove(post.shortcode)
            return stored.delete_unlisted()

    def _is_due(self, rows: Sequence[ManifestRow]) -> bool:
        return any(row.fetched_at < self.fetched_before for row in rows)


def _deleted(row: ManifestRow) -> ManifestRow:
    return row._replace(state="deleted") if row.kept else row


class PhotoRetention(dg.ConfigurableResource[None]):
    """How many days photos are kept."""

    days: int = from_setting(PhotoSettings, "photo_retention_days")

    def sweep(self, now: datetime, records: dg.DagsterInstance) -> Sweep:
        long_ago = datetime.min.replace(tzinfo=UTC)
        return Sweep(now - timedelta(days=self.days) if self.days else long_ago, records)


@dg.op
def delete_old_photos(
    context: dg.OpExecutionContext,
    photo_store: PhotoStore,
    photo_retention: PhotoRetention,
    label_batches: LabelBatches,
) -> None:
    """Delete photos older than OOTT_PHOTO_RETENTION_DAYS, and photos that no manifest lists.

    Copies of these photos that were chosen for labelling are deleted, too. Detections and counts
    stay. Runs whose pages show deleted photos are deleted from the records.
    """
    sweep = photo_retention.sweep(datetime.now(UTC), context.instance)
    failed: list[str] = []
    with failures_of(context, PHOTO_FAILURES):
        for slug, month in photo_store.months():
            name = f"{slug} {month:%Y-%m}"
            try:
                deleted = sweep.month(photo_store.month(slug, month), slug, month)
            except AlreadyLocked as error:
                context.log.warning("%s is left for the next sweep: %s", name, error)
            except ValueError as error:
                failed.append(f"{name}: {error}")
            else:
                context.log.info("%s: %d photos deleted", name, deleted)
        try:
            copies = label_batches.delete_unstored(photo_store, context.instance)
        except AlreadyLocked as error:
            context.log.warning("the photos to label are left for the next sweep: %s", error)
        else:
            context.log.info("photos to label: %d deleted", copies)
    if failed:
        raise dg.Failure(
            f"the photos of {len(failed)} months could not be checked: {'; '.join(failed)}",
            allow_retries=False,
        )


@dg.op
def delete_recorded_runs(context: dg.OpExecutionContext) -> None:
    """Delete runs older than OOTT_RUN_RETENTION_DAYS, except the latest ones of each partition."""
    days = read_settings(RecordsSettings).run_retention_days
    if days:
        deleted = delete_old_runs(context.instance, datetime.now(UTC) - timedelta(days=days))
        context.log.info("%d runs deleted", deleted)


@dg.job(description="Deletes photos and Dagster's runs after the days that the settings name.")
def photo_retention_job() -> None:
    delete_old_photos()
    delete_recorded_runs()
