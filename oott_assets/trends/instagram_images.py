"""Photos collected per destination and month, stored once each."""

from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg

from oott_assets.partitions import month_and_destination, month_by_destination
from oott_assets.reports.pictures import annotated, contact_sheet, sample_of
from oott_assets.reports.progress import reported
from oott_assets.reports.tables import listed
from oott_assets.resources.photo_source import ChosenSource
from oott_assets.resources.photo_store import ManifestRow, PhotoStore
from oott_assets.sources.photo_source import FoundPhoto, PhotosUnknown, RefusedPhoto
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto


@dg.asset(partitions_def=month_by_destination, group_name="trends", kinds={"parquet"})
def instagram_images(
    context: dg.AssetExecutionContext, photo_source: ChosenSource, photo_store: PhotoStore
) -> dg.MaterializeResult[None]:
    """The photos that people took at a destination in a month.

    A photo that comes twice is kept once. What cannot be read is listed in the manifest with the
    reason, and counted nowhere.
    """
    month, destination = month_and_destination(context)
    try:
        source = photo_source.opened()
        photos = reported(source.photos(destination, month), context.log, "photos collected")
        found = [_row_of(photo, source.name, photo_store) for photo in photos]
    except PhotosUnknown as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    rows = without_doubles(found)
    photo_store.write_manifest(destination.slug, month, rows)
    return dg.MaterializeResult(
        metadata={
            "doubles left out": len(found) - len(rows),
            **_metadata_of(rows, photo_store),
        }
    )


def without_doubles(rows: Iterable[ManifestRow]) -> list[ManifestRow]:
    """Keep the first row of each content, and every row of what could not be read."""
    first: dict[str, ManifestRow] = {}
    for row in rows:
        first.setdefault(row.sha256 or f"unreadable: {row.name}", row)
    return list(first.values())


def _row_of(photo: FoundPhoto | RefusedPhoto, source: str, photo_store: PhotoStore) -> ManifestRow:
    now = datetime.now(UTC)
    if isinstance(photo, RefusedPhoto):
        return ManifestRow(photo.name, None, None, None, None, source, now, photo.reason)
    try:
        stored = photo_store.keep(photo.content)
    except (UnreadablePhoto, PhotoTooLarge) as error:
        return ManifestRow(photo.name, None, None, None, photo.taken_at, source, now, str(error))
    return ManifestRow(photo.name, *stored, photo.taken_at, source, now, None)


def _metadata_of(
    rows: list[ManifestRow], photo_store: PhotoStore
) -> dict[str, dg.MetadataValue | int]:
    stored = [row.sha256 for row in rows if row.sha256 is not None]
    unreadable = [(row.name, row.unreadable) for row in rows if row.unreadable is not None]
    # Shrunk one by one: eighteen photos of a new phone take three gigabytes.
    sheet = contact_sheet([annotated(photo_store.pixels(photo), ()) for photo in sample_of(stored)])
    return {
        "contact sheet": sheet,
        "photos": len(stored),
        "undated": sum(row.taken_at is None and row.unreadable is None for row in rows),
        "unreadable": len(unreadable),
        "unreadable photos": listed(("photo", "reason"), unreadable),
    }
