"""Why a photo is worth labelling, each reason with a score and a sentence for the labeller."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from oott_assets.photos.sources.photo_files import shortened
from oott_fashion.vision.detections import Detection, differing

ReasonName = Literal["uncertain", "rare garment", "detectors disagree"]

# A confidence counts as doubtful up to this far above the threshold. Below the threshold, a box is
# not stored.
_DOUBTFUL_MARGIN = 0.2

# A quarter of the garments counts as rare.
_RARE_GARMENTS = 6


class StoredPhotoName(NamedTuple):
    """A photo of the photo store: its hash, and the destination and month that it belongs to."""

    destination: str
    month: date
    sha256: str


class Reason(NamedTuple):
    """A reason to label a photo; a higher ``score`` is a better reason of the same name."""

    name: ReasonName
    score: float
    why: str


class SeenPhoto(NamedTuple):
    """A stored photo, and the garments that the detector ``version`` found in it."""

    photo: StoredPhotoName
    garments: tuple[Detection, ...]
    version: str


def uncertain(garments: Sequence[Detection], min_confidence: float) -> Reason | None:
    """Tell whether some confidences are only just above the served threshold."""
    doubts = {
        garment: 1 - (garment.confidence - min_confidence) / _DOUBTFUL_MARGIN
        for garment in garments
        if garment.confidence < min_confidence + _DOUBTFUL_MARGIN
    }
    if not doubts:
        return None
    why = f"The detector is not sure: {_named(doubts)}. The threshold is {min_confidence:.2f}."
    return Reason("uncertain", sum(doubts.values()), why)


def rare_garment(garments: Sequence[Detection], boxes: Mapping[str, int]) -> Reason | None:
    """Tell whether one of ``garments`` is among the six with the fewest ``boxes`` in main_data."""
    if not any(boxes.values()):
        return None
    rare = sorted(boxes, key=lambda garment: boxes[garment])[:_RARE_GARMENTS]
    found = [garment for garment in garments if garment.garment in rare]
    if not found:
        return None
    best = max(found, key=lambda garment: garment.confidence / (1 + boxes[garment.garment]))
    count = boxes[best.garment]
    why = f"Rare garment: {_named([best])}. main_data has {count} boxes of it."
    return Reason("rare garment", best.confidence / (1 + count), why)


def disagreement(seen: SeenPhoto, garments: Sequence[Detection], version: str) -> Reason | None:
    """Tell whether the detector ``version`` finds other ``garments`` than the one of ``seen``."""
    lost, new = differing(seen.garments, garments)
    if not lost and not new:
        return None
    why = " ".join(
        f"Only detector {one} finds {_named(found)}."
        for one, found in ((seen.version, lost), (version, new))
        if found
    )
    score = sum(garment.confidence for garment in (*lost, *new))
    return Reason("detectors disagree", score, why)


def _named(garments: Collection[Detection]) -> str:
    return shortened([f"{garment.garment} {garment.confidence:.2f}" for garment in garments])
