"""Trains several times from the same weights, and averages the trained weights: a model soup.

Source: Wortsman et al., "Model soups", ICML 2022.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from oott_assets.training.yolov8.shareable_weights import averaged_weights
from oott_assets.training.yolov8.train_run import Epoch, TrainingFolder, TrainingPlan, train
from oott_fashion.stores.blobs import LocalBlobs


def train_with_soup(
    plan: TrainingPlan, data: Path, folder: TrainingFolder, report: Callable[[Epoch], None]
) -> None:
    """Train until ``folder`` has its weights; an unfinished earlier run is resumed.

    With ``plan.soup``, this many trainings go on from the weights of the first one, each with
    another seed, and most with other options. The result is the average of the weights of all.

    Raises:
        WrongStartingWeights: the starting weights are no detector, or have another model size.
        OSError: the disk is full, or cannot be written.
    """
    if plan.soup == 0 or folder.weights.is_file():
        train(plan, data, folder, report)
        return
    first = _first(folder)
    train(plan, data, first, report)
    further = [_further(folder, number) for number in range(1, plan.soup + 1)]
    for number, training in enumerate(further, start=1):
        step = replace(plan, soup_number=number, starting_weights=first.weights)
        train(step, data, training, report)
    weights = averaged_weights([training.weights for training in (first, *further)])
    LocalBlobs(folder.folder).write(folder.weights.name, weights)


def epochs_done(folder: TrainingFolder, epochs: int, soup: int) -> int:
    """Count the finished epochs of all trainings, which a resumed run does not repeat."""
    if soup == 0:
        return folder.epochs_done()
    trainings = [_first(folder), *(_further(folder, number + 1) for number in range(soup))]
    return sum(
        epochs if training.weights.is_file() else training.epochs_done() for training in trainings
    )


def _first(folder: TrainingFolder) -> TrainingFolder:
    return TrainingFolder(folder.folder, "first.pt")


def _further(folder: TrainingFolder, number: int) -> TrainingFolder:
    return TrainingFolder(folder.folder / f"soup-{number}")
