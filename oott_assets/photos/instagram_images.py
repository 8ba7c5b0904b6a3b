"""The photos collected per destination and month."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.partitions import month_and_destination, month_by_destination
from oott_assets.photos.collection import Collected, Collector
from oott_assets.photos.photo_failures import PHOTO_FAILURES
from oott_assets.photos.recorded_pictures import delete_runs_with_pictures
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.chosen_source import ChosenSource
from oott_assets.photos.sources.photo_files import reasons_of
from oott_assets.photos.store.manifest import ManifestRow, kept_in
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.reports.pictures import contact_sheet, draw_detections, sample_of
from oott_assets.reports.tables import markdown_table
from oott_fashion.settings import read_settings
from oott_fashion.vision.photos import UnreadablePhoto

# Any month can have photos or posts in these states, so the list of left-out photos omits them.
_NOT_OF_THIS_MONTH = ("other month", "no photo")


# A site is asked by one run at a time. A pool has as many steps as dagster.yaml allows: one.
_SOURCE = read_settings(PhotoSettings).photo_source
_POOL = f"photo_source_{_SOURCE}" if _SOURCE in ("graph_api", "browser") else None


@dg.asset(partitions_def=month_by_destination, pool=_POOL, group_name="trends", kinds={"parquet"})
def instagram_images(
    context: dg.AssetExecutionContext, photo_source: ChosenSource, photo_store: PhotoStore
) -> dg.MaterializeResult[None]:
    """The photos that people took at a destination in a month, with faces hidden.

    Duplicates are kept once. The manifest lists every photo that was left out, with the reason.
    """
    partition = month_and_destination(context)
    stored = photo_store.month(partition.destination.slug, partition.month)
    with failures_of(context, PHOTO_FAILURES):
        source = photo_source.opened()
        collector = Collector(source, photo_store, photo_source.timezone, photo_source.max_posts)
        collected = collector.collect(partition, context.log)
        if collected.dropped:
            slug, why = partition.destination.slug, "photos of that run were deleted"
            delete_runs_with_pictures(context.instance, slug, partition.month, why)
        return dg.MaterializeResult(
            metadata={
                "contact_sheet": _sheet_of(collected.rows, stored),
                **_counts_of(collected),
            }
        )


def _sheet_of(rows: Sequence[ManifestRow], stored: StoredMonth) -> dg.MarkdownMetadataValue:
    tiles = []
    for photo in sample_of(kept_in(rows)):
        # Another process may have deleted the photo since the manifest was written.
        with suppress(UnreadablePhoto):
            # Each photo is shrunk before the next one is read, to save memory. In full size,
            # 18 photos of a new phone would need 3 GB.
            tiles.append(draw_detections(stored.pixels(photo), ()))
    return contact_sheet(tiles)


def _counts_of(collected: Collected) -> dict[str, dg.MetadataValue | int | bool | str]:
    states = Counter(row.state for row in collected.rows)
    kept = [row for row in collected.rows if row.kept]
    left_out = [
        (row.name, row.state, row.reason or "")
        for row in collected.rows
        if not row.kept and (row.reason or row.state not in _NOT_OF_THIS_MONTH)
    ]
    return {
        "photos": len(kept),
        "undated": sum(row.taken_at is None for row in kept),
        "faces_hidden": sum(row.faces_hidden for row in kept),
        "posts_listed": collected.listed,
        "posts_from_an_earlier_run": collected.resumed,
        "posts_forgotten": collected.forgotten,
        "posts_cut_at_max_posts": collected.cut,
        "photos_and_posts_by_state": markdown_table(
            ("state", "photos or posts"), states.most_common()
        ),
        "left_out": markdown_table(("photo", "state", "reason"), left_out),
        "files_skipped": len(collected.skipped),
        "skipped_files": markdown_table(
            ("reason", "files", "names"), reasons_of(collected.skipped)
        ),
    }
