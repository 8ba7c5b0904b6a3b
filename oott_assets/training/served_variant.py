"""Export the champion to ONNX, choose its fastest variant, and write that with its card."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from logging import Logger
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from oott_assets.garment_detector import GarmentDetector
from oott_assets.reports.tables import markdown_table
from oott_assets.training.champion import Champion
from oott_assets.training.gates import reject_wrong_export
from oott_assets.training.labels.labelled_photos import LabelledPhoto, in_split, pixels_of
from oott_assets.training.measurements import validate_engine
from oott_assets.training.validation.answers import boxes_as_served
from oott_assets.training.validation.metrics import metrics_of
from oott_assets.training.validation.validated import Validated, map50_on
from oott_assets.training.validation_photos import ValidationPhotos
from oott_assets.training.yolov8.onnx_export import Parity, export_onnx, parity
from oott_assets.training.yolov8.shareable_weights import LICENCE
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.detector_card import DetectorCard, PublishedDetector
from oott_fashion.stores.model_store import write_detector
from oott_fashion.vision.engines import Engine
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import Photo

if TYPE_CHECKING:
    from oott_assets.training.yolov8.faster_variants import Variant

# Quantisation learns the ranges of activations from this many photos.
_CALIBRATION_PHOTOS = 48


class OpenedCandidate(NamedTuple):
    """A candidate in the engine that serves it, and what it does on the validation photos."""

    detector: PublishedDetector
    engine: Engine
    validated: Validated


class ServedVariant(NamedTuple):
    """The ONNX file to serve, opened, and the parity of the dense export."""

    name: str
    onnx: Path
    engine: Engine
    parity: Parity


def make_candidate(
    won: Champion,
    photos: ValidationPhotos,
    folder: Path,
    garment_detector: GarmentDetector,
    log: Logger,
) -> OpenedCandidate:
    """Export the champion into ``folder``, with a card."""
    side = won.weights.image_side
    served = export_fastest(won.weights.weights, side, photos, folder, garment_detector, log)
    content = served.onnx.read_bytes()
    validated = validate_engine(served.engine, side, photos, garment_detector.thresholds)
    card = DetectorCard(
        garments=GARMENT_NAMES,
        image_side=side,
        trained_on=won.weights.trained_on,
        metrics=metrics_of(validated),
        parity=served.parity.pixels_apart,
        engine=served.parity.engine,
        variant=served.name,
        sha256=hashlib.sha256(content).hexdigest(),
        weights_sha256=won.weights.sha256,
        licence=LICENCE,
        created=datetime.now(UTC),
    )
    weights = won.weights.weights.read_bytes()
    write_detector(LocalBlobs(folder.parent), folder.name, content, card, weights)
    for file in folder.glob("*.onnx"):
        if file.name != "detector.onnx":
            os.unlink(file)
    detector = PublishedDetector.verified(folder / "detector.onnx", card)
    return OpenedCandidate(detector, served.engine, validated)


def opened_candidate(
    kept: PublishedDetector, photos: ValidationPhotos, garment_detector: GarmentDetector
) -> OpenedCandidate:
    """Open and measure a candidate that an earlier run made."""
    engine = garment_detector.engine_of(kept.onnx)
    thresholds = garment_detector.thresholds
    validated = validate_engine(engine, kept.card.image_side, photos, thresholds)
    return OpenedCandidate(kept, engine, validated)


def export_dense(
    weights: Path,
    image_side: int,
    out: Path,
    photos: Iterable[Photo],
    garment_detector: GarmentDetector,
) -> tuple[Engine, Parity]:
    """Export ``weights`` to ``out``, open the export, and compare both on ``photos``.

    Raises:
        Failure: the export differs from its weights.
        EngineUnavailable: the engine of the settings cannot run the export.
    """
    export_onnx(weights, image_side, out)
    engine = garment_detector.engine_of(out)
    agreement = parity(weights, engine, photos, image_side)
    reject_wrong_export(agreement)
    return engine, agreement


def export_fastest(
    weights: Path,
    image_side: int,
    photos: ValidationPhotos,
    folder: Path,
    garment_detector: GarmentDetector,
    log: Logger,
) -> ServedVariant:
    """Export ``weights`` into ``folder``, and choose the fastest variant that loses little.

    ``variants.md`` in ``folder`` lists the variants, with their speed and accuracy.

    Args:
        photos: those of main_data are for calibration, for the comparison with the weights, and for
            the mAP50 of the variants.
    """
    from oott_assets.training.yolov8.faster_variants import (
        Variant,
        fastest_variant,
        median_milliseconds,
        quantise_to_int8,
    )

    dense = folder / "dense.onnx"
    opened, agreement = export_dense(weights, image_side, dense, photos.sample(), garment_detector)
    calibration = _calibration_photos(photos.main_data)
    inputs = [letterbox(photo, image_side)[0][None] for photo in calibration]
    files = {"dense": dense, "int8": folder / "int8.onnx"}
    quantise_to_int8(dense, inputs, files["int8"])
    engines = {"dense": opened, "int8": garment_detector.engine_of(files["int8"])}
    times = median_milliseconds(list(engines.values()), inputs[0])
    iou = garment_detector.iou_threshold
    map50s = [
        map50_on(photos.main_data, boxes_as_served(engine, image_side, iou))
        for engine in engines.values()
    ]
    variants = [
        Variant(name, milliseconds, map50)
        for name, milliseconds, map50 in zip(engines, times, map50s, strict=True)
    ]
    chosen = fastest_variant(variants[0], variants[1:])
    log.info("%s is served, of %s", chosen.name, variants)
    (folder / "variants.md").write_text(_variant_table(variants))
    return ServedVariant(chosen.name, files[chosen.name], engines[chosen.name], agreement)


def _variant_table(variants: Sequence["Variant"]) -> str:
    rows = [
        (variant.name, f"{variant.milliseconds:.1f}", f"{variant.map50:.3f}")
        for variant in variants
    ]
    return str(markdown_table(("variant", "ms a photo", "mAP50"), rows).value)


def _calibration_photos(photos: Sequence[LabelledPhoto]) -> list[Photo]:
    train = in_split(photos, "train")
    step = max(1, len(train) // _CALIBRATION_PHOTOS)
    return [pixels_of(photo) for photo in train[::step][:_CALIBRATION_PHOTOS]]
