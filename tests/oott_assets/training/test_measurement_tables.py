"""Tables of measured detectors, also of cards that an older OOTT wrote."""

import dagster as dg

from oott_assets.training.measurement_tables import (
    comparison_table,
    confusion_table,
    garment_table,
    served_garment_table,
)
from oott_assets.training.measurements import Measurement

NEW = Measurement(
    name="served",
    metrics={
        "main_data": {
            "photos": 156, "mAP50": 0.41, "mAP50 low": 0.37, "mAP50 high": 0.45, "coat": 0.6,
        },
        "precision by garment": {"coat": 0.5},
        "recall by garment": {"coat": 0.7, "jeans": 0.0},
        "boxes by garment": {"coat": 42, "jeans": 1},
        "confusion": {"jeans as slacks": 1.0, "coat missed": 0.3},
    },
)  # fmt: skip
OLD = Measurement(
    name="old",
    metrics={
        "main_data": {"mAP50": 0.35, "mAP50-95": 0.2, "coat": 0.5},
        "main_data at 640 px": {"mAP50": 0.17},
        "closet": {"photos": 425.0, "label right": 0.8},
    },
)


def lines(table: dg.MarkdownMetadataValue) -> list[str]:
    return str(table.value).splitlines()[2:]


def test_detectors_are_compared_with_intervals_and_an_old_card_with_what_it_has() -> None:
    assert lines(comparison_table([NEW, OLD])) == [
        "| main_data: photos | 156 | - |",
        "| main_data: mAP50 | 0.410 (0.370 to 0.450) | 0.350 |",
        "| main_data: mAP50-95 | - | 0.200 |",
        "| closet: photos | - | 425 |",
        "| closet: label right | - | 0.800 |",
    ]


def test_garments_are_compared_in_class_id_order() -> None:
    assert lines(garment_table("main_data", [NEW, OLD])) == ["| coat | 0.600 | 0.500 |"]


def test_each_garment_has_its_boxes_precision_and_recall() -> None:
    assert lines(served_garment_table(NEW, published=OLD)) == [
        "| coat | 42 | 0.600 | 0.500 | 0.500 | 0.700 |",
        "| jeans | 1 | - | - | - | 0.000 |",
    ]
    assert lines(served_garment_table(OLD)) == ["| coat | - | 0.500 | - | - | - |"]


def test_the_error_with_the_most_boxes_comes_first() -> None:
    assert lines(confusion_table(NEW)) == ["| coat missed | 0.30 |", "| jeans as slacks | 1.00 |"]
    assert lines(confusion_table(OLD)) == []
