"""Weights that can be given away: half precision, and nothing about who trained them and where.

Ultralytics writes the paths and the git repository of the training into a checkpoint.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_fashion.garments import GARMENT_NAMES

if TYPE_CHECKING:
    import torch
    from ultralytics.models import YOLO

# Source: ``license`` in every checkpoint that Ultralytics writes.
LICENCE = "AGPL-3.0"

# Attributes of a model that have paths or the state of its training; opening the file makes them
# again.
_OF_THE_TRAINING = ("args", "criterion", "pt_path")


class NotWeights(ValueError):
    """The file is no ``.pt`` file that Ultralytics wrote, or has other garments than OOTT."""


def is_pytorch_file(file: Path) -> bool:
    """Tell whether ``file`` is a complete ``.pt`` file, without opening it."""
    # PyTorch writes a zip archive. On other files torch.load raises errors of many types.
    return zipfile.is_zipfile(file)


def open_weights(file: Path) -> "YOLO":
    """Open a ``.pt`` file that a person names.

    Raises:
        NotWeights: the file is missing, or Ultralytics did not write it.
    """
    if not is_pytorch_file(file):
        raise NotWeights(f"{file} is not a complete PyTorch .pt file; expected one")
    try:
        return open_model(file)
    except (TypeError, RuntimeError, AttributeError, KeyError) as error:
        raise NotWeights(
            f"{file} is not a .pt file that Ultralytics wrote; expected a YOLOv8 detector"
        ) from error


def check_weights(file: Path) -> None:
    """Check that ``file`` has the weights of a detector of OOTT's garments.

    Raises:
        NotWeights: it does not.
    """
    model = open_weights(file)
    names = [str(name) for _, name in sorted(model.names.items())]
    if model.task != "detect" or names != list(GARMENT_NAMES):
        raise NotWeights(
            f"{file} is a model for the task {model.task} with {len(names)} classes "
            f"({', '.join(names[:3])}, ...); expected a detector of OOTT's {len(GARMENT_NAMES)} "
            "garments in class-id order; train it on these garments"
        )


def shareable_weights(checkpoint: Path) -> bytes:
    """Give the content of a ``.pt`` file with the averaged weights (EMA) of ``checkpoint`` only.

    Training can start from it. It has neither an optimizer nor paths.
    """
    # Ultralytics gives the averaged weights where there are some.
    return _content_of(_network_of(checkpoint))


def averaged_weights(files: Sequence[Path]) -> bytes:
    """Give the content of a ``.pt`` file with the mean of the weights of ``files``.

    Args:
        files: ``.pt`` files of one architecture, from trainings that started alike.
    """
    networks = [_network_of(file).float() for file in files]
    states = [network.state_dict() for network in networks]
    mean = {
        name: sum(state[name] for state in states) / len(states)
        if value.is_floating_point()
        else value
        for name, value in states[0].items()
    }
    networks[0].load_state_dict(mean)
    return _content_of(networks[0])


def _network_of(checkpoint: Path) -> "torch.nn.Module":
    return cast("torch.nn.Module", open_model(checkpoint).model)


def _content_of(network: "torch.nn.Module") -> bytes:
    import torch

    model = network.half()
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in _OF_THE_TRAINING:
        vars(model).pop(name, None)
    cast(dict[str, object], model.yaml).pop("yaml_file", None)
    content = io.BytesIO()
    facts = {"train_args": {"task": "detect"}, "epoch": -1, "license": LICENCE}
    torch.save({"model": model, **facts}, content)
    return content.getvalue()
