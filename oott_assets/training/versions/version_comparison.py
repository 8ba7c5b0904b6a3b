"""Compares two versions on the same photos, as they are served."""

from typing import NamedTuple

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.measurements import validate_published
from oott_assets.training.validation.comparison import compare
from oott_assets.training.validation.metrics import metrics_of
from oott_assets.training.validation_photos import ValidationPhotos
from oott_assets.training.versions.compared_photos import PhotoSet
from oott_assets.training.versions.comparison_page import NOT_MEASURED, comparison_page
from oott_assets.training.versions.differences import differences
from oott_assets.training.versions.version_metrics import metric_rows
from oott_assets.training.versions.version_table import aligned
from oott_fashion.stores.detector_card import PublishedDetector

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
    valid: ValidationPhotos | None,
    garment_detector: GarmentDetector,
) -> VersionComparison:
    """Measure two versions on the same photos, and find the ``photos`` where they differ.

    Args:
        valid: what they are measured on. Without, the table has the metrics of the cards, which may
            have been measured on different photos.

    Raises:
        EngineUnavailable: the engine of the settings cannot run one of them.
        PhotoChanged: a validation photo is missing or has changed.
    """
    rows = (
        _measured_now(first, second, valid, garment_detector)
        if valid
        else metric_rows(first.card.metrics, second.card.metrics, None)
    )
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


def _measured_now(
    first: PublishedDetector,
    second: PublishedDetector,
    valid: ValidationPhotos,
    garment_detector: GarmentDetector,
) -> list[tuple[str, ...]]:
    before, after = (validate_published(each, valid, garment_detector) for each in (first, second))
    return metric_rows(metrics_of(before), metrics_of(after), compare(after, before))
