"""Weights that can be given away: half precision, and nothing about who trained them and where.

Ultralytics writes the paths and the git repository of the training into a checkpoint.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, cast

from oott_assets.training.yolov8.quiet_ultralytics import open_model

if TYPE_CHECKING:
    import torch

# Source: ``license`` in every checkpoint that Ultralytics writes.
LICENCE = "AGPL-3.0"

# Attributes of a model that have paths or the state of its training; opening the file makes them
# again.
_OF_THE_TRAINING = ("args", "criterion", "pt_path")


def shareable_weights(checkpoint: Path) -> bytes:
    """Give the content of a ``.pt`` file with the averaged weights (EMA) of ``checkpoint`` only.

    Training can start from it. It has neither an optimizer nor paths.
    """
    import torch

    # Ultralytics gives the averaged weights where there are some.
    model = cast("torch.nn.Module", open_model(checkpoint).model).half()
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in _OF_THE_TRAINING:
        vars(model).pop(name, None)
    cast(dict[str, object], model.yaml).pop("yaml_file", None)
    content = io.BytesIO()
    facts = {"train_args": {"task": "detect"}, "epoch": -1, "license": LICENCE}
    torch.save({"model": model, **facts}, content)
    return content.getvalue()
