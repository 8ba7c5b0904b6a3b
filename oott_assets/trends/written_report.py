"""Writes the trend page of a month from the trend tables."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from oott_assets.partitions import destinations
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.trends.page.page_data import page_json
from oott_assets.trends.page.page_html import trend_page
from oott_assets.trends.page.page_rows import page_rows
from oott_assets.trends.report_folder import ReportFolder
from oott_fashion.stores.blobs import BlobNotFound
from oott_fashion.stores.estimate_tables import EstimateRow
from oott_fashion.stores.trend_tables import TrendTables


class WrittenReport(NamedTuple):
    """The file of a trend page, and the estimates of its month."""

    file: Path
    estimates: list[EstimateRow]


def written_report(
    tables: TrendTables, photo_store: PhotoStore, folder: ReportFolder, month: date
) -> WrittenReport:
    """Write the trend page of ``month`` and of all months before it.

    Raises:
        NothingEstimated: ``month`` has no estimates.
    """

    def is_drawn(destination: str, of_month: date) -> bool:
        return _shows_drawn_people(photo_store, destination, of_month)

    rows = page_rows(tables, month, is_drawn)
    page = trend_page(page_json(rows, destinations, datetime.now(UTC)))
    return WrittenReport(folder.write(month, page), rows.months[-1].estimates)


def _shows_drawn_people(photo_store: PhotoStore, destination: str, month: date) -> bool:
    try:
        manifest = photo_store.month(destination, month).manifest()
    except BlobNotFound:  # its counts were imported, or its photos were deleted
        return False
    return any(row.source == Lookbook.name for row in manifest)
