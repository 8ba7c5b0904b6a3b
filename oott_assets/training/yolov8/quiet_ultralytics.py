"""Opens a YOLOv8 model in Ultralytics, told to install nothing, phone nobody and keep quiet."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

# Ultralytics replaces PIL.Image.open; OOTT's reader of photos must have taken the original.
import oott_fashion.vision.photos  # noqa: F401

if TYPE_CHECKING:
    from ultralytics.models import YOLO


def tell_ultralytics() -> None:
    """Tell Ultralytics what it must not do; whoever imports it calls this before."""
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_VERBOSE"] = "false"
    from ultralytics.utils import SETTINGS

    SETTINGS["sync"] = False


def open_model(weights: Path | str, task: str = "detect") -> "YOLO":
    """Open a ``.pt`` or ``.onnx`` file, or ``yolov8n.yaml`` and the like for untrained weights."""
    tell_ultralytics()
    from ultralytics.models import YOLO

    return YOLO(str(weights), task=task)
