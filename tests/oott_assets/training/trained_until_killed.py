"""Train a small detector until it is killed, and print every epoch: ``python -m … FOLDER``.

It is a separate program, because ``kill -9`` must not end pytest.
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
    train(PLAN, folder / "data/data.yaml", TrainingFolder(folder / "training"), print_epoch)


def print_epoch(epoch: Epoch) -> None:
    sys.stdout.write(f"done: {epoch.number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
