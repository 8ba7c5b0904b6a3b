"""Train a backbone on single garments: ``python -m oott_assets.training.backbone FILE``.

To classify a garment cut out of its photo takes a fifth of the time of a detection, so a backbone
sees each garment more often in an hour. Without pretrained weights, a detector needs this to
distinguish a polo shirt from a tee shirt. FILE is the published detector with the trained
backbone; name it in OOTT_STARTING_WEIGHTS.
"""

import argparse
import io
import logging
import sys
from pathlib import Path

import dagster as dg

from oott_assets.training.labels.labelled_photos import version_of
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.trainer import require_device
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore, fingerprint_of
from oott_assets.training.yolov8.garment_cutouts import cut_out
from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_assets.training.yolov8.starting_weights import rebuild_weights
from oott_assets.training.yolov8.train_run import Epoch, TrainingFolder, TrainingPlan, train
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.model_store import ModelStore

_BATCH = 64

# Increase this version when a code change makes the same photos and settings give another backbone.
_TRAINING_VERSION = 1

_EXPECTED: tuple[type[Exception], ...] = (BadSetting, *TRAINING_FAILURES)

_log = logging.getLogger(__name__)


def train_backbone(settings: TrainingSettings, file: Path, image_side: int, epochs: int) -> None:
    """Classify the garments of merged_data, and write the detector ``file``.

    A run that was stopped resumes after its last complete epoch. A trained backbone is kept and
    used again for the same photos, settings and published detector.

    Raises:
        Failure: merged_data was never materialised.
        TrainingUnavailable: this machine does not have the GPU of the settings.
        NoDetector: no detector is published, and there is no starter.
        BadDetector: the published detector is damaged.
        NotRebuildable: the published detector has another size than the settings.
        PhotoChanged: a photo file has changed since it was labelled.
        OSError: the disk is full, or it cannot be written.
    """
    require_device(settings.train_device)
    store = TrainingStore(root=str(settings.training_root))
    photos = store.photos("merged_data")
    published = ModelStore(settings.model_store_root).latest_or_starter(settings.starter_detector)
    facts = {
        "photos": version_of(photos),
        "from": published.card.sha256,
        "size": settings.model_size,
        "side": image_side,
        "epochs": epochs,
        "version": _TRAINING_VERSION,
    }
    name = f"backbones/{fingerprint_of(facts)}"
    folder = TrainingFolder(store.folder(name))
    with store.blobs.exclusive_lock(name):
        start = folder.folder / "published.pt"
        rebuild_weights(published.onnx, start, settings.model_size)
        if folder.weights.is_file():
            _log.info("kept from an earlier run: %s", folder.weights)
        else:
            plan = _plan(settings, start, image_side, epochs)
            train(plan, cut_out(photos, folder.folder / "data"), folder, _log_epoch)
        _write_detector(start, folder.weights, file)


def _plan(settings: TrainingSettings, start: Path, image_side: int, epochs: int) -> TrainingPlan:
    return TrainingPlan(
        model_size=settings.model_size,
        image_side=image_side,
        epochs=epochs,
        batch=_BATCH,
        device=settings.train_device,
        starting_weights=start,
        task="classify",
    )


def _write_detector(detector: Path, classifier: Path, file: Path) -> None:
    model = open_model(detector)
    # load() copies the layers that both models have: the backbone.
    model.load(str(classifier))
    content = io.BytesIO()
    model.save(content)  # Ultralytics calls torch.save, which accepts a buffer
    LocalBlobs(file.parent).write(file.name, content.getvalue())


def _log_epoch(epoch: Epoch) -> None:
    _log.info("%s", epoch)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where the weights are written")
    parser.add_argument("--epochs", type=int, default=40, help="how often each garment is seen")
    parser.add_argument(
        "--image-side", type=int, default=192, help="side of a cut-out garment in pixels"
    )
    arguments = parser.parse_args()
    if arguments.file.is_dir():
        sys.exit(f"backbone: {arguments.file} is a folder; name a file in it")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        train_backbone(
            read_settings(TrainingSettings), arguments.file, arguments.image_side, arguments.epochs
        )
    except dg.Failure as error:
        sys.exit(f"backbone: {error.description}")
    except _EXPECTED as error:
        sys.exit(f"backbone: {error}")


if __name__ == "__main__":
    main()
