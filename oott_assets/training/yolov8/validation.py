"""Measures a detector: mean average precision, overall and by garment."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from oott_assets.training.labels.labelled_photos import LabelledPhoto, count_boxes, in_split
from oott_assets.training.labels.ultralytics_layout import write_ultralytics_data_set
from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_fashion.garments import GARMENT_NAMES

# With fewer boxes, an average precision says more about these boxes than about the detector.
MIN_BOXES = 10


class ValidationMetrics(NamedTuple):
    """Mean average precisions, 0..1: at an IoU of 0.5, over 0.5..0.95, and by garment at 0.5.

    ``common_map50`` is the mean over garments with at least ten boxes. Without any, it is 0.
    """

    map50: float
    map50_95: float
    common_map50: float
    by_garment: Mapping[str, float]


def measure(
    weights: Path, photos: Sequence[LabelledPhoto], image_side: int, device: str = "cpu"
) -> ValidationMetrics:
    """Measure a ``.pt`` or ``.onnx`` detector on the validation photos in ``photos``.

    Photos are letterboxed to a square of ``image_side`` pixels, as in the service. For an ONNX
    file, ``image_side`` must be the side of its export.

    Source: average precision as Ultralytics computes it, ``ultralytics.utils.metrics``.
    """
    valid = in_split(photos, "valid")
    with tempfile.TemporaryDirectory() as folder:
        found = open_model(weights).val(
            data=str(write_ultralytics_data_set(valid, Path(folder) / "data")),
            imgsz=image_side,
            batch=1 if weights.suffix == ".onnx" else 16,
            rect=False,
            device=device,
            workers=0,
            plots=False,
            project=folder,
            name="valid",
            exist_ok=True,
        )
    by_garment = {
        GARMENT_NAMES[class_id]: float(ap50)
        for class_id, ap50 in zip(found.box.ap_class_index, found.box.ap50, strict=True)
    }
    return ValidationMetrics(
        float(found.box.map50),
        float(found.box.map),
        _mean_of_common(by_garment, count_boxes(valid)),
        by_garment,
    )


def _mean_of_common(by_garment: Mapping[str, float], boxes: Mapping[str, int]) -> float:
    common = [ap for garment, ap in by_garment.items() if boxes[garment] >= MIN_BOXES]
    return sum(common) / len(common) if common else 0.0
