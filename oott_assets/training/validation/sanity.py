"""Signs that a detector is broken, which no measured value may outweigh.

Every honest detector passes: one that was trained only on drawn photos as well as one that has
never seen a drawn photo.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from oott_assets.training.validation.validated import Validated
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import Photo

# The starter finds a garment in none of these pictures. An earlier one, which was not trained on
# pictures without clothes, found one.
_MAX_FOUND_IN_PLAIN_PICTURES = 3

# A garment is found by some ten boxes, before non-max suppression. The starter is confident of at
# most 2 % of all boxes of a photo.
_MAX_CONFIDENT_SHARE = 0.2

_SIZE = (640, 480, 3)


def plain_pictures() -> list[Photo]:
    """Make a black, a grey and a white picture, and three of noise."""
    plain = [np.full(_SIZE, grey, dtype=np.uint8) for grey in (0, 114, 255)]
    rng = np.random.default_rng(0)
    return [*plain, *(rng.integers(0, 256, _SIZE, dtype=np.uint8) for _ in range(3))]


def signs_of_damage(
    detector: Detector, photos: Sequence[Photo], validated: Validated
) -> Iterator[str]:
    """Say what cannot be right about a detector, if anything.

    Args:
        detector: with the served thresholds.
        photos: some validation photos.
        validated: its values on all validation photos.
    """
    if not validated.counts.found.sum():
        yield f"it finds no garment in any of the {validated.photos} validation photos"
    pictures = plain_pictures()
    anchors = [detector.anchors(picture) for picture in (*photos, *pictures)]
    if not all(np.isfinite(values).all() for each in anchors for values in each):
        yield "its output has values that are not finite"
        return
    highest = [each.confidences.max(axis=1) for each in anchors]
    if max(values.max() for values in highest) > 1 or min(values.min() for values in highest) < 0:
        yield "its output has confidences outside 0..1"
    confident = [(values > detector.thresholds.confidence).mean() for values in highest]
    if np.median(confident[: len(photos)] or [0]) > _MAX_CONFIDENT_SHARE:
        yield (
            f"it is confident of {np.median(confident[: len(photos)]):.0%} of all boxes of a "
            f"photo; expected at most {_MAX_CONFIDENT_SHARE:.0%}"
        )
    found = sum(share > 0 for share in confident[len(photos) :])
    if found > _MAX_FOUND_IN_PLAIN_PICTURES:
        yield (
            f"it finds a garment in {found} of {len(pictures)} plain pictures and pictures of "
            f"noise; expected at most {_MAX_FOUND_IN_PLAIN_PICTURES}"
        )
