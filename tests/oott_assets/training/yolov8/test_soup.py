"""A model soup: several trainings from the same weights, averaged."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import torch

from oott_assets.training.labels.drawn_data_set import write_data_set
from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_assets.training.yolov8.soup import epochs_done, train_with_soup
from oott_assets.training.yolov8.train_run import Epoch, TrainingFolder
from tests.oott_assets.training.starter_weights import starter_weights
from tests.oott_assets.training.trained_until_killed import PLAN


def parameters(weights: Path) -> torch.Tensor:
    network = cast(torch.nn.Module, open_model(weights).model)
    return torch.cat([values.detach().float().flatten() for values in network.parameters()])


def test_a_soup_averages_the_first_training_and_those_that_go_on_from_it(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path / "training")
    folder.folder.mkdir()
    first = starter_weights(folder.folder / "first.pt")  # as if the first training were finished
    write_data_set(tmp_path / "data", train=8, valid=2)
    data = tmp_path / "data/data.yaml"
    plan = replace(PLAN, epochs=1, soup=1)
    epochs: list[int] = []

    def report(epoch: Epoch) -> None:
        epochs.append(epoch.number)

    assert epochs_done(folder, epochs=1, soup=1) == 1
    train_with_soup(plan, data, folder, report)

    assert epochs == [1]
    assert epochs_done(folder, epochs=1, soup=1) == 2
    start, further = parameters(first), parameters(folder.folder / "soup-1/weights.pt")
    assert not torch.equal(start, further)
    # One epoch from random weights would have nothing in common with the start.
    assert float(torch.nn.functional.cosine_similarity(start, further, dim=0)) > 0.9
    mean = (start + further) / 2
    # The weights are rounded to half precision.
    assert torch.allclose(parameters(folder.weights), mean, rtol=0.001, atol=1e-6)
