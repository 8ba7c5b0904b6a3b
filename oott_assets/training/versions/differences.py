"""Where two detectors differ on the same photo."""

from collections.abc import Sequence
from typing import NamedTuple

from oott_assets.training.versions.compared_photos import NamedPhoto
from oott_fashion.vision.detections import Detection, differing
from oott_fashion.vision.detector import Detector


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
    return Difference(photo, first, second, *differing(first, second))
