"""Runs trained weights in PyTorch, with the interface of the serving engines."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.yolov8.quiet_ultralytics import open_model

if TYPE_CHECKING:
    import torch


class TorchEngine:
    """PyTorch on the CPU."""

    name = "torch"

    def __init__(self, weights: Path) -> None:
        self._model = cast("torch.nn.Module", open_model(weights).model).float().eval()

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on one input, shape (1, 3, side, side), and return its raw output."""
        import torch

        with torch.no_grad():
            return np.asarray(self._model(torch.from_numpy(model_input))[0].numpy())
