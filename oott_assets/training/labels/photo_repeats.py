"""Repeats training photos, so that a detector sees rare garments and real photos often enough."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from oott_assets.training.labels.drawn_data_set import ORIGIN as DRAWN
from oott_assets.training.labels.labelled_photos import (
    BY_PEOPLE,
    LabelledPhoto,
    has_origin,
    in_split,
)

# A garment is rare if a smaller share of the photos shows it. With equal shares, each of the 24
# garments would be in about this share of closet photos.
_COMMON_SHARE = 0.05
# A detector memorises a photo that it sees more often than this in an epoch.
_MAX_REPEATS = 5


def with_repeats(photos: Sequence[LabelledPhoto]) -> list[LabelledPhoto]:
    """Repeat the training photos of rare garments, and those that people labelled if they are few.

    A photo is repeated by the square root of how rare its rarest garment is. Photos that people
    labelled are doubled if they are fewer than half. Drawn photos are neither counted nor repeated,
    because they are much alike. A photo is in the result at most five times.

    Source: repeat factor sampling (Gupta, Dollar, Girshick: LVIS, CVPR 2019).
    """
    train = [photo for photo in in_split(photos, "train") if not has_origin(photo, DRAWN)]
    shares = _shares_of_garments(train)
    people = sum(has_origin(photo, BY_PEOPLE) for photo in train)
    doubled = 2 * people < len(in_split(photos, "train"))
    repeats = [
        photo
        for photo in train
        for _ in range(_repeats_of(photo, shares, doubled and has_origin(photo, BY_PEOPLE)) - 1)
    ]
    return [*photos, *repeats]


def _shares_of_garments(photos: Sequence[LabelledPhoto]) -> dict[str, float]:
    """Compute the share of ``photos`` that show each garment, 0..1."""
    shown = Counter(garment for photo in photos for garment in _garments_of(photo))
    return {garment: count / len(photos) for garment, count in shown.items()}


def _repeats_of(photo: LabelledPhoto, shares: Mapping[str, float], is_doubled: bool) -> int:
    rarest = min((shares[garment] for garment in _garments_of(photo)), default=1.0)
    factor = max(1.0, math.sqrt(_COMMON_SHARE / rarest)) * (2 if is_doubled else 1)
    # Of three photos with the factor 2.33, about one is there three times. The hash decides which
    # one, so that each run chooses the same photos.
    chance = int(photo.sha256[:8], 16) / 2**32
    return min(_MAX_REPEATS, int(factor) + (chance < factor % 1))


def _garments_of(photo: LabelledPhoto) -> set[str]:
    return {label.garment for label in photo.labels}
