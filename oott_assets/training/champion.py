"""Which candidate finds garments best, measured on photos that neither was trained on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
from pydantic import BaseModel, ConfigDict

from oott_assets.garment_detector import GarmentDetector
from oott_assets.reports.tables import listed
from oott_assets.training.closet_accuracy import closet_labels
from oott_assets.training.labels.labelled_photos import LabelledPhoto, version_of
from oott_assets.training.merged_data import MERGER, Merger
from oott_assets.training.training_failures import as_failures
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation_photos import Yardstick, yardstick_in
from oott_assets.training.weights import (
    TrainedWeights,
    main_weights,
    merged_weights,
    weights_named,
)
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.model_store import NoDetector, PublishedDetector
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import Engine

CHAMPION = "champion.json"

# Where detectors are usually compared; the served side is what the app will see.
_USUAL_SIDE = 640

# A few hundred photos cannot tell apart detectors nearer than this in mAP50.
ALIKE = 0.01


class Measurement(BaseModel):
    """What was measured of a detector: shares 0..1, by data set and what is measured."""

    model_config = ConfigDict(frozen=True)

    name: str
    metrics: dict[str, dict[str, float]]

    @property
    def map50(self) -> float:
        """On the photos of main_data to validate with, at the served side."""
        return self.metrics["main_data"]["mAP50"]

    @property
    def closet(self) -> float:
        """Share of closet photos labelled right; 0 where none was held out."""
        return self.metrics.get("closet", {}).get("label right", 0.0)


class Champion(BaseModel):
    """The better candidate, what it was measured against, and the version of the yardstick."""

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

    The mean average precision at an overlap of 0.5 decides, on the photos of main_data to
    validate with and at the served side; of two within 0.01 of each other, the one that labels
    more closet photos right; of two alike in that too, the one trained on people's labels alone.
    """
    yardstick = yardstick_in(training_store)
    weights = {name: _weights_of(name, training_store) for name in ("main", "merged")}
    _refuse_other_data(yardstick, training_store)
    measured = {}
    with as_failures():
        # First, for it takes the least time to tell that its engine is missing.
        in_place = published_in(garment_detector)
        published = in_place and _measured_published(in_place, garment_detector, yardstick)
        for name, trained in weights.items():
            context.log.info("measuring %s", name)
            measured[name] = measured_candidate(name, trained, yardstick, garment_detector)
    winner = better_of(measured["main"], measured["merged"])
    result = Champion(
        weights=weights[winner.name],
        measured=winner,
        published=published,
        published_version=in_place.version if in_place else None,
        measured_by=yardstick.version,
    )
    training_store.blobs.write(CHAMPION, result.model_dump_json(indent=2).encode())
    compared = [*measured.values(), *([published] if published else [])]
    return dg.MaterializeResult(
        metadata={
            "winner": winner.name,
            "beats the published detector": result.beats_published(winner.map50),
            "comparison": compared_in_a_table(compared),
            "mAP50 by garment": _by_garment("main_data", compared),
            "closet labels right by garment": _by_garment("closet", compared),
        }
    )


def better_of(main: Measurement, merged: Measurement) -> Measurement:
    """Choose between the candidates, as the docstring of ``champion`` says."""
    # 0.36 - 0.35 is more than 0.01 to a computer.
    if round(abs(main.map50 - merged.map50), 6) > ALIKE:
        return max(main, merged, key=lambda it: it.map50)
    return merged if merged.closet > main.closet else main


def measured_candidate(
    name: str,
    trained: TrainedWeights,
    yardstick: Yardstick,
    garment_detector: GarmentDetector,
) -> Measurement:
    """Measure trained weights at the served side and at 640 px, and on closet photos."""
    from oott_assets.training.yolov8.torch_engine import TorchEngine

    metrics = street_metrics(trained.weights, yardstick.main_data, trained.image_side)
    usual = street_metrics(trained.weights, yardstick.main_data, _USUAL_SIDE)
    engine = TorchEngine(trained.weights)
    return Measurement(
        name=name,
        metrics={
            "main_data": metrics,
            f"main_data at {_USUAL_SIDE} px": usual,
            **closet_metrics(engine, trained.image_side, yardstick.closet, garment_detector),
        },
    )


