"""Measure a detector on validation photos, and compare several detectors in a table.

The same metrics go into ``champion.json`` and into the card of a published detector.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
from pydantic import BaseModel, ConfigDict

from oott_assets.garment_detector import GarmentDetector
from oott_assets.reports.tables import markdown_table
from oott_assets.training.labels.catalogue_folders import garment_of_folder
from oott_assets.training.labels.labelled_photos import LabelledPhoto, pixels_of
from oott_assets.training.validation_photos import ValidationPhotos
from oott_assets.training.weights import TrainedWeights
from oott_fashion.garments import GARMENT_NAMES, garment_named
from oott_fashion.stores.model_store import PublishedDetector
from oott_fashion.vision.detector import Detector

# Detectors are usually compared at this image side, in pixels. The app uses the served side.
_USUAL_SIDE = 640


class Measurement(BaseModel):
    """The metrics of one detector, 0..1, by data set and by name of the metric."""

    model_config = ConfigDict(frozen=True)

    name: str
    metrics: dict[str, dict[str, float]]

    @property
    def map50(self) -> float:
        """The mAP50 on the valid split of main_data, at the served side."""
        return self.metrics["main_data"]["mAP50"]

    @property
    def closet_accuracy(self) -> float:
        """The share of closet photos with the right label; 0 where no photos were held out."""
        return self.metrics.get("closet", {}).get("label right", 0.0)


def measure_candidate(
    name: str, trained: TrainedWeights, photos: ValidationPhotos, garment_detector: GarmentDetector
) -> Measurement:
    """Measure trained weights at the served side and at 640 px, and on closet photos."""
    from oott_assets.training.yolov8.torch_engine import TorchEngine

    side = trained.image_side
    served = main_data_metrics(trained.weights, photos.main_data, side)
    usual = main_data_metrics(trained.weights, photos.main_data, _USUAL_SIDE)
    detector = Detector(TorchEngine(trained.weights), side, garment_detector.thresholds)
    metrics = {"main_data": served, f"main_data at {_USUAL_SIDE} px": usual}
    return Measurement(name=name, metrics=metrics | closet_metrics(detector, photos.closet))


def measure_published(
    published: PublishedDetector, photos: ValidationPhotos, garment_detector: GarmentDetector
) -> Measurement:
    """Measure the published detector at the side it is served at, and on closet photos."""
    side = published.card.image_side
    engine = garment_detector.engine_of(published.onnx)
    metrics = {"main_data": main_data_metrics(published.onnx, photos.main_data, side)}
    detector = Detector(engine, side, garment_detector.thresholds)
    return Measurement(name="published", metrics=metrics | closet_metrics(detector, photos.closet))


def main_data_metrics(
    weights: Path, photos: Sequence[LabelledPhoto], image_side: int
) -> dict[str, float]:
    """Measure weights or an ONNX file on main_data; the mAP50 of a garment has its name."""
    from oott_assets.training.yolov8.validation import MIN_BOXES, measure

    found = measure(weights, photos, image_side)
    return {
        "mAP50": found.map50,
        "mAP50-95": found.map50_95,
        f"mAP50 of garments with {MIN_BOXES} boxes": found.common_map50,
        **found.by_garment,
    }


def closet_metrics(
    detector: Detector, photos: Sequence[LabelledPhoto]
) -> dict[str, dict[str, float]]:
    """Compare the most confident garment of each closet photo with its folder's name.

    Photos that show no clothes are not compared. The result is empty where there are no photos.
    """
    shown = [(photo, garment) for photo in photos if (garment := garment_of_folder(photo.file))]
    if not shown:
        return {}
    expected = [garment for _, garment in shown]
    found = [_most_confident_garment(detector, photo) for photo, _ in shown]
    total = Counter(expected)
    right = Counter(
        garment for garment, label in zip(expected, found, strict=True) if garment == label
    )
    overall = {
        "photos": len(shown),
        "label right": right.total() / len(shown),
        "nothing found": found.count(None) / len(shown),
    }
    by_garment = {name: right[name] / total[name] for name in GARMENT_NAMES if total[name]}
    return {"closet": overall | by_garment}


def _most_confident_garment(detector: Detector, photo: LabelledPhoto) -> str | None:
    found = detector.boxes(pixels_of(photo))
    return garment_named(int(found.class_ids[0])) if len(found.class_ids) else None


def comparison_table(measured: Sequence[Measurement]) -> dg.MarkdownMetadataValue:
    """Write a row per metric and a column per detector, without the metrics of single garments."""
    rows: dict[str, list[str]] = {}
    for column, measurement in enumerate(measured):
        for data, metrics in measurement.metrics.items():
            for name, value in metrics.items():
                if name not in GARMENT_NAMES:
                    row = rows.setdefault(f"{data}: {name}", ["-"] * len(measured))
                    row[column] = f"{value:.3f}"
    heading = ("measured", *(measurement.name for measurement in measured))
    return markdown_table(heading, [(name, *cells) for name, cells in rows.items()])


def garment_table(data: str, measured: Sequence[Measurement]) -> dg.MarkdownMetadataValue:
    """Write a row per garment and a column per detector, measured on the data set ``data``."""
    known: list[Mapping[str, float]] = [one.metrics.get(data, {}) for one in measured]
    rows = [
        (name, *(f"{metrics[name]:.3f}" if name in metrics else "-" for metrics in known))
        for name in GARMENT_NAMES
        if any(name in metrics for metrics in known)
    ]
    return markdown_table(("garment", *(one.name for one in measured)), rows)
