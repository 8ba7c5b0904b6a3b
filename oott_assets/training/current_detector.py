"""The version of the detector in use, and the way back to an earlier one in the Dagster UI."""

import dagster as dg
from pydantic import Field

from oott_assets.data_versions import report_current_detector
from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.garment_onnx import garment_onnx
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.versions.known_versions import (
    KnownVersion,
    known_versions,
    published_version_named,
)
from oott_assets.training.versions.version_table import version_table
from oott_fashion.stores.model_store import ModelStore


class ChosenVersion(dg.Config):
    """Lets a person go back to an earlier version."""

    version: str = Field(
        default="",
        description="Published version to make the current one, or a part of it that fits no other "
        "version. If it is empty, the current version stays.",
    )
    reason: str = Field(default="", description="Why, for the history. Example: it misses coats")


@dg.asset(deps=[garment_onnx], group_name="training", kinds={"onnx"})
def current_detector(
    context: dg.AssetExecutionContext,
    config: ChosenVersion,
    garment_detector: GarmentDetector,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """The version of the detector in use, and a table of all versions.

    To go back to an earlier version, materialise this asset with that version in its config. The
    service loads the version within seconds, and the pipeline uses it in its next run.
    garment_onnx does not publish a version again from which a person went back.
    """
    store = garment_detector.store
    with failures_of(context, TRAINING_FAILURES):
        if config.version:
            chosen = published_version_named(config.version, _known(store, training_store))
            if not chosen.is_current:
                if chosen.detector:  # a damaged version fails below
                    garment_detector.opened(chosen.detector)
                by = f"current_detector in run {context.run.run_id[:8]}"
                store.make_latest(chosen.version, by=by, reason=config.reason or None)
        # Without a starter, there is none as long as garment_onnx keeps all candidates.
        in_use = garment_detector.published_or_none()
        if in_use:
            report_current_detector(context.instance, store)
        known = _known(store, training_store)
    version = in_use.version if in_use else "none"
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "trained_on": in_use.card.trained_on if in_use else "none",
            "versions": version_table(known),
            "damaged_versions": sum(each.detector is None for each in known),
        },
        data_version=dg.DataVersion(version),
    )


def _known(store: ModelStore, training_store: TrainingStore) -> list[KnownVersion]:
    return known_versions(store, training_store.candidates)
