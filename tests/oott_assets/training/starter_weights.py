"""The weights of the starter detector, for tests that need weights which find garments."""

import shutil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from oott_assets.training.yolov8.quiet_ultralytics import configure_ultralytics
from oott_fashion.garments import GARMENT_NAMES

STARTER = Path("models/starter-detector").absolute()


def starter_weights(file: Path) -> Path:
    """Copy the weights of the starter detector to ``file``.

    A starter detector without ``weights.pt`` has only its ONNX file, in which each batch
    normalisation is part of the convolution before it. Weights made from that file find the same
    garments, but training cannot start from them.
    """
    if (STARTER / "weights.pt").is_file():
        return Path(shutil.copy(STARTER / "weights.pt", file))
    network = _untrained()
    parameters = _parameters_in(STARTER / "detector.onnx")
    state = {name: _value(name, value, parameters) for name, value in network.state_dict().items()}
    network.load_state_dict(state)
    return _saved(network, file)


def untrained_weights(file: Path, size: str = "n") -> Path:
    """Write weights of OOTT's garments that were never trained."""
    return _saved(_untrained(size), file)


def _untrained(size: str = "n") -> torch.nn.Module:
    configure_ultralytics()
    from ultralytics.nn.tasks import DetectionModel

    network: torch.nn.Module = DetectionModel(
        f"yolov8{size}.yaml", nc=len(GARMENT_NAMES), verbose=False
    )
    setattr(network, "names", dict(enumerate(GARMENT_NAMES)))  # noqa: B010 - torch types it else
    return network


def _saved(network: torch.nn.Module, file: Path) -> Path:
    torch.save({"model": network, "train_args": {"task": "detect"}, "epoch": -1}, file)
    return file


def _parameters_in(onnx: Path) -> dict[str, NDArray[np.float32]]:
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


def _value(
    name: str, untrained: torch.Tensor, parameters: dict[str, NDArray[np.float32]]
) -> torch.Tensor:
    if ".bn." not in name:
        return torch.from_numpy(parameters[name].copy())
    layer, part = name.split(".bn.")
    if part == "bias":
        return torch.from_numpy(parameters[f"{layer}.conv.bias"].copy())
    # Batch norm divides by sqrt(variance + 0.001); with this variance, the divisor is 1.
    values = {"weight": 1.0, "running_mean": 0.0, "running_var": 0.999, "num_batches_tracked": 0}
    return torch.full_like(untrained, values[part])
