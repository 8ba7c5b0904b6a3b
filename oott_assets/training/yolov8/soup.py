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
    if folder.weights.is_file():
        return
    trainings = _trainings(folder, plan.soup)
    for number, training in enumerate(trainings):
        start = plan.starting_weights if number == 0 else trainings[0].weights
        step = replace(plan, soup_number=number, starting_weights=start)
        train(step, data, training, report)
    if plan.soup:
        weights = averaged_weights([training.weights for training in trainings])
        LocalBlobs(folder.folder).write(folder.weights.name, weights)


def epochs_done(folder: TrainingFolder, epochs: int, soup: int) -> int:
    """Count the finished epochs of all trainings, which a resumed run does not repeat."""
    return sum(
        epochs if training.weights.is_file() else training.epochs_done()
        for training in _trainings(folder, soup)
    )


def _trainings(folder: TrainingFolder, soup: int) -> list[TrainingFolder]:
    """Give the folders of the first training and of the further ones."""
    if soup == 0:
        return [folder]
    further = [TrainingFolder(folder.folder / f"soup-{number + 1}") for number in range(soup)]
    return [TrainingFolder(folder.folder, "first.pt"), *further]