def published_in(garment_detector: GarmentDetector) -> PublishedDetector | None:
    """Find the published detector; None where there is none.

    Raises:
        BadDetector: it is damaged, or knows other garments.
    """
    try:
        return garment_detector.published()
    except NoDetector:
        return None


def _measured_published(
    published: PublishedDetector, garment_detector: GarmentDetector, yardstick: Yardstick
) -> Measurement:
    side = published.card.image_side
    engine = garment_detector.engine_of(published.onnx)
    metrics = {
        "main_data": street_metrics(published.onnx, yardstick.main_data, side),
        **closet_metrics(engine, side, yardstick.closet, garment_detector),
    }
    return Measurement(name="published", metrics=metrics)


def _weights_of(name: str, store: TrainingStore) -> TrainedWeights:
    trained = store.note(f"{name}_weights", weights_named(name), TrainedWeights)
    if trained.data_version != version_of(store.photos(f"{name}_data")):
        raise dg.Failure(
            f"{name}_weights were trained on another {name}_data than there is now; materialise "
            f"{name}_weights again",
            allow_retries=False,
        )
    trained.refuse_lost()
    return trained


def _refuse_other_data(yardstick: Yardstick, store: TrainingStore) -> None:
    """Make sure that merged_data was made of the main_data of now."""
    made = store.note("merged_data", MERGER, Merger)
    if made != Merger.of(store.photos("merged_data"), yardstick):
        raise dg.Failure(
            "merged_data was made of another main_data than there is now; materialise merged_data "
            "and merged_weights again",
            allow_retries=False,
        )


def street_metrics(
    weights: Path, photos: Sequence[LabelledPhoto], image_side: int
) -> dict[str, float]:
    """Measure weights or an ONNX file on main_data; single garments by their names."""
    from oott_assets.training.yolov8.validation import MIN_BOXES, measure

    found = measure(weights, photos, image_side)
    return {
        "mAP50": found.map50,
        "mAP50-95": found.map50_95,
        f"mAP50 of garments with {MIN_BOXES} boxes": found.usual_map50,
        **found.by_garment,
    }


def closet_metrics(
    engine: Engine,
    image_side: int,
    closet: Sequence[LabelledPhoto],
    garment_detector: GarmentDetector,
) -> dict[str, dict[str, float]]:
    """Measure a detector on closet photos; nothing where none was held out."""
    found = closet_labels(Detector(engine, image_side, garment_detector.thresholds), closet)
    if found is None:
        return {}
    return {
        "closet": {
            "photos": found.photos,
            "label right": found.right,
            "nothing found": found.nothing_found,
            **found.right_by_garment,
        }
    }


def compared_in_a_table(measured: Sequence[Measurement]) -> dg.MarkdownMetadataValue:
    """Write what is measured of each detector but for single garments, a row per measure."""
    rows: dict[str, list[str]] = {}
    for index, one in enumerate(measured):
        for data, metrics in one.metrics.items():
            for name, value in metrics.items():
                if name not in GARMENT_NAMES:
                    row = rows.setdefault(f"{data}: {name}", ["-"] * len(measured))
                    row[index] = f"{value:.3f}"
    heading = ("measured", *(one.name for one in measured))
    return listed(heading, [(name, *cells) for name, cells in rows.items()])


def _by_garment(data: str, measured: Sequence[Measurement]) -> dg.MarkdownMetadataValue:
    known: list[Mapping[str, float]] = [one.metrics.get(data, {}) for one in measured]
    rows = [
        (name, *(f"{metrics[name]:.3f}" if name in metrics else "-" for metrics in known))
        for name in GARMENT_NAMES
        if any(name in metrics for metrics in known)
    ]
    return listed(("garment", *(one.name for one in measured)), rows)
