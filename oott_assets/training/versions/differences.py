"""Where two detectors differ on the same photo."""

from collections.abc import Sequence
from typing import NamedTuple

from oott_assets.training.versions.compared_photos import NamedPhoto
from oott_fashion.vision.detections import Detection
from oott_fashion.vision.detector import Detector

# Boxes of one garment that overlap less are at different places.
_MIN_IOU = 0.5


class Difference(NamedTuple):
    """What each of two detectors found in a photo, and what only one of them found."""

    photo: NamedPhoto
    first: Sequence[Detection]
    second: Sequence[Detection]
    only_first: Sequence[Detection]
    only_second: Sequence[Detection]

    @property
    def size(self) -> float:
        """The sum of the confidences of what only one of them found."""
        return sum(found.confidence for found in (*self.only_first, *self.only_second))


def differences(
    photos: Sequence[NamedPhoto], first: Detector, second: Detector
) -> list[Difference]:
    """Run both detectors on ``photos``; the photo with the largest difference comes first."""
    found = [
        _difference(photo, first.garments(photo.pixels), second.garments(photo.pixels))
        for photo in photos
    ]
    return sorted(found, key=lambda difference: difference.size, reverse=True)


def _difference(
    photo: NamedPhoto, first: Sequence[Detection], second: Sequence[Detection]
) -> Difference:
    unmatched = list(second)
    only_first = []
    for detection in first:
        partners = [other for other in unmatched if _is_same(detection, other)]
        if partners:
            unmatched.remove(max(partners, key=lambda other: detection.box.iou(other.box)))
        else:
            only_first.append(detection)
    return Difference(photo, first, second, only_first, unmatched)


def _is_same(first: Detection, second: Detection) -> bool:
    return first.garment == second.garment and first.box.iou(second.box) >= _MIN_IOU
