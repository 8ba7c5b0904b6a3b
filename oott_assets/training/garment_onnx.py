"""The champion as the service runs it: an ONNX file and its card, published if it is better."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.champion import CHAMPION, Champion, champion
from oott_assets.training.gates import (
    reject_changed_weights,
    reject_other_published_detector,
    reject_other_validation_photos,
)
from oott_assets.training.measurements import Measurement, comparison_table
from oott_assets.training.served_variant import make_candidate
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation_photos import read_validation_photos
from oott_fashion.stores.model_store import ModelStore, PublishedDetector


class Publishing(dg.Config):
    """Lets a person publish the champion even if the comparison is against it."""

    publish_anyway: bool = Field(
        default=False, description="Publish the champion even if the published one is better."
    )


@dg.asset(deps=[champion], group_name="training", kinds={"onnx", "deepsparse"})
def garment_onnx(
    context: dg.AssetExecutionContext,
    config: Publishing,
    garment_detector: GarmentDetector,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """The champion exported to ONNX, in the variant that OOTT_ENGINE runs fastest.

    An int8 or pruned variant is taken if it is faster and loses at most 0.01 mAP50. The detector
    is published only if it beats the published one on the valid split of main_data. Otherwise it
    is kept as a candidate. To publish a candidate by hand, run this asset with publish_anyway, or
    run python -m oott_assets.training.versions.
    """
    won = training_store.record("champion", CHAMPION, Champion)
    photos = read_validation_photos(training_store)
    reject_other_validation_photos(won.measured_by, photos)
    reject_changed_weights(won.weights)
    # The engine is part of the name, because another engine may run another variant fastest.
    made_from = f"{won.weights.sha256[:16]}-{photos.version}-{garment_detector.engine}"
    folder = training_store.folder(f"candidates/{made_from}")
    with (
        failures_of(context, TRAINING_FAILURES),
        training_store.blobs.exclusive_lock(f"candidates/{made_from}"),
    ):
        published = garment_detector.published_or_none()
        kept = _kept_in(folder)
        is_in_place = (
            kept is not None and published is not None and kept.version == published.version
        )
        if not is_in_place:
            reject_other_published_detector(won.published_version, published)
        candidate = kept or make_candidate(won, photos, folder, garment_detector, context.log)
        better = won.beats_published(candidate.card.metrics["main_data"]["mAP50"])
        if not is_in_place and (better or config.publish_anyway):
            ModelStore(garment_detector.model_store).publish(
                candidate.onnx,
                candidate.card,
                by=f"garment_onnx in run {context.run.run_id[:8]}",
                reason=None if better else "publish_anyway",
                weights=candidate.verified_weights(),
            )
            is_in_place = True
    return _reported(candidate, won, is_published=is_in_place, is_better=better)


def _kept_in(folder: Path) -> PublishedDetector | None:
    """Read the candidate that an earlier run left in ``folder``; None where there is none."""
    return PublishedDetector.in_folder(folder) if (folder / "card.json").is_file() else None


def _reported(
    candidate: PublishedDetector, won: Champion, *, is_published: bool, is_better: bool
) -> dg.MaterializeResult[None]:
    card, folder = candidate.card, candidate.onnx.parent
    served = Measurement(name="served", metrics=card.metrics)
    compared = [won.measured, served, *([won.published] if won.published else [])]
    return dg.MaterializeResult(
        metadata={
            "published": is_published,
            "better_than_published": is_better,
            "map50": served.map50,
            "version": candidate.version,
            "folder": dg.MetadataValue.path(folder),
            "variant": card.variant,
            "variants": dg.MetadataValue.md((folder / "variants.md").read_text()),
            "comparison": comparison_table(compared),
            "pixels_apart": card.parity,
        }
    )
