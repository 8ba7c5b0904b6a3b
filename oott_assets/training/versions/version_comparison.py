"""Compares two versions on the same photos, as they are served."""

from typing import NamedTuple

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.versions.compared_photos import PhotoSet
from oott_assets.training.versions.comparison_page import NOT_MEASURED, comparison_page
from oott_assets.training.versions.differences import differences
from oott_assets.training.versions.version_metrics import garment_rows, metrics_now, overall_rows
from oott_assets.training.versions.version_table import aligned
from oott_fashion.stores.model_store import PublishedDetector

# The page shows this many photos; with 24, it has about 2 MB.
_SHOWN = 24


class VersionComparison(NamedTuple):
    """A table of metrics and a summary for a terminal, and a page of HTML with photos."""

    table: str
    summary: str
    page: str


def compare_versions(
    first: PublishedDetector,
    second: PublishedDetector,
    photos: PhotoSet,
    store: TrainingStore,
    garment_detector: GarmentDetector,
) -> VersionComparison:
    """Measure both versions on the validation photos, and find the ``photos`` where they differ.

    If main_data was never materialised, the table has the metrics of the cards. They may have been
    measured on different photos.

    Raises:
        EngineUnavailable: the engine of the settings cannot run one of them.
        PhotoChanged: a validation photo is missing or has changed.
    """
    before, after = (
        metrics_now(each.onnx, each.card.image_side, store, garment_detector) or each.card.metrics
        for each in (first, second)
    )
    rows = [*overall_rows(before, after), *garment_rows(before, after)]
    found = differences(
        photos.photos, *(garment_detector.opened(each).detector for each in (first, second))
    )
    different = sum(each.size > 0 for each in found)
    summary = f"{len(found)} {photos.description}; the versions differ in {different} of them"
    versions = (first.version, second.version)
    return VersionComparison(
        "\n".join(aligned([("measured", *versions, "change"), *rows])) if rows else NOT_MEASURED,
        summary,
        comparison_page(versions, rows, summary, found[:_SHOWN]),
    )
