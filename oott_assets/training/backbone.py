"""Teaches a backbone garments one at a time: ``python -m oott_assets.training.backbone FILE``.

A garment cut out of its photo and classified costs a fifth of a photo searched for boxes, so a
backbone sees each of them many more times in an hour. Where no pretrained weights can be had,
that is what lets a detector tell a polo shirt from a tee shirt. Name the file it writes in
OOTT_STARTING_WEIGHTS.
"""

import argparse
import logging
import shutil
import sys
from pathlib import Path

from oott_assets.resources.trainer import TrainingUnavailable
from oott_assets.resources.training_store import TrainingStore
from oott_assets.yolov8.garment_cutouts import cut_out
from oott_assets.yolov8.training import Epoch, TrainingFolder, TrainingPlan, train
from oott_fashion.settings import BadSetting, Settings, read_settings
from oott_fashion.stores.blobs import NoBlob

_BATCH = 64

_log = logging.getLogger(__name__)


def teach_backbone(settings: Settings, image_side: int, epochs: int, start: Path | None) -> Path:
    """Classify the garments of merged_data; a run that was stopped goes on.

    Returns:
        The weights, whose backbone a detector of the same size can start from.

    Raises:
        NoBlob: merged_data was never materialised.
    """
    store = TrainingStore(root=str(settings.training_root))
    photos = store.photos("merged_data")
    folder = TrainingFolder(store.folder("backbone"))
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
    return folder.weights


def _say(epoch: Epoch) -> None:
    _log.info("%s", epoch)


def main() -> None:
    """Read the command line and teach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where the weights are written")
    parser.add_argument("--epochs", type=int, default=40, help="times every garment is seen")
    parser.add_argument("--image-side", type=int, default=192, help="pixels a garment is seen in")
    parser.add_argument("--start", type=Path, help="weights to start from; default: none")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        weights = teach_backbone(
            read_settings(), arguments.image_side, arguments.epochs, arguments.start
        )
        arguments.file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(weights, arguments.file)
    except NoBlob as error:
        sys.exit(f"backbone: {error}; materialise merged_data first")
    except (BadSetting, TrainingUnavailable, OSError) as error:
        sys.exit(f"backbone: {error}")


if __name__ == "__main__":
    main()
