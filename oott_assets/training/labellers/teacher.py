"""A detector as a labeller, for self-training: the published one, or trained weights."""

import hashlib
from pathlib import Path

import numpy as np
import supervision as sv
from autodistill.detection import DetectionBaseModel
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.labellers.availability import LabellerUnavailable
from oott_assets.training.labellers.garment_ontology import garment_ontology
from oott_assets.training.settings import PUBLISHED
from oott_assets.training.yolov8.shareable_weights import is_pytorch_file
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.photos import read_photo

# Increase this version with any change to the boxes, so that photos are labelled again.
TEACHER_VERSION = "2"


def detector_of_weights(
    weights: Path, image_side: int, thresholds: Thresholds
) -> tuple[str, Detector]:
    """Open a ``.pt`` file that Ultralytics trained, and give its version.

    Raises:
        LabellerUnavailable: the file cannot be read, or is not a detector of OOTT's garments.
    """
    found = f"OOTT_TEACHER is {weights}, which"
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise LabellerUnavailable(
            f"{found} cannot be read ({error.strerror}); expected {PUBLISHED}, or a .pt file"
        ) from error
    if not is_pytorch_file(weights):
        raise LabellerUnavailable(
            f"{found} is not a complete PyTorch .pt file; expected {PUBLISHED}, or such a file"
        )
    from oott_assets.training.yolov8.torch_engine import TorchEngine

    detector = Detector(TorchEngine(weights), image_side, thresholds)
    try:
        detector.boxes(np.zeros((image_side, image_side, 3), dtype=np.uint8))
    except ValueError as error:
        raise LabellerUnavailable(
            f"{found} is not a detector of OOTT's garments: {error}"
        ) from error
    return f"weights-{hashlib.sha256(content).hexdigest()[:16]}-{image_side}px", detector


class TeacherLabeller(DetectionBaseModel):
    """Labels what ``detector`` finds, with one box per shoe, as people label shoes."""

    def __init__(self, detector: Detector) -> None:
        self.ontology = garment_ontology()
        self.detector = detector

    def predict(self, input: str | NDArray[np.uint8] | Image.Image) -> sv.Detections:
        """Find the garments in the photo file ``input``, most confident first.

        Raises:
            UnreadablePhoto: the file is damaged, or is not a photo.
        """
        with open(str(input), "rb") as file:
            raw = self.detector.boxes(read_photo(file.read()))
        return sv.Detections(xyxy=raw.boxes, confidence=raw.confidences, class_id=raw.class_ids)
