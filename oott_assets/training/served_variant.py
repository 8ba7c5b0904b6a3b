"""Export the champion to ONNX, choose its fastest variant, and write that with its card."""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from logging import Logger
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from oott_assets.garment_detector import GarmentDetector
from oott_assets.reports.pictures import sample_of
from oott_assets.reports.tables import markdown_table
from oott_assets.training.champion import Champion
from oott_assets.training.gates import reject_wrong_export
from oott_assets.training.labels.labelled_photos import LabelledPhoto, in_split, pixels_of
from oott_assets.training.measurements import closet_metrics, main_data_metrics
from oott_assets.training.validation_photos import ValidationPhotos
from oott_assets.training.weights import TrainedWeights
from oott_assets.training.yolov8.onnx_export import Parity, export_onnx, parity
from oott_assets.training.yolov8.shareable_weights import LICENCE
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.model_store import DetectorCard, PublishedDetector
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import Photo

if TYPE_CHECKING:
    from oott_assets.training.yolov8.faster_variants import Variant

# The share of weights that pruning sets to zero.
_PRUNED = 0.8
# Quantisation learns the ranges of activations from this many photos.
_CALIBRATION_PHOTOS = 48


class _ServedVariant(NamedTuple):
    """The ONNX file to serve, its metrics on main_data, and the parity of the dense export."""

    name: str
    onnx: Path
    metrics: dict[str, float]
    parity: Parity


def make_candidate(
    won: Champion,
    photos: ValidationPhotos,
    folder: Path,
    garment_detector: GarmentDetector,
    log: Logger,
) -> PublishedDetector:
    """Export the champion into ``folder``, with a card.

    The card is written last. A run that stops earlier therefore leaves no candidate.
    """
    served = _export_fastest(won.weights, photos.main_data, folder, garment_detector, log)
    content = served.onnx.read_bytes()
    blobs = LocalBlobs(folder)
    blobs.write("detector.onnx", content)
    blobs.write("weights.pt", won.weights.weights.read_bytes())
    side = won.weights.image_side
    detector = Detector(garment_detector.engine_of(served.onnx), side, garment_detector.thresholds)
    closet = closet_metrics(detector, photos.closet)
    card = DetectorCard(
        garments=GARMENT_NAMES,
        image_side=side,
        trained_on=won.weights.trained_on,
        metrics=won.measured.metrics | {"main_data": served.metrics} | closet,
        parity=served.parity.pixels_apart,
        engine=served.parity.engine,
        variant=served.name,
        sha256=hashlib.sha256(content).hexdigest(),
        weights_sha256=won.weights.sha256,
        licence=LICENCE,
        created=datetime.now(UTC),
    )
    blobs.write("card.json", (card.model_dump_json(indent=2) + "\n").encode())
    for file in folder.glob("*.onnx"):
        if file.name != "detector.onnx":
            os.unlink(file)
    return PublishedDetector.verified(folder / "detector.onnx", card)


def _export_fastest(
    trained: TrainedWeights,
    photos: Sequence[LabelledPhoto],
    folder: Path,
    garment_detector: GarmentDetector,
    log: Logger,
) -> _ServedVariant:
    """Export ``trained`` into ``folder``, and choose the fastest variant that loses little.

    ``variants.md`` in ``folder`` lists the variants, with their speed and accuracy.

    Args:
        photos: the photos of main_data, for calibration, for the comparison with the weights, and
            for the metrics.
    """
    from oott_assets.training.yolov8.faster_variants import (
        Variant,
        fastest_variant,
        median_milliseconds,
    )

    side = trained.image_side
    dense = folder / "dense.onnx"
    export_onnx(trained.weights, side, dense)
    agreement = parity(trained.weights, dense, _sample_of_valid(photos), side)
    reject_wrong_export(agreement)
    inputs = [letterbox(photo, side)[0][None] for photo in _calibration_photos(photos)]
    files = _variant_files(dense, inputs)
    times = median_milliseconds(
        [garment_detector.engine_of(file) for file in files.values()], inputs[0]
    )
    metrics = {name: main_data_metrics(file, photos, side) for name, file in files.items()}
    variants = [
        Variant(name, milliseconds, metrics[name]["mAP50"])
        for name, milliseconds in zip(files, times, strict=True)
    ]
    chosen = fastest_variant(variants[0], variants[1:])
    log.info("%s is served, of %s", chosen.name, variants)
    (folder / "variants.md").write_text(_variant_table(variants))
    return _ServedVariant(chosen.name, files[chosen.name], metrics[chosen.name], agreement)


def _variant_files(dense: Path, inputs: Sequence[NDArray[np.float32]]) -> dict[str, Path]:
    """Make the variants next to ``dense``, which is the first of them."""
    from oott_assets.training.yolov8.faster_variants import prune, quantise_to_int8

    files = {name: dense.with_name(f"{name}.onnx") for name in ("dense", "int8", "pruned int8")}
    sparse = dense.with_name("pruned.onnx")
    quantise_to_int8(dense, inputs, files["int8"])
    prune(dense, _PRUNED, sparse)
    quantise_to_int8(sparse, inputs, files["pruned int8"])
    return files


def _variant_table(variants: Sequence["Variant"]) -> str:
    rows = [
        (variant.name, f"{variant.milliseconds:.1f}", f"{variant.map50:.3f}")
        for variant in variants
    ]
    return str(markdown_table(("variant", "ms a photo", "mAP50"), rows).value)


def _sample_of_valid(photos: Sequence[LabelledPhoto]) -> list[Photo]:
    return [pixels_of(photo) for photo in sample_of(in_split(photos, "valid"))]


def _calibration_photos(photos: Sequence[LabelledPhoto]) -> list[Photo]:
    train = in_split(photos, "train")
    step = max(1, len(train) // _CALIBRATION_PHOTOS)
    return [pixels_of(photo) for photo in train[::step][:_CALIBRATION_PHOTOS]]
