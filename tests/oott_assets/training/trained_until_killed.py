"""Trains a little detector and tells of every epoch: ``python -m … FOLDER``. It waits to be killed.

A program of its own, since whoever is killed with -9 must not be pytest.
"""

import sys
from pathlib import Path

from oott_assets.training.labels.drawn_data_set import write_data_set
from oott_assets.training.yolov8.train_run import Epoch, TrainingFolder, TrainingPlan, train

EPOCHS = 4
PLAN = TrainingPlan(
    model_size="n",
    image_side=64,
    epochs=EPOCHS,
    batch=4,
    device="cpu",
    starting_weights=None,
)


def main(folder: Path) -> None:
    """Draw a data set in ``folder`` and train on it."""
    write_data_set(folder / "data", train=24, valid=2)
    train(PLAN, folder / "data/data.yaml", TrainingFolder(folder / "training"), tell)


def tell(epoch: Epoch) -> None:
    sys.stdout.write(f"done: {epoch.number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
