"""Weights to train on from, rebuilt from a published ONNX file.

An export holds every number of a detector, its batch normalisations folded into the convolutions
before them. Rebuilt, each convolution has the folded numbers, and a normalisation that changes
nothing until training moves it.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.yolov8.quiet_ultralytics import tell_ultralytics
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import LocalBlobs

if TYPE_CHECKING:
    import torch


class NotRebuildable(ValueError):
    """An ONNX file that is no YOLOv8 detector of the size and garments expected."""


def weights_of_onnx(onnx: Path, out: Path, model_size: str = "n") -> Path:
    """Rebuild the weights in ``onnx`` as a file that Ultralytics trains from; ``out`` names it.

    Raises:
        NotRebuildable: it is of another size, or knows other garments.
    """
    import torch

    tell_ultralytics()
    from ultralytics.nn.tasks import DetectionModel

    network: torch.nn.Module = DetectionModel(
        f"yolov8{model_size}.yaml", nc=len(GARMENT_NAMES), verbose=False
    )
    numbers = numbers_of(onnx)
    state = network.state_dict()
    _fill(state, numbers, onnx)
    network.load_state_dict(state)
    setattr(network, "names", dict(enumerate(GARMENT_NAMES)))  # noqa: B010 - torch types it else
    file = io.BytesIO()
    torch.save({"model": network, "train_args": {"task": "detect"}, "epoch": -1}, file)
    LocalBlobs(out.parent).write(out.name, file.getvalue())
    return out


def numbers_of(onnx: Path) -> dict[str, NDArray[np.float32]]:
    """Read the parameters in ``onnx`` by name, those in whole numbers turned back."""
    import onnx as onnx_files

    graph = onnx_files.load(str(onnx)).graph
    numbers = {it.name: onnx_files.numpy_helper.to_array(it) for it in graph.initializer}
    for node in graph.node:
        if node.op_type == "ConvInteger":
            source, kernels = (name.removesuffix("_whole") for name in node.input[:2])
            steps = numbers[f"{kernels}_step"].reshape(-1, 1, 1, 1) / numbers[f"{source}_step"]
            numbers[kernels] = (numbers[f"{kernels}_whole"] * steps).astype(np.float32)
            bias = kernels.removesuffix("weight") + "bias"
            numbers[bias] = numbers[f"{kernels}_bias"].reshape(-1)
    return numbers


def _fill(
    state: "dict[str, torch.Tensor]", numbers: dict[str, NDArray[np.float32]], onnx: Path
) -> None:
    import torch

    for name in state:
        found = _number_named(name, numbers)
        if found is None or found.shape != tuple(state[name].shape):
            raise NotRebuildable(
                f"{onnx.name} has {'no' if found is None else 'another'} {name}; expected a YOLOv8 "
                f"of the size OOTT_MODEL_SIZE names, trained on {len(GARMENT_NAMES)} garments"
            )
        state[name] = torch.from_numpy(found.copy())


def _number_named(name: str, numbers: dict[str, NDArray[np.float32]]) -> NDArray[np.float32] | None:
    """Find what a parameter of the unfolded network must be for it to answer as the folded one."""
    if ".bn." not in name:
        return numbers.get(name)
    layer, part = name.split(".bn.")
    bias = numbers.get(f"{layer}.conv.bias")
    if bias is None:
        return None
    if part == "bias":
        return bias
    if part == "num_batches_tracked":
        return np.array(0)
    # Normalising divides by the root of the variance and a small number: together one.
    value = {"weight": 1.0, "running_mean": 0.0, "running_var": 1.0 - _BN_EPSILON}[part]
    return np.full_like(bias, value)


# Source: ``ultralytics.utils.torch_utils.initialize_weights``.
_BN_EPSILON = 1e-3
