"""The champion as the service runs it: an ONNX file and its card, published if it is better."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.champion import CHAMPION, Champion, champion
from oott_assets.training.gates import reject_changed_weights, reject_other_validation_photos
from oott_assets.training.measurement_tables import (
    comparison_table,
    confusion_table,
    served_garment_table,
)
from oott_assets.training.measurements import Measurement
from oott_assets.training.publication_gate import publish_if_allowed
from oott_assets.training.served_variant import make_candidate, opened_candidate
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import CANDIDATES, TrainingStore, fingerprint_of
from oott_assets.training.validation.validated import Validated
from oott_assets.training.validation_photos import ValidationPhotos, read_validation_photos
from oott_assets.training.weights import TrainedWeights
from oott_fashion.stores.detector_card import PublishedDetector

# Increase this version when a code change gives the same champion another card.
_CANDIDATE_VERSION = 4


class Publishing(dg.Config):
    """Lets a person see what would be published, or publish against the rules."""

    dry_run: bool = Field(
        default=False,
        description="Do everything except publish, and report what would be published.",
    )
    publish_anyway: str = Field(
        default="",
        description="Publish the champion even if the rules are against it, for this reason, which "
        "is recorded. A broken detector is not published. Example: the new photos show winter",
    )


@dg.asset(deps=[champion], group_name="training", kinds={"onnx", "deepsparse"})
def garment_onnx(
    context: dg.AssetExecutionContext,
    config: Publishing,
    garment_detector: GarmentDetector,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """The champion exported to ONNX, in the variant that OOTT_ENGINE runs fastest.

    An int8 variant is taken if it is faster and loses at most 0.01 mAP50. The detector is
    published only if it is clearly better than the published one on the same photos, and nowhere
    clearly worse (see docs/label-and-train.md). Otherwise it is kept as a candidate, and the
    metadata says why. To publish it anyway, run this asset with the reason in publish_anyway. To
    only see what would be published, run it with dry_run.
    """
    won = training_store.record("champion", CHAMPION, Champion)
    photos = read_validation_photos(training_store)
    reject_other_validation_photos(won.measured_by, photos)
    reject_changed_weights(won.weights)
    folder = _candidate_folder(won.weights, photos, garment_detector, training_store)
    with (
        failures_of(context, TRAINING_FAILURES),
        training_store.blobs.exclusive_lock(f"{CANDIDATES}/{folder.name}"),
    ):
        published = garment_detector.published_or_none()
        kept = _kept_in(folder)
        if kept and published and kept.version == published.version:
            return _reported(kept, None, "published already", kept.version, is_published=True)
        candidate = (
            opened_candidate(kept, photos, garment_detector)
            if kept
            else make_candidate(won, photos, folder, garment_detector, context.log)
        )
        outcome, _, in_place = publish_if_allowed(
            candidate,
            published,
            photos,
            garment_detector,
            by=f"garment_onnx in run {context.run.run_id[:8]}",
            publish_anyway=config.publish_anyway.strip(),
            dry_run=config.dry_run,
        )
    context.log.info("%s", outcome.text)
    before = published.version if published else "none"
    current = candidate.detector.version if outcome.publishes else before
    return _reported(
        candidate.detector, in_place, outcome.text, current, is_published=outcome.publishes
    )


def _candidate_folder(
    weights: TrainedWeights,
    photos: ValidationPhotos,
    garment_detector: GarmentDetector,
    store: TrainingStore,
) -> Path:
    """Name the folder by all that a candidate and its card depend on."""
    facts = {
        "weights": weights.sha256,
        "photos": photos.version,
        "engine": garment_detector.engine,  # another engine may run another variant fastest
        "thresholds": garment_detector.thresholds,
        "version": _CANDIDATE_VERSION,
    }
    return store.folder(f"{CANDIDATES}/{fingerprint_of(facts)}")


def _kept_in(folder: Path) -> PublishedDetector | None:
    """Read the candidate that an earlier run left in ``folder``; None where there is none."""
    return PublishedDetector.in_folder(folder) if (folder / "card.json").is_file() else None


def _reported(
    candidate: PublishedDetector,
    in_place: Validated | None,
    decision: str,
    current_version: str,
    *,
    is_published: bool,
) -> dg.MaterializeResult[None]:
    card, folder = candidate.card, candidate.onnx.parent
    served = Measurement(name="candidate", metrics=card.metrics)
    published = Measurement.of("published", in_place) if in_place else None
    return dg.MaterializeResult(
        metadata={
            "published": is_published,
            "decision": decision,
            "map50": served.map50,
            "version": candidate.version,
            "folder": dg.MetadataValue.path(folder),
            "variant": card.variant,
            "variants": dg.MetadataValue.md((folder / "variants.md").read_text()),
            "comparison": comparison_table([served, *([published] if published else [])]),
            "garments": served_garment_table(served, published),
            "errors": confusion_table(served),
            "pixels_apart": card.parity,
        },
        # Detections are out of date when it changes, so it is not the version of a candidate.
        data_version=dg.DataVersion(current_version),
    )
