"""The published detector as a labeller, for self-training."""

import numpy as np
import supervision as sv
from autodistill.detection import DetectionBaseModel
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.labellers.garment_ontology import garment_ontology
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import read_photo


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
