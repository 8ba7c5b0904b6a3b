"""Tables of measured detectors for the Dagster UI."""

import re
from collections.abc import Mapping, Sequence

import dagster as dg

from oott_assets.reports.tables import markdown_table
from oott_assets.training.measurements import Measurement
from oott_assets.training.validation.metrics import is_of_all_garments, metric_text
from oott_fashion.garments import GARMENT_NAMES

# The data sets of which each name is a metric; in the others, it is a garment or a pair of them.
_OVERALL = ("main_data", "closet", "without clothes")

# The column of numbers; the other columns have shares.
_BOXES = "boxes"


def comparison_table(measured: Sequence[Measurement]) -> dg.MarkdownMetadataValue:
    """Write a row per metric and a column per detector, with 95 % intervals."""
    rows: dict[str, list[str]] = {}
    for column, measurement in enumerate(measured):
        for data in _OVERALL:
            metrics = measurement.metrics.get(data, {})
            for name in filter(is_of_all_garments, metrics):
                row = rows.setdefault(f"{data}: {name}", ["-"] * len(measured))
                row[column] = metric_text(metrics, name)
    heading = ("measured", *(measurement.name for measurement in measured))
    return markdown_table(heading, [(name, *cells) for name, cells in rows.items()])


def garment_table(data: str, measured: Sequence[Measurement]) -> dg.MarkdownMetadataValue:
    """Write a row per garment and a column per detector, measured on the data set ``data``."""
    columns = {one.name: one.metrics.get(data, {}) for one in measured}
    return _table_by_garment(columns)


def served_garment_table(
    measured: Measurement, published: Measurement | None = None
) -> dg.MarkdownMetadataValue:
    """Write a row per garment: its boxes, its mAP50 and that of the published detector, and more.

    Precision and recall are at the served confidence.
    """
    metrics = measured.metrics
    columns = {
        _BOXES: metrics.get("boxes by garment", {}),
        "mAP50": metrics.get("main_data", {}),
        "mAP50 of published": published.metrics.get("main_data", {}) if published else {},
        "precision": metrics.get("precision by garment", {}),
        "recall": metrics.get("recall by garment", {}),
    }
    return _table_by_garment(columns)


def confusion_table(measured: Measurement) -> dg.MarkdownMetadataValue:
    """Write a row per error, those with the most boxes first: "jeans as slacks" with its share."""
    shares = measured.metrics.get("confusion", {})
    boxes = measured.metrics.get("boxes by garment", {})

    def boxes_of(error: str) -> float:
        garment = re.split(" as | missed| where ", error)[0]
        return shares[error] * boxes.get(garment, 0)

    errors = sorted(shares, key=boxes_of, reverse=True)
    return markdown_table(("error", "share"), [(error, f"{shares[error]:.2f}") for error in errors])


def _table_by_garment(columns: Mapping[str, Mapping[str, float]]) -> dg.MarkdownMetadataValue:
    rows = [
        (garment, *(_shown(values.get(garment), name) for name, values in columns.items()))
        for garment in GARMENT_NAMES
        if any(garment in values for values in columns.values())
    ]
    return markdown_table(("garment", *columns), rows)


def _shown(value: float | None, column: str) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if column == _BOXES else f"{value:.3f}"
