"""Makes a candidate of a detector that a person trained elsewhere, a ``.pt`` or ``.onnx`` file."""

import logging
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.labels.labelled_photos import in_split
from oott_assets.training.measurements import validate_engine
from oott_assets.training.served_variant import export_dense, export_fastest
from oott_assets.training.training_store import CANDIDATES, TrainingStore
from oott_assets.training.validation.metrics import metrics_of
from oott_assets.training.validation_photos import ValidationPhotos
from oott_assets.training.weights import sha256_of
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import DetectorCard, PublishedDetector
from oott_fashion.stores.model_store import write_detector
from oott_fashion.vision.known_answers import check_answers
from oott_fashion.vision.known_people import known_people
from oott_fashion.vision.onnx_file import WrongExport, image_side_of

_log = logging.getLogger(__name__)


class OwnDetector(NamedTuple):
    """A detector file, and what its owner says about it.

    ``image_side`` is the side of the model input in pixels. An ONNX file has its own.
    """

    file: Path
    trained_on: str
    licence: str
    image_side: int


class _Made(NamedTuple):
    """The files of a candidate, and what its card says about the export."""

    onnx: Path
    weights: Path | None = None
    parity: float | None = None
    variant: str = "dense"


def own_candidate(
    own: OwnDetector,
    photos: ValidationPhotos | None,
    store: TrainingStore,
    garment_detector: GarmentDetector,
) -> PublishedDetector:
    """Verify and measure a detector, and add it to the candidates.

    Args:
        photos: what it is measured on, as it is served; without photos, its card has no metrics.

    Raises:
        WrongExport: the file is no detector that OOTT can serve.
        ImplausibleAnswers: its answers on known people cannot be right.
        NotWeights: the ``.pt`` file has no weights of a detector of OOTT's garments.
        EngineUnavailable: the engine of the settings cannot run it.
        PhotoChanged: a photo is missing or has changed.
        Failure: the export differs from its weights.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = (
            _exported(own, photos, Path(folder), garment_detector)
            if own.file.suffix == ".pt"
            else _given(own)
        )
        side = image_side_of(made.onnx)
        engine = garment_detector.engine_of(made.onnx)
        check_answers(engine, side)
        thresholds = garment_detector.thresholds
        card = DetectorCard(
            garments=GARMENT_NAMES,
            image_side=side,
            trained_on=own.trained_on,
            metrics=metrics_of(validate_engine(engine, side, photos, thresholds)) if photos else {},
            parity=made.parity,
            engine=engine.name,
            variant=made.variant,
            sha256=sha256_of(made.onnx),
            weights_sha256=sha256_of(made.weights) if made.weights else None,
            licence=own.licence,
            created=datetime.now(UTC),
        )
        return _kept(made, card, store)


def _given(own: OwnDetector) -> _Made:
    if own.file.suffix != ".onnx":
        raise WrongExport(f"{own.file} is no .pt and no .onnx file; expected one of these")
    return _Made(own.file)


def _exported(
    own: OwnDetector,
    photos: ValidationPhotos | None,
    folder: Path,
    garment_detector: GarmentDetector,
) -> _Made:
    """Export weights as ``garment_onnx`` does; without photos to calibrate with, only dense."""
    from oott_assets.training.yolov8.shareable_weights import check_weights, shareable_weights

    check_weights(own.file)
    weights = folder / "weights.pt"
    weights.write_bytes(shareable_weights(own.file))
    if photos and in_split(photos.main_data, "train"):
        served = export_fastest(weights, own.image_side, photos, folder, garment_detector, _log)
        return _Made(served.onnx, weights, served.parity.pixels_apart, served.name)
    dense = folder / "dense.onnx"
    pictures = [person.picture for person in known_people()]
    _, agreement = export_dense(weights, own.image_side, dense, pictures, garment_detector)
    return _Made(dense, weights, agreement.pixels_apart)


def _kept(made: _Made, card: DetectorCard, store: TrainingStore) -> PublishedDetector:
    folder = f"{CANDIDATES}/{card.version}"
    weights = made.weights.read_bytes() if made.weights else None
    write_detector(store.blobs, folder, made.onnx.read_bytes(), card, weights)
    return PublishedDetector.in_folder(store.blobs.path_of(folder))
