"""Rebuilds trainable weights from a published ONNX file.

An export has every parameter of a detector, with each batch normalisation folded into the
convolution before it. A rebuilt convolution gets the folded parameters, and its batch
normalisation starts as the identity.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.yolov8.quiet_ultralytics import configure_ultralytics
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import LocalBlobs

if TYPE_CHECKING:
    import torch


class NotRebuildable(ValueError):
    """The ONNX file is not a YOLOv8 detector of the expected size and garments."""


def rebuild_weights(onnx: Path, out: Path, model_size: str = "n") -> Path:
    """Write the weights in ``onnx`` to ``out``, as a file from which Ultralytics can train.

    Raises:
        NotRebuildable: ``onnx`` has another model size, or other garments.
    """
    import torch

    configure_ultralytics()
    from ultralytics.nn.tasks import DetectionModel

    network: torch.nn.Module = DetectionModel(
        f"yolov8{model_size}.yaml", nc=len(GARMENT_NAMES), verbose=False
    )
    parameters = parameters_in(onnx)
    state = network.state_dict()
    _fill(state, parameters, onnx)
    network.load_state_dict(state)
    setattr(network, "names", dict(enumerate(GARMENT_NAMES)))  # noqa: B010 - torch types it else
    file = io.BytesIO()
    torch.save({"model": network, "train_args": {"task": "detect"}, "epoch": -1}, file)
    LocalBlobs(out.parent).write(out.name, file.getvalue())
    return out


def parameters_in(onnx: Path) -> dict[str, NDArray[np.float32]]:
    """Read the parameters in ``onnx`` by name; int8 parameters are converted back to float32."""
    import onnx as onnx_files

    graph = onnx_files.load(str(onnx)).graph
    parameters = {
        tensor.name: onnx_files.numpy_helper.to_array(tensor) for tensor in graph.initializer
    }
    for node in graph.node:
        if node.op_type == "ConvInteger":
            source, kernels = (name.removesuffix("_whole") for name in node.input[:2])
            steps = (
                parameters[f"{kernels}_step"].reshape(-1, 1, 1, 1) / parameters[f"{source}_step"]
            )
            parameters[kernels] = (parameters[f"{kernels}_whole"] * steps).astype(np.float32)
            bias = kernels.removesuffix("weight") + "bias"
            parameters[bias] = parameters[f"{kernels}_bias"].reshape(-1)
    return parameters


def _fill(
    state: "dict[str, torch.Tensor]", parameters: dict[str, NDArray[np.float32]], onnx: Path
) -> None:
    import torch

    for name in state:
        found = _unfolded_parameter(name, parameters)
        if found is None or found.shape != tuple(state[name].shape):
            raise NotRebuildable(
                f"{onnx.name} has {'no' if found is None else 'a different'} {name}; expected a "
                f"YOLOv8 of the size in OOTT_MODEL_SIZE, trained on {len(GARMENT_NAMES)} garments"
            )
        state[name] = torch.from_numpy(found.copy())


def _unfolded_parameter(
    name: str, parameters: dict[str, NDArray[np.float32]]
) -> NDArray[np.float32] | None:
    """Give the value of ``name`` with which the rebuilt network computes the same as ``onnx``."""
    if ".bn." not in name:
        return parameters.get(name)
    layer, part = name.split(".bn.")
    bias = parameters.get(f"{layer}.conv.bias")
    if bias is None:
        return None
    if part == "bias":
        return bias
    if part == "num_batches_tracked":
        return np.array(0)
    # Batch norm divides by sqrt(variance + epsilon); with this variance, the divisor is 1.
    value = {"weight": 1.0, "running_mean": 0.0, "running_var": 1.0 - _BN_EPSILON}[part]
    return np.full_like(bias, value)


# Source: ``ultralytics.utils.torch_utils.initialize_weights``.
_BN_EPSILON = 1e-3
