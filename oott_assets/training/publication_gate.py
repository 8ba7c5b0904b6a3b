"""Judges a candidate as it would be served, next to the published detector."""

from collections.abc import Iterable
from typing import NamedTuple

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.decisions import Verdict
from oott_assets.training.measurements import validate_published
from oott_assets.training.publication_rules import (
    gain_text,
    not_better,
    not_good_enough,
    too_few_photos,
    value_text,
)
from oott_assets.training.served_variant import OpenedCandidate
from oott_assets.training.validation.comparison import compare
from oott_assets.training.validation.metrics import COMMON_MAP50
from oott_assets.training.validation.resamples import estimate
from oott_assets.training.validation.sanity import signs_of_damage
from oott_assets.training.validation.validated import Validated
from oott_assets.training.validation_photos import ValidationPhotos
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.publications import Publication
from oott_fashion.vision.detector import Detector


class Judgement(NamedTuple):
    """The verdict on a candidate, and the values of the published detector on the same photos."""

    verdict: Verdict
    published: Validated | None


def judge(
    candidate: OpenedCandidate,
    published: PublishedDetector | None,
    photos: ValidationPhotos,
    garment_detector: GarmentDetector,
    history: Iterable[Publication],
) -> Judgement:
    """Say what is for and against publishing ``candidate`` in place of ``published``.

    Both are measured as they are served, on the same photos.

    Args:
        history: the publications so far.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
        EngineUnavailable: no engine on this machine runs the published detector.
    """
    found = candidate.validated
    against = [
        *_published_before(candidate.detector, history),
        *too_few_photos(found.photos, found.boxes),
    ]
    in_place = published and validate_published(published, photos, garment_detector)
    if in_place is None:
        map50 = estimate(found.common_map50)
        gain = f"it is the first detector, with a {COMMON_MAP50} of {value_text(map50)}"
        against += not_good_enough(map50)
    else:
        comparison = compare(found, in_place)
        gain = f"its {COMMON_MAP50} is higher by {gain_text(comparison.map50)}"
        against += not_better(comparison)
    broken = _signs_of_damage(candidate, found, photos, garment_detector)
    return Judgement(Verdict(gain=gain, against=tuple(against), broken=broken), in_place)


def _published_before(
    candidate: PublishedDetector, history: Iterable[Publication]
) -> Iterable[str]:
    # Without this rule, the next run would undo the decision of a person who went back to an
    # earlier detector.
    if candidate.version in {publication.version for publication in history}:
        yield (
            "it was published before, and then another version was; if that is no longer wanted, "
            "publish it again yourself"
        )


def _signs_of_damage(
    candidate: OpenedCandidate,
    found: Validated,
    photos: ValidationPhotos,
    garment_detector: GarmentDetector,
) -> tuple[str, ...]:
    side = candidate.detector.card.image_side
    detector = Detector(candidate.engine, side, garment_detector.thresholds)
    return tuple(signs_of_damage(detector, photos.sample(), found))
