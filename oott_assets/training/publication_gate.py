"""Judges a candidate as it would be served, and publishes it if the rules allow that."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.decisions import (
    Decision,
    Outcome,
    Verdict,
    outcome_of,
    write_decision,
)
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
from oott_fashion.vision.known_answers import ImplausibleAnswers, check_answers, max_milliseconds


class Judged(NamedTuple):
    """What happened to a candidate, its verdict, and the published detector on the same photos."""

    outcome: Outcome
    verdict: Verdict
    in_place: Validated | None


def publish_if_allowed(
    candidate: OpenedCandidate,
    published: PublishedDetector | None,
    photos: ValidationPhotos,
    garment_detector: GarmentDetector,
    *,
    by: str,
    publish_anyway: str,
    dry_run: bool = False,
) -> Judged:
    """Judge ``candidate``, publish it in place of ``published`` if it may be, and record that.

    Args:
        by: the run or the user that asks, for the history.
        publish_anyway: a person's reason to publish against the rules; empty if there is none.
        dry_run: publish nothing, and say what would happen.

    Raises:
        BadDetector: the candidate is damaged.
        PhotoChanged: a photo is missing, or has changed since it was labelled.
        EngineUnavailable: no engine on this machine runs the published detector.
    """
    detector, store = candidate.detector, garment_detector.store
    weights = detector.verified_weights()
    in_place = published and validate_published(published, photos, garment_detector)
    history = store.history()
    verdict = _verdict(candidate, published, in_place, photos, garment_detector, history)
    outcome = outcome_of(verdict, dry_run=dry_run, publish_anyway=publish_anyway)
    if outcome.publishes:
        reason = outcome.stated_reason
        store.publish(detector.onnx, detector.card, by=by, reason=reason, weights=weights)
    decision = Decision.of(detector, published, verdict, outcome, by)
    write_decision(detector.onnx.parent, decision)
    return Judged(outcome, verdict, in_place)


def _verdict(
    candidate: OpenedCandidate,
    published: PublishedDetector | None,
    in_place: Validated | None,
    photos: ValidationPhotos,
    garment_detector: GarmentDetector,
    history: Iterable[Publication],
) -> Verdict:
    """Say what is for and against publishing ``candidate``."""
    found = candidate.validated
    against = [
        *_published_before(candidate.detector, history),
        *too_few_photos(found.photos, found.boxes),
    ]
    if in_place is None:
        map50 = estimate(found.common_map50)
        gain = f"it is the first detector, with a {COMMON_MAP50} of {value_text(map50)}"
        against += not_good_enough(map50)
    else:
        comparison = compare(found, in_place)
        gain = f"its {COMMON_MAP50} is higher by {gain_text(comparison.map50)}"
        against += not_better(comparison)
    broken = (
        *_signs_of_damage(candidate, found, photos, garment_detector),
        *_refused_by_the_service(candidate, published, garment_detector),
    )
    return Verdict(gain=gain, against=tuple(against), broken=broken)


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


def _refused_by_the_service(
    candidate: OpenedCandidate,
    published: PublishedDetector | None,
    garment_detector: GarmentDetector,
) -> Iterator[str]:
    """Say why the service would not take the candidate, if it would not."""
    try:
        milliseconds = check_answers(candidate.engine, candidate.detector.card.image_side)
    except ImplausibleAnswers as error:
        yield str(error)
        return
    if published is None:
        return
    in_place = garment_detector.opened(published).detector
    limit = max_milliseconds(check_answers(in_place.engine, in_place.image_side))
    if milliseconds > limit:
        yield (
            f"it takes {milliseconds:.0f} ms of CPU time for a photo; compared with the published "
            f"detector, at most {limit:.0f} ms are allowed"
        )
