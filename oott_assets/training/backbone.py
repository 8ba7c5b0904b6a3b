"""Teaches a backbone garments one at a time: ``python -m oott_assets.training.backbone FILE``.

A garment cut out of its photo and classified costs a fifth of a photo searched for boxes, so a
backbone sees each of them many more times in an hour. Where no pretrained weights can be had,
that is what lets a detector tell a polo shirt from a tee shirt. FILE is the published detector
with its backbone taught; name it in OOTT_STARTING_WEIGHTS.
"""

import argparse
import io
import logging
import sys
from pathlib import Path

import dagster as dg

from oott_assets.training.labels.labelled_photos import version_of
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.trainer import refuse_absent_gpu
from oott_assets.training.training_failures import REFUSALS
from oott_assets.training.training_store import TrainingStore, fingerprint_of
from oott_assets.training.yolov8.garment_cutouts import cut_out
from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_assets.training.yolov8.starting_weights import weights_of_onnx
from oott_assets.training.yolov8.train_run import Epoch, TrainingFolder, TrainingPlan, train
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.model_store import ModelStore

_BATCH = 64

# Raise it when the same photos and settings would teach otherwise.
_TEACHING_VERSION = 1

_log = logging.getLogger(__name__)


def teach_backbone(settings: TrainingSettings, file: Path, image_side: int, epochs: int) -> None:
    """Classify the garments of merged_data, and write the detector ``file``.

    A run that was stopped goes on after its last whole epoch, and what was taught is kept; other
    photos or settings, or another published detector, are taught anew.

    Raises:
        Failure: merged_data was never materialised.
        TrainingUnavailable: there is no such GPU.
        NoDetector: there is no detector to begin with.
        BadDetector: that one is damaged.
        NotRebuildable: that one is of another size than the settings say.
        PhotoChanged: a photo is no longer what was labelled.
        OSError: the disk is full, or cannot be written.
    """
    refuse_absent_gpu(settings.train_device)
    store = TrainingStore(root=str(settings.training_root))
    photos = store.photos("merged_data")
    published = ModelStore(settings.model_store_root).latest_or_starter(settings.starter_detector)
    facts = {
        "photos": version_of(photos),
        "from": published.card.sha256,
        "size": settings.model_size,
        "side": image_side,
        "epochs": epochs,
        "version": _TEACHING_VERSION,
    }
    name = f"backbones/{fingerprint_of(facts)}"
    folder = TrainingFolder(store.folder(name))
    with store.blobs.exclusive_lock(name):
        start = folder.folder / "published.pt"
        weights_of_onnx(published.onnx, start, settings.model_size)
        if folder.weights.is_file():
            _log.info("kept from an earlier run: %s", folder.weights)
        else:
            plan = _plan(settings, start, image_side, epochs)
            train(plan, cut_out(photos, folder.folder / "data"), folder, _say)
        _write_taught(start, folder.weights, file)


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


def _write_taught(detector: Path, classifier: Path, file: Path) -> None:
    model = open_model(detector)
    # What a classifier and a detector share is the backbone.
    model.load(str(classifier))
    content = io.BytesIO()
    model.save(content)  # Ultralytics hands it to torch.save, which takes files too
    LocalBlobs(file.parent).write(file.name, content.getvalue())


def _say(epoch: Epoch) -> None:
    _log.info("%s", epoch)


def main() -> None:
    """Read the command line and teach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where the weights are written")
    parser.add_argument("--epochs", type=int, default=40, help="times every garment is seen")
    parser.add_argument("--image-side", type=int, default=192, help="pixels a garment is seen in")
    arguments = parser.parse_args()
    if arguments.file.is_dir():
        sys.exit(f"backbone: {arguments.file} is a folder; name a file in it")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        teach_backbone(
            read_settings(TrainingSettings), arguments.file, arguments.image_side, arguments.epochs
        )
    except dg.Failure as error:
        sys.exit(f"backbone: {error.description}")
    except (*REFUSALS, BadSetting, OSError) as error:
        sys.exit(f"backbone: {error}")


if __name__ == "__main__":
    main()
