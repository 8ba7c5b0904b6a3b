"""The better of the two candidates, measured on photos that neither was trained on."""

from collections.abc import Mapping
from typing import Literal

import dagster as dg
from pydantic import BaseModel, ConfigDict

from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.gates import (
    reject_changed_weights,
    reject_outdated_merged_data,
    reject_weights_of_other_photos,
)
from oott_assets.training.measurement_tables import comparison_table, garment_table
from oott_assets.training.measurements import (
    Measurement,
    validate_published,
    validate_weights,
)
from oott_assets.training.publication_rules import gain_text
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation.comparison import Comparison, compare
from oott_assets.training.validation_photos import read_validation_photos
from oott_assets.training.weights import (
    TrainedWeights,
    main_weights,
    merged_weights,
    weights_blob,
)

CHAMPION = "champion.json"

CandidateName = Literal["main", "merged"]


class Champion(BaseModel):
    """The better candidate and its metrics.

    ``measured_by`` is the version of the validation photos.
    """

    model_config = ConfigDict(frozen=True)

    weights: TrainedWeights
    measured: Measurement
    measured_by: str


@dg.asset(deps=[main_weights, merged_weights], group_name="training", kinds={"ultralytics"})
def champion(
    context: dg.AssetExecutionContext,
    garment_detector: GarmentDetector,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """The better of the two candidates, and how both compare with the published detector.

    The candidate with the clearly higher mAP50 wins. It is measured on the valid split of
    main_data, as the detector is served, over garments with at least ten boxes. "Clearly" means
    that the 95 % interval of the difference excludes 0. Otherwise the candidate that labels more
    closet photos right wins. If these counts are equal too, the candidate trained on people's
    labels alone wins.
    """
    photos = read_validation_photos(training_store)
    weights = {name: _checked_weights(name, training_store) for name in ("main", "merged")}
    reject_outdated_merged_data(photos, training_store)
    with failures_of(context, TRAINING_FAILURES):
        # The published detector is measured first, so that a missing engine fails early.
        in_place = garment_detector.published_or_none()
        published = in_place and validate_published(in_place, photos, garment_detector)
        validated = {}
        for name, trained in weights.items():
            context.log.info("measuring %s", name)
            validated[name] = validate_weights(trained, photos, garment_detector)
    comparison = compare(validated["merged"], validated["main"])
    winner: CandidateName = "merged" if is_better(comparison) else "main"
    measured = {name: Measurement.of(name, each) for name, each in validated.items()}
    result = Champion(
        weights=weights[winner], measured=measured[winner], measured_by=photos.version
    )
    training_store.blobs.write(CHAMPION, result.model_dump_json(indent=2).encode())
    if published:
        measured["published"] = Measurement.of("published", published)
    return _reported(result, comparison, measured)


def _checked_weights(candidate: str, store: TrainingStore) -> TrainedWeights:
    trained = store.record(f"{candidate}_weights", weights_blob(candidate), TrainedWeights)
    reject_weights_of_other_photos(candidate, trained, store)
    reject_changed_weights(trained)
    return trained


def is_better(comparison: Comparison) -> bool:
    """Tell whether the first detector is better, by the rule in the docstring of ``champion``."""
    gain, closet = comparison.map50, comparison.closet
    if gain.low > 0:
        return True
    if gain.high < 0:
        return False
    return closet is not None and closet.value > 0


def _reported(
    result: Champion, comparison: Comparison, measured: Mapping[str, Measurement]
) -> dg.MaterializeResult[None]:
    compared = list(measured.values())
    return dg.MaterializeResult(
        metadata={
            "winner": result.measured.name,
            "map50": result.measured.map50,
            "map50_gain_of_merged": gain_text(comparison.map50),
            "comparison": comparison_table(compared),
            "map50_by_garment": garment_table("main_data", compared),
            "closet_accuracy_by_garment": garment_table("closet", compared),
        }
    )
