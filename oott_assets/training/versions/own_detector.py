"""Makes a candidate of a detector that a person trained elsewhere, a ``.pt`` or ``.onnx`` file."""

import hashlib
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.gates import reject_wrong_export
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.versions.version_metrics import metrics_now
from oott_assets.training.yolov8.exported_file import (
    WrongExport,
    check_answers,
    image_side_of,
    known_photos,
)
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.model_store import DetectorCard, PublishedDetector


class OwnDetector(NamedTuple):
    """A detector file, and what its owner says about it.

    ``image_side`` is the side of the model input in pixels. An ONNX file has its own.
    """

    file: Path
    trained_on: str
    licence: str
    image_side: int


def own_candidate(
    own: OwnDetector, store: TrainingStore, garment_detector: GarmentDetector
) -> PublishedDetector:
    """Verify and measure a detector, and add it to the candidates.

    It is measured on the validation photos, as it is served. Without main_data its card has no
    metrics.

    Raises:
        WrongExport: the file is no detector that OOTT can serve.
        NotWeights: the ``.pt`` file has no weights of a detector of OOTT's garments.
        EngineUnavailable: the engine of the settings cannot run it.
        PhotoChanged: a validation photo is missing or has changed.
        Failure: the export differs from its weights.
    """
    with tempfile.TemporaryDirectory() as folder:
        onnx, weights = Path(folder, "detector.onnx"), Path(folder, "weights.pt")
        parity = _exported(own, onnx, weights)
        side = image_side_of(onnx)
        engine = garment_detector.engine_of(onnx)
        check_answers(engine, side, own.file)
        card = DetectorCard(
            garments=GARMENT_NAMES,
            image_side=side,
            trained_on=own.trained_on,
            metrics=metrics_now(onnx, side, store, garment_detector),
            parity=parity,
            engine=engine.name,
            sha256=_sha256_of(onnx),
            weights_sha256=_sha256_of(weights) if weights.is_file() else None,
            licence=own.licence,
            created=datetime.now(UTC),
        )
        return _kept(Path(folder), card, store)


def _exported(own: OwnDetector, onnx: Path, weights: Path) -> float | None:
    """Write the files of the candidate; give how far apart the boxes of weights and export are."""
    if own.file.suffix == ".onnx":
        image_side_of(own.file)
        shutil.copy(own.file, onnx)
        return None
    if own.file.suffix != ".pt":
        raise WrongExport(f"{own.file} is no .pt and no .onnx file; expected one of these")
    from oott_assets.training.yolov8.onnx_export import export_onnx, parity
    from oott_assets.training.yolov8.shareable_weights import check_weights, shareable_weights

    check_weights(own.file)
    weights.write_bytes(shareable_weights(own.file))
    export_onnx(weights, own.image_side, onnx)
    agreement = parity(weights, onnx, known_photos(), own.image_side)
    reject_wrong_export(agreement)
    return agreement.pixels_apart


def _kept(made: Path, card: DetectorCard, store: TrainingStore) -> PublishedDetector:
    """Write the candidate, its card last, so that a kill leaves no half candidate."""
    name = f"candidates/{card.version}"
    for file in made.iterdir():
        store.blobs.write(f"{name}/{file.name}", file.read_bytes())
    store.blobs.write(f"{name}/card.json", card.model_dump_json(indent=2).encode())
    return PublishedDetector.in_folder(store.blobs.path_of(name))


def _sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
