"""The better of the two candidates, measured on photos that neither was trained on."""

from collections.abc import Mapping

import dagster as dg
from pydantic import BaseModel, ConfigDict

from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.gates import (
    reject_changed_weights,
    reject_outdated_merged_data,
    reject_weights_of_other_photos,
)
from oott_assets.training.measurements import (
    Measurement,
    comparison_table,
    garment_table,
    measure_candidate,
    measure_published,
)
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation_photos import read_validation_photos
from oott_assets.training.weights import (
    TrainedWeights,
    main_weights,
    merged_weights,
    weights_blob,
)

CHAMPION = "champion.json"

# A few hundred photos cannot distinguish detectors whose mAP50 differs by less than this.
ALIKE = 0.01


class Champion(BaseModel):
    """The better candidate, its metrics, and those of the published detector.

    ``measured_by`` is the version of the validation photos.
    """

    model_config = ConfigDict(frozen=True)

    weights: TrainedWeights
    measured: Measurement
    published: Measurement | None
    published_version: str | None
    measured_by: str

    def beats_published(self, map50: float) -> bool:
        """Tell whether a detector of ``map50`` is better than the published one."""
        return self.published is None or map50 > self.published.map50


@dg.asset(deps=[main_weights, merged_weights], group_name="training", kinds={"ultralytics"})
def champion(
    context: dg.AssetExecutionContext,
    garment_detector: GarmentDetector,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """The better of the two candidates, and how both compare with the published detector.

    The candidate with the higher mAP50 wins. The mAP50 is measured on the valid split of
    main_data, at the served side. If the two values differ by at most 0.01, the candidate that
    labels more closet photos right wins. If these counts are equal too, the candidate
    trained on people's labels alone wins.
    """
    photos = read_validation_photos(training_store)
    weights = {name: _checked_weights(name, training_store) for name in ("main", "merged")}
    reject_outdated_merged_data(photos, training_store)
    measured = {}
    with failures_of(context, TRAINING_FAILURES):
        # The published detector is measured first, so that a missing engine fails early.
        in_place = garment_detector.published_or_none()
        published = in_place and measure_published(in_place, photos, garment_detector)
        for name, trained in weights.items():
            context.log.info("measuring %s", name)
            measured[name] = measure_candidate(name, trained, photos, garment_detector)
    winner = better_of(measured["main"], measured["merged"])
    result = Champion(
        weights=weights[winner.name],
        measured=winner,
        published=published,
        published_version=in_place.version if in_place else None,
        measured_by=photos.version,
    )
    training_store.blobs.write(CHAMPION, result.model_dump_json(indent=2).encode())
    return _reported(result, measured)


def _checked_weights(candidate: str, store: TrainingStore) -> TrainedWeights:
    trained = store.record(f"{candidate}_weights", weights_blob(candidate), TrainedWeights)
    reject_weights_of_other_photos(candidate, trained, store)
    reject_changed_weights(trained)
    return trained


def better_of(main: Measurement, merged: Measurement) -> Measurement:
    """Choose between the candidates by the rule in the docstring of ``champion``."""
    # In floating point, 0.36 - 0.35 is more than 0.01.
    if round(abs(main.map50 - merged.map50), 6) > ALIKE:
        return max(main, merged, key=lambda measured: measured.map50)
    return merged if merged.closet_accuracy > main.closet_accuracy else main


def _reported(
    result: Champion, candidates: Mapping[str, Measurement]
) -> dg.MaterializeResult[None]:
    compared = [*candidates.values(), *([result.published] if result.published else [])]
    return dg.MaterializeResult(
        metadata={
            "winner": result.measured.name,
            "map50": result.measured.map50,
            "better_than_published": result.beats_published(result.measured.map50),
            "comparison": comparison_table(compared),
            "map50_by_garment": garment_table("main_data", compared),
            "closet_accuracy_by_garment": garment_table("closet", compared),
        }
    )
