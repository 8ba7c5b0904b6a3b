"""Teaches a backbone garments one at a time: ``python -m oott_assets.training.backbone FILE``.

A garment cut out of its photo and classified costs a fifth of a photo searched for boxes, so a
backbone sees each of them many more times in an hour. Where no pretrained weights can be had,
that is what lets a detector tell a polo shirt from a tee shirt. FILE is the published detector
with its backbone taught; name it in OOTT_STARTING_WEIGHTS.
"""

import argparse
import logging
import os
import sys
from pathlib import Path

import dagster as dg

from oott_assets.resources.training_store import TrainingStore
from oott_assets.yolov8.garment_cutouts import cut_out
from oott_assets.yolov8.starting_weights import NotRebuildable, weights_of_onnx
from oott_assets.yolov8.training import Epoch, TrainingFolder, TrainingPlan, train
from oott_assets.yolov8.ultralytics_model import open_model
from oott_fashion.settings import BadSetting, Settings, read_settings
from oott_fashion.stores.model_store import BadDetector, ModelStore, NoDetector

_BATCH = 64

_log = logging.getLogger(__name__)


def teach_backbone(settings: Settings, file: Path, image_side: int, epochs: int) -> None:
    """Classify the garments of merged_data, and write the detector ``file``.

    A run that was stopped goes on after its last whole epoch.

    Raises:
        Failure: merged_data was never materialised.
        NoDetector: there is no detector to begin with.
        BadDetector: that one is damaged.
        NotRebuildable: that one is of another size than the settings say.
    """
    store = TrainingStore(root=str(settings.training_root))
    photos = store.photos("merged_data")
    published = ModelStore(settings.model_store_root).newest_or_starter(settings.starter_detector)
    folder = TrainingFolder(store.folder("backbone"))
    start = folder.folder / "published.pt"
    weights_of_onnx(published.onnx, start, settings.model_size)
    plan = TrainingPlan(
        model_size=settings.model_size,
        image_side=image_side,
        epochs=epochs,
        batch=_BATCH,
        device=settings.train_device,
        starting_weights=start,
        task="classify",
    )
    train(plan, cut_out(photos, folder.folder / "data"), folder, _say)
    _write_taught(start, folder.weights, file)


def _write_taught(detector: Path, classifier: Path, file: Path) -> None:
    model = open_model(detector)
    # What a classifier and a detector share is the backbone.
    model.load(str(classifier))
    file.parent.mkdir(parents=True, exist_ok=True)
    writing = file.with_suffix(".writing.pt")
    model.save(writing)
    os.replace(writing, file)


def _say(epoch: Epoch) -> None:
    _log.info("%s", epoch)


def main() -> None:
    """Read the command line and teach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where the weights are written")
    parser.add_argument("--epochs", type=int, default=40, help="times every garment is seen")
    parser.add_argument("--image-side", type=int, default=192, help="pixels a garment is seen in")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        teach_backbone(read_settings(), arguments.file, arguments.image_side, arguments.epochs)
    except dg.Failure as error:
        sys.exit(f"backbone: {error.description}")
    except (BadSetting, NoDetector, BadDetector, NotRebuildable, OSError) as error:
        sys.exit(f"backbone: {error}")


if __name__ == "__main__":
    main()
