"""The weights of the starter detector, for tests that need weights which find garments."""

import shutil
from pathlib import Path

from oott_assets.training.yolov8.quiet_ultralytics import configure_ultralytics
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import read_card

STARTER = Path("models/starter-detector").absolute()
STARTER_SIDE = read_card(STARTER / "card.json").image_side


def starter_weights(file: Path) -> Path:
    """Copy the weights of the starter detector to ``file``."""
    return Path(shutil.copy(STARTER / "weights.pt", file))


def untrained_weights(file: Path, size: str = "n") -> Path:
    """Write weights of OOTT's garments that were never trained."""
    configure_ultralytics()
    import torch
    from ultralytics.nn.tasks import DetectionModel

    network: torch.nn.Module = DetectionModel(
        f"yolov8{size}.yaml", nc=len(GARMENT_NAMES), verbose=False
    )
    setattr(network, "names", dict(enumerate(GARMENT_NAMES)))  # noqa: B010 - torch types it else
    torch.save({"model": network, "train_args": {"task": "detect"}, "epoch": -1}, file)
    return file
