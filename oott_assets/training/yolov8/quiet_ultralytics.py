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
    """Switch off installs, telemetry, log output and unsafe files; use all cores.

    Call it before Ultralytics is imported.
    """
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_VERBOSE"] = "false"
    os.environ["ULTRALYTICS_SAFE_LOAD"] = "true"
    # Without this variable, Ultralytics sets it to 1, and the process keeps to one core.
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    from ultralytics.utils import SETTINGS

    SETTINGS["sync"] = False


def open_model(weights: Path | str) -> "YOLO":
    """Open a ``.pt`` or ``.onnx`` file, or an untrained model by its name, as ``yolov8n.yaml``."""
    configure_ultralytics()
    from ultralytics.models import YOLO

    return YOLO(str(weights), task="detect")
