"""The champion as the service runs it: an ONNX file and its card, published if it is better."""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from logging import Logger
from pathlib import Path

import dagster as dg
from pydantic import Field

from oott_assets.garment_detector import GarmentDetector
from oott_assets.reports.pictures import sample_of
from oott_assets.reports.tables import listed
from oott_assets.training.champion import (
    CHAMPION,
    Champion,
    Measurement,
    champion,
    closet_metrics,
    compared_in_a_table,
    published_in,
    street_metrics,
)
from oott_assets.training.labels.labelled_photos import LabelledPhoto, in_split, pixels_of
from oott_assets.training.training_failures import as_failures
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation_photos import Yardstick, yardstick_in
from oott_assets.training.yolov8.onnx_export import Parity, export_onnx, parity
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.model_store import (
    DetectorCard,
    ModelStore,
    PublishedDetector,
    read_card,
)
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import Photo

# Weights and ONNX compute the same in another order; a box may move by rounding, not by more.
MAX_PIXELS_APART = 1.0
# So may a score, which people see with two digits: half of the last. Rounding moved none of the
# starter's by more than 0.00001.
MAX_CONFIDENCES_APART = 0.005

# Weights without which a detector is still itself, and photos to learn ranges of activations from.
_PRUNED = 0.8
_CALIBRATION_PHOTOS = 48


