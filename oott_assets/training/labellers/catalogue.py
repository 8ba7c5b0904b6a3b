"""Labels catalogue photos without a model: the folder names the garment, GrabCut finds its box.

People photograph a garment on a bed, a floor or a hanger, near the middle of the photo. The border
of the photo is background. GrabCut learns the colours of both and separates them.
"""

from pathlib import Path

import cv2
import numpy as np
import supervision as sv
from autodistill.detection import DetectionBaseModel
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.labellers.garment_ontology import garment_ontology
from oott_assets.training.labellers.garment_parts import box_of_parts, boxes_of_shoes
from oott_assets.training.labels.catalogue_folders import NotInCatalogue, garment_of_folder
from oott_fashion.garments import GARMENT_NAMES, category_of
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo, read_photo

# Increase this version with any change to the boxes, so that photos are labelled again.
CATALOGUE_VERSION = "2"

# Photos are shrunk to this longest side, in pixels. The straps of a tank top are still visible, and
# a photo takes a tenth of a second.
_OUTLINE_SIDE = 160
# The width of the border that is certainly background, as a fraction of the longest side.
_BORDER = 0.03
# The half axes of the ovals in which GrabCut first expects the garment, as fractions of the sides.
# Both give the same outline if the garment contrasts with its background. If a print on the
# garment contrasts too, the wider oval gives the better outline.
_OVALS = (0.38, 0.47)
_ITERATIONS = 5


class CatalogueLabeller(DetectionBaseModel):
    """Labels the garment that the folder names, with the box of its outline, or one box per shoe.

    The confidence is the IoU of two outlines with different starting ovals, 0..1. It is low if the
    photo shows no clear garment, or if the background has the colours of the garment.
    """

    def __init__(self) -> None:
        self.ontology = garment_ontology()

    def predict(self, input: str | NDArray[np.uint8] | Image.Image) -> sv.Detections:
        """Find the garment in the photo file ``input``; without an outline, there is no box.

        There is also no box if the folder says that the photo shows no clothes.

        Raises:
            NotInCatalogue: the folder is not named after a garment, or ``input`` is not a path.
            UnreadablePhoto: the file is damaged, or is not a photo.
        """
        if not isinstance(input, str):
            raise NotInCatalogue(
                "the catalogue labeller got pixels; expected a file name, because the folder names "
                "the garment"
            )
        garment = garment_of_folder(Path(input))
        if garment is None:
            return sv.Detections.empty()
        per_shoe = category_of(garment) == "shoes"
        boxes, confidence = garment_outline(read_photo(Path(input).read_bytes()), per_shoe)
        if not boxes:
            return sv.Detections.empty()
        return sv.Detections(
            xyxy=np.array(boxes, dtype=np.float32),
            confidence=np.full(len(boxes), confidence, dtype=np.float32),
            class_id=np.full(len(boxes), GARMENT_NAMES.index(garment)),
        )


def garment_outline(photo: Photo, per_shoe: bool = False) -> tuple[list[Box], float]:
    """Find the box of the object that contrasts with the background at the border of ``photo``.

    Args:
        per_shoe: two shoes that are apart get a box each, as people label them.

    Returns:
        The boxes in pixels of ``photo``, none if nothing contrasts with the background; and the
        IoU of two outlines, 0..1.

    Source: GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004), as implemented in OpenCV.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, _OUTLINE_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), dtype=np.uint8)
    narrow, wide = (_grabcut_mask(lab, oval) for oval in _OVALS)
    narrow_box, wide_box = box_of_parts(narrow), box_of_parts(wide)
    if wide_box is None:
        return [], 0.0
    x_scale, y_scale = width / size[0], height / size[1]
    boxes = [
        Box(box[0] * x_scale, box[1] * y_scale, box[2] * x_scale, box[3] * y_scale)
        for box in (boxes_of_shoes(wide) if per_shoe else [wide_box])
    ]
    return boxes, 0.0 if narrow_box is None else narrow_box.iou(wide_box)


def _grabcut_mask(lab: NDArray[np.uint8], oval: float) -> NDArray[np.uint8]:
    """Separate the garment from its background; without a separation, no pixel is set."""
    mask = _first_guess(lab.shape[0], lab.shape[1], oval)
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(1)  # GrabCut starts its clusters at random
    try:
        cv2.grabCut(lab, mask, _UNUSED, models[0], models[1], _ITERATIONS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        # No pixels are left for the colours of the garment, or for those of the background.
        return np.zeros_like(mask)
    garment = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    # Remove thin structures, such as the hook of a hanger.
    return np.asarray(cv2.morphologyEx(garment, cv2.MORPH_OPEN, _HOOK), dtype=np.uint8)


_UNUSED = (0, 0, 1, 1)  # grabCut ignores the rectangle if it gets a mask
_HOOK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def _first_guess(height: int, width: int, oval: float) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:height, :width]
    distance = ((rows / height - 0.5) / oval) ** 2 + ((columns / width - 0.5) / oval) ** 2
    mask = np.where(distance < 1, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    border = max(2, round(_BORDER * max(height, width)))
    inside = np.zeros_like(mask, dtype=bool)
    inside[border:-border, border:-border] = True
    mask[~inside] = cv2.GC_BGD
    return mask
