"""GroundedSAM: GroundingDINO says where a garment is, SAM which pixels, and those give the box."""

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

# GroundingDINO sees no more pixels of a side, SAM fewer; a mask of each box at a phone's full
# resolution would take gigabytes.
_LONGEST_SIDE = 1333


class GroundedSamLabeller(DetectionBaseModel):
    """One tight box per mask; a jacket that fits two prompts is boxed for each of them."""

    def __init__(
        self, weights: Path, device: str, on_cpu: bool = False, min_confidence: float = 0.35
    ) -> None:
        """Load the models from ``weights``/grounded_sam; nothing is downloaded.

        Args:
            device: a GPU such as cuda or cuda:1.
            on_cpu: whether to go on without one.
            min_confidence: least score of a box, 0..1.

        Raises:
            LabellerUnavailable: no GPU, no weights, damaged ones, or those of another model.
        """
        self.ontology = garment_ontology()
        with label_extra():
            device = device_for("grounded_sam", device, on_cpu, "about 11 minutes")
            folder = checked_weights("grounded_sam", weights)
            from oott_assets.training.labellers.local_grounded_sam import LocalGroundedSam

            self.model = LocalGroundedSam(self.ontology, folder, device, min_confidence)

    def predict(self, input: str) -> sv.Detections:
        """Box the garments of the photo file ``input``, surest first.

        Raises:
            UnreadablePhoto: it is no photo, or damaged.
        """
        photo = read_photo(Path(input).read_bytes())
        small = _fitted(photo)
        found = self.model.predict(np.ascontiguousarray(small[:, :, ::-1]))
        across, down = photo.shape[1] / small.shape[1], photo.shape[0] / small.shape[0]
        boxes = [box_of_parts(mask) for mask in found.mask]
        seen = [index for index, box in enumerate(boxes) if box is not None]
        seen.sort(key=lambda index: -found.confidence[index])
        tight = np.array([boxes[index] for index in seen], dtype=np.float32).reshape(-1, 4)
        return sv.Detections(
            xyxy=tight * np.array([across, down, across, down], dtype=np.float32),
            confidence=found.confidence[seen],
            class_id=found.class_id[seen],
        )


def _fitted(photo: Photo) -> Photo:
    """Shrink ``photo`` to the pixels that the models see."""
    height, width = photo.shape[:2]
    scale = _LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return photo
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