class Publishing(dg.Config):
    """Whether a person overrules the comparison."""

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

    A variant pruned or in whole numbers is taken where it is faster and loses at most 0.01 mAP50.
    The detector is published only if it beats the published one on the photos of main_data to
    validate with; else it is kept for a person to decide: run this asset with publish_anyway, or
    python -m oott_assets.training.publish.
    """
    won = training_store.note("champion", CHAMPION, Champion)
    yardstick = yardstick_in(training_store)
    _refuse_other_yardstick(won, yardstick)
    won.weights.refuse_lost()
    # Another engine may run another variant fastest.
    made_of = f"{won.weights.sha256[:16]}-{yardstick.version}-{garment_detector.engine}"
    candidate = training_store.folder(f"candidates/{made_of}")
    with as_failures(), training_store.blobs.exclusive_lock(f"candidates/{made_of}"):
        in_place = published_in(garment_detector)
        kept = _kept_in(candidate)
        is_in_place = kept is not None and in_place is not None and kept.version == in_place.version
        if not is_in_place:
            _refuse_other_detector(won, in_place)
        detector = kept or _made(won, yardstick, candidate, garment_detector, context.log)
        better = won.beats_published(detector.card.metrics["main_data"]["mAP50"])
        if not is_in_place and (better or config.publish_anyway):
            ModelStore(garment_detector.model_store).publish(detector.onnx, detector.card)
    served = Measurement(name="served", metrics=detector.card.metrics)
    return dg.MaterializeResult(
        metadata={
            "published": is_in_place or better or config.publish_anyway,
            "better than the published one": better,
            "version": detector.version,
            "kept in": dg.MetadataValue.path(candidate),
            "variant": detector.card.variant,
            "variants": dg.MetadataValue.md((candidate / "variants.md").read_text()),
            "comparison": compared_in_a_table(
                [won.measured, served, *([won.published] if won.published else [])]
            ),
            "pixels between weights and ONNX": detector.card.parity,
        }
    )


def _refuse_other_yardstick(won: Champion, yardstick: Yardstick) -> None:
    if won.measured_by != yardstick.version:
        raise dg.Failure(
            "main_data or the closet photos held out have changed since the champion was measured "
            "by them; materialise champion again",
            allow_retries=False,
        )


def _refuse_other_detector(won: Champion, in_place: PublishedDetector | None) -> None:
    if won.published_version != (in_place.version if in_place else None):
        raise dg.Failure(
            "another detector was published since the champion was compared with one; materialise "
            "champion again",
            allow_retries=False,
        )


def _kept_in(candidate: Path) -> PublishedDetector | None:
    card = candidate / "card.json"
    if not card.is_file():
        return None
    return PublishedDetector.verified(candidate / "detector.onnx", read_card(card))


def _made(
    won: Champion,
    yardstick: Yardstick,
    candidate: Path,
    garment_detector: GarmentDetector,
    log: Logger,
) -> PublishedDetector:
    """Export the champion into the folder ``candidate``, its card last."""
    photos, side = yardstick.main_data, won.weights.image_side
    dense = candidate / "dense.onnx"
    export_onnx(won.weights.weights, side, dense)
    agreement = parity(won.weights.weights, dense, _some_photos(photos), side)
    _refuse_disagreement(agreement)
    variant, onnx, street = _fastest(dense, photos, side, garment_detector, log)
    content = onnx.read_bytes()
    made = LocalBlobs(candidate)
    made.write("detector.onnx", content)
    engine = garment_detector.engine_of(onnx)
    closet = closet_metrics(engine, side, yardstick.closet, garment_detector)
    card = DetectorCard(
        garments=GARMENT_NAMES,
        image_side=side,
        trained_on=won.weights.trained_on,
        metrics=won.measured.metrics | {"main_data": street} | closet,
        parity=agreement.pixels_apart,
        engine=agreement.engine,
        variant=variant,
        sha256=hashlib.sha256(content).hexdigest(),
        created=datetime.now(UTC),
    )
    made.write("card.json", (card.model_dump_json(indent=2) + "\n").encode())
    for file in candidate.glob("*.onnx"):
        if file.name != "detector.onnx":
            os.unlink(file)
    return PublishedDetector.verified(candidate / "detector.onnx", card)


def _refuse_disagreement(agreement: Parity) -> None:
    # Of a number that is none (NaN), no comparison is true.
    if not (
        agreement.pixels_apart <= MAX_PIXELS_APART
        and agreement.confidences_apart <= MAX_CONFIDENCES_APART
    ):
        raise dg.Failure(
            f"the export's boxes lie up to {agreement.pixels_apart:.2f} pixels from those of its "
            f"weights, and its confidences up to {agreement.confidences_apart:.3f}; at most "
            f"{MAX_PIXELS_APART:g} and {MAX_CONFIDENCES_APART:g} are rounding, so the export is "
            "wrong",
            allow_retries=False,
        )


def _fastest(
    dense: Path,
    photos: Sequence[LabelledPhoto],
    side: int,
    garment_detector: GarmentDetector,
    log: Logger,
) -> tuple[str, Path, dict[str, float]]:
    """Make the variants, measure each, and choose; the table is left beside ``dense``.

    Returns:
        The name of the chosen one, its file, and what was measured of it.
    """
    from oott_assets.training.yolov8.faster_variants import (
        Variant,
        fastest_within,
        milliseconds_of,
        pruned,
        quantised_to_int8,
    )

    inputs = [letterbox(photo, side)[0][None] for photo in _calibration_photos(photos)]
    files = {name: dense.with_name(f"{name}.onnx") for name in ("dense", "int8", "pruned int8")}
    quantised_to_int8(dense, inputs, files["int8"])
    pruned(dense, _PRUNED, dense.with_name("pruned.onnx"))
    quantised_to_int8(dense.with_name("pruned.onnx"), inputs, files["pruned int8"])
    times = milliseconds_of(
        [garment_detector.engine_of(file) for file in files.values()], inputs[0]
    )
    metrics = {name: street_metrics(file, photos, side) for name, file in files.items()}
    variants = [
        Variant(name, milliseconds, metrics[name]["mAP50"])
        for name, milliseconds in zip(files, times, strict=True)
    ]
    chosen = fastest_within(variants[0], variants[1:])
    log.info("%s is served, of %s", chosen.name, variants)
    rows = [(it.name, f"{it.milliseconds:.1f}", f"{it.map50:.3f}") for it in variants]
    table = listed(("variant", "ms a photo", "mAP50"), rows)
    dense.with_name("variants.md").write_text(str(table.value))
    return chosen.name, files[chosen.name], metrics[chosen.name]


def _some_photos(photos: Sequence[LabelledPhoto]) -> list[Photo]:
    some = sample_of(in_split(photos, "valid"))
    return [pixels_of(photo) for photo in some]


def _calibration_photos(photos: Sequence[LabelledPhoto]) -> list[Photo]:
    train = in_split(photos, "train")
    step = max(1, len(train) // _CALIBRATION_PHOTOS)
    return [pixels_of(photo) for photo in train[::step][:_CALIBRATION_PHOTOS]]
