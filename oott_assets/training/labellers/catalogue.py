"""Boxes the one garment of a catalogue photo, whose folder says what it is; needs no weights.

A person photographs a garment on a bed, a floor or a hanger, near the middle of the photo. What
lies at the rim is ground; GrabCut learns the colours of both and draws the line.
"""

from pathlib import Path

import cv2
import numpy as np
import supervision as sv
from autodistill.detection import DetectionBaseModel
from numpy.typing import NDArray
from PIL import Image

from oott_assets.training.labellers.garment_ontology import garment_ontology
from oott_assets.training.labellers.garment_parts import box_of_parts
from oott_assets.training.labels.catalogue_folders import NotInCatalogue, garment_of_folder
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo, read_photo

# Raise it with any change of the boxes; photos labelled under an older one are labelled anew.
CATALOGUE_VERSION = "1"

# Pixels of the longest side: enough for the straps of a tank top, and a tenth of a second.
_OUTLINE_SIDE = 160
# What is certainly ground: the rim, in parts of the longest side.
_RIM = 0.03
# Half the axes of the oval where a garment is looked for first, in parts of the sides. Both
# find the same outline where the garment stands out from its ground; the wider is the better
# one where a print on the garment does so, too.
_OVALS = (0.38, 0.47)
_ROUNDS = 5


class CatalogueLabeller(DetectionBaseModel):
    """The garment named by the folder, boxed by its outline.

    The confidence is how well two outlines agree that were begun differently, 0..1: a photo in
    which they do not has no clear garment, or a ground of the garment's colours.
    """

    def __init__(self) -> None:
        self.ontology = garment_ontology()

    def predict(self, input: str | NDArray[np.uint8] | Image.Image) -> sv.Detections:
        """Box the garment of the photo file ``input``; none where there is no outline.

        Raises:
            NotInCatalogue: the folder of ``input`` names no garment, or it is no file name.
            UnreadablePhoto: it is no photo, or damaged.
        """
        if not isinstance(input, str):
            raise NotInCatalogue("a catalogue photo is named by its folder; expected a file name")
        garment = garment_of_folder(Path(input))
        found = outline_of(read_photo(Path(input).read_bytes()))
        if found is None:
            return sv.Detections.empty()
        box, agreement = found
        return sv.Detections(
            xyxy=np.array([box], dtype=np.float32),
            confidence=np.array([agreement], dtype=np.float32),
            class_id=np.array([GARMENT_NAMES.index(garment)]),
        )


def outline_of(photo: Photo) -> tuple[Box, float] | None:
    """Box what stands out from the ground at the rim of ``photo``, in its pixels.

    Returns:
        The box and the agreement of two outlines, 0..1; None where nothing stands out.

    Source: GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004), as OpenCV has it.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, _OUTLINE_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), dtype=np.uint8)
    narrow, wide = (_outlined(lab, oval) for oval in _OVALS)
    if wide is None:
        return None
    across, down = width / size[0], height / size[1]
    box = Box(wide[0] * across, wide[1] * down, wide[2] * across, wide[3] * down)
    return box, 0.0 if narrow is None else narrow.iou(wide)


def _outlined(lab: NDArray[np.uint8], oval: float) -> Box | None:
    mask = _first_guess(lab.shape[0], lab.shape[1], oval)
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(1)  # GrabCut draws the seeds of its clusters
    try:
        cv2.grabCut(lab, mask, _UNUSED, models[0], models[1], _ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        # It finds no garment, or no ground, to learn the colours of.
        return None
    garment = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    # The hook of a hanger is thin, and no part of the garment.
    garment = np.asarray(cv2.morphologyEx(garment, cv2.MORPH_OPEN, _HOOK), dtype=np.uint8)
    return box_of_parts(garment)


_UNUSED = (0, 0, 1, 1)  # a rectangle, where a mask is given
_HOOK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def _first_guess(height: int, width: int, oval: float) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:height, :width]
    from_middle = ((rows / height - 0.5) / oval) ** 2 + ((columns / width - 0.5) / oval) ** 2
    mask = np.where(from_middle < 1, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    rim = max(2, round(_RIM * max(height, width)))
    inside = np.zeros_like(mask, dtype=bool)
    inside[rim:-rim, rim:-rim] = True
    mask[~inside] = cv2.GC_BGD
    return mask
