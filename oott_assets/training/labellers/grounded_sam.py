"""The GroundedSAM labeller: GroundingDINO finds a garment, and SAM's mask gives a tight box."""

from pathlib import Path

import cv2
import numpy as np
import supervision as sv
from autodistill.detection import DetectionBaseModel

from oott_assets.training.labellers.availability import device_for, label_extra
from oott_assets.training.labellers.garment_ontology import garment_ontology
from oott_assets.training.labellers.garment_parts import box_of_parts
from oott_assets.training.labellers.weight_downloads import checked_weights
from oott_fashion.vision.photos import Photo, read_photo

# GroundingDINO shrinks photos to this side, and SAM to a smaller one. Masks at the full resolution
# of a phone photo would take gigabytes.
_LONGEST_SIDE = 1333


class GroundedSamLabeller(DetectionBaseModel):
    """Gives one tight box per mask; a jacket that fits two prompts gets a box for each."""

    def __init__(
        self, weights: Path, device: str, on_cpu: bool = False, min_confidence: float = 0.35
    ) -> None:
        """Load the models from ``weights``/grounded_sam; nothing is downloaded.

        Args:
            device: a GPU such as cuda or cuda:1.
            on_cpu: whether to run on the CPU if there is no GPU.
            min_confidence: the minimum confidence of a box, 0..1.

        Raises:
            LabellerUnavailable: there is no GPU, or the weights are missing, damaged or of another
                model.
        """
        self.ontology = garment_ontology()
        with label_extra():
            device = device_for("grounded_sam", device, on_cpu, "about 11 minutes")
            folder = checked_weights("grounded_sam", weights)
            from oott_assets.training.labellers.local_grounded_sam import LocalGroundedSam

            self.model = LocalGroundedSam(self.ontology, folder, device, min_confidence)

    def predict(self, input: str) -> sv.Detections:
        """Find the garments in the photo file ``input``, most confident first.

        Raises:
            UnreadablePhoto: the file is damaged, or is not a photo.
        """
        photo = read_photo(Path(input).read_bytes())
        small = _fitted(photo)
        found = self.model.predict(np.ascontiguousarray(small[:, :, ::-1]))
        x_scale, y_scale = photo.shape[1] / small.shape[1], photo.shape[0] / small.shape[0]
        boxes = [box_of_parts(mask) for mask in found.mask]
        kept = [index for index, box in enumerate(boxes) if box is not None]
        kept.sort(key=lambda index: -found.confidence[index])
        tight = np.array([boxes[index] for index in kept], dtype=np.float32).reshape(-1, 4)
        return sv.Detections(
            xyxy=tight * np.array([x_scale, y_scale, x_scale, y_scale], dtype=np.float32),
            confidence=found.confidence[kept],
            class_id=found.class_id[kept],
        )


def _fitted(photo: Photo) -> Photo:
    """Shrink ``photo`` to the resolution that the models use."""
    height, width = photo.shape[:2]
    scale = _LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return photo
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
