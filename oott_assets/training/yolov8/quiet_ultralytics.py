"""Opens YOLOv8 models in Ultralytics, without its automatic installs, telemetry and log output.

A ``.pt`` file can contain any code. Ultralytics loads only the types that its own files have.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

# Ultralytics replaces PIL.Image.open. This import comes first, so that OOTT keeps the original.
import oott_fashion.vision.photos  # noqa: F401

if TYPE_CHECKING:
    from ultralytics.models import YOLO


def configure_ultralytics() -> None:
    """Switch off installs, telemetry, log output and unsafe files; call it before an import."""
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_VERBOSE"] = "false"
    os.environ["ULTRALYTICS_SAFE_LOAD"] = "true"
    from ultralytics.utils import SETTINGS

    SETTINGS["sync"] = False


def open_model(weights: Path | str, task: str = "detect") -> "YOLO":
    """Open a ``.pt`` or ``.onnx`` file, or an untrained model by its name, as ``yolov8n.yaml``."""
    configure_ultralytics()
    from ultralytics.models import YOLO

    return YOLO(str(weights), task=task)
