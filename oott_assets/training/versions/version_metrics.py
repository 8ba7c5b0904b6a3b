"""Measures a version on the validation photos, and puts two versions side by side in a table."""

from pathlib import Path

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation.answers import boxes_as_served
from oott_assets.training.validation.metrics import Metrics, metrics_of
from oott_assets.training.validation.validated import validate
from oott_fashion.garments import GARMENT_NAMES

# Confusions have a row per pair of garments, which nobody reads.
_LEFT_OUT = ("confusion",)


def metrics_now(
    onnx: Path, image_side: int, store: TrainingStore, garment_detector: GarmentDetector
) -> Metrics:
    """Measure a detector as it is served; no metrics if main_data was never materialised.

    Raises:
        EngineUnavailable: the engine of the settings cannot run it.
        PhotoChanged: a validation photo is missing or has changed.
    """
    main_data = store.photos_or_none("main_data")
    if main_data is None:
        return {}
    closet = store.photos_or_none("closet") or []
    thresholds = garment_detector.thresholds
    find = boxes_as_served(garment_detector.engine_of(onnx), image_side, thresholds.iou)
    return metrics_of(validate(main_data, closet, find, thresholds.confidence))


def overall_rows(first: Metrics, second: Metrics) -> list[tuple[str, ...]]:
    """Give a row per metric: both values, with their 95 % intervals if known, and the change."""
    return [
        _row(f"{data}: {name}", data, name, first, second)
        for data in dict.fromkeys((*first, *second))
        if data not in _LEFT_OUT
        for name in dict.fromkeys((*first.get(data, {}), *second.get(data, {})))
        if name not in GARMENT_NAMES and not name.endswith((" low", " high"))
    ]


def garment_rows(first: Metrics, second: Metrics) -> list[tuple[str, ...]]:
    """Give a row per garment: its mAP50 on main_data, then its share of right closet labels."""
    return [
        _row(f"{garment}, {data}", data, garment, first, second)
        for data in ("main_data", "closet")
        for garment in GARMENT_NAMES
        if garment in first.get(data, {}) or garment in second.get(data, {})
    ]


def _row(label: str, data: str, name: str, first: Metrics, second: Metrics) -> tuple[str, ...]:
    values = [metrics.get(data, {}).get(name) for metrics in (first, second)]
    before, after = values
    change = "" if before is None or after is None else f"{after - before:+.3f}"
    return (label, _shown(first, data, name), _shown(second, data, name), change)


def _shown(metrics: Metrics, data: str, name: str) -> str:
    values = metrics.get(data, {})
    if name not in values:
        return "-"
    if f"{name} low" not in values:
        # Numbers of photos and boxes are stored as floats, too.
        return f"{values[name]:.0f}" if name in ("photos", "boxes") else f"{values[name]:.3f}"
    return f"{values[name]:.3f} ({values[f'{name} low']:.3f} to {values[f'{name} high']:.3f})"
