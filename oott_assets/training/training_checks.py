"""Checks of data sets and of the published detector, after every run."""

import dagster as dg

from oott_assets.failure_rules import failures_of
from oott_assets.training.champion import CHAMPION, Champion
from oott_assets.training.garment_onnx import garment_onnx
from oott_assets.training.label_tasks import label_tasks
from oott_assets.training.labels.catalogue_folders import garment_of_folder
from oott_assets.training.labels.labelled_photos import count_boxes, in_split
from oott_assets.training.labels.same_pictures import same_pictures
from oott_assets.training.main_data import main_data
from oott_assets.training.merged_data import merged_data
from oott_assets.training.publication_rules import MIN_MAP50
from oott_assets.training.sub_data import sub_data
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore

# With fewer boxes a detector memorises the photos and does not recognise the garment elsewhere.
MIN_BOXES = 10

# The catalogue labeller labels 93 % of photos confidently. If it labels fewer than half, its
# settings are wrong.
MIN_LABELLED = 0.5


@dg.asset_check(asset=main_data)
def every_garment_can_be_learnt(training_store: TrainingStore) -> dg.AssetCheckResult:
    """Warns about garments with fewer than 10 boxes to train on."""
    boxes = count_boxes(in_split(training_store.photos("main_data"), "train"))
    rare = [garment for garment, count in boxes.items() if count < MIN_BOXES]
    return dg.AssetCheckResult(
        passed=not rare,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rare_garments": len(rare), "rare_garment_names": ", ".join(rare) or "none"},
    )


@dg.asset_check(asset=sub_data)
def most_held_out_photos_have_a_label(training_store: TrainingStore) -> dg.AssetCheckResult:
    """Warns when fewer than half of the held-out photos of garments have a confident label."""
    photos = in_split(training_store.photos("sub_data"), "valid")
    held_out = [photo for photo in photos if garment_of_folder(photo.file) is not None]
    labelled = sum(bool(photo.labels) for photo in held_out)
    return dg.AssetCheckResult(
        passed=labelled >= MIN_LABELLED * len(held_out),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"held_out": len(held_out), "labelled": labelled},
    )


@dg.asset_check(asset=merged_data)
def no_validation_photo_is_trained_on(
    context: dg.AssetCheckExecutionContext, training_store: TrainingStore
) -> dg.AssetCheckResult:
    """Fails when a training photo shows the same picture as a validation or closet photo."""
    photos = training_store.photos("merged_data")
    validation = [*in_split(photos, "valid"), *training_store.closet()]
    with failures_of(context, TRAINING_FAILURES):
        pairs = same_pictures(in_split(photos, "train"), validation)
    leaked = sorted({photo for photo, _ in pairs})
    return dg.AssetCheckResult(
        passed=not leaked,
        metadata={"leaked": len(leaked), "first_leaked": leaked[0].file.name if leaked else "none"},
    )


@dg.asset_check(asset=garment_onnx)
def the_detector_finds_garments(training_store: TrainingStore) -> dg.AssetCheckResult:
    """Warns while the champion's mAP50 is below 0.2: more labels or more epochs are needed."""
    won = training_store.record("champion", CHAMPION, Champion)
    return dg.AssetCheckResult(
        passed=won.measured.map50 >= MIN_MAP50,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"map50": won.measured.map50},
    )


@dg.asset_check(asset=label_tasks)
def the_batch_is_full(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Warns when fewer photos are worth labelling than were asked for."""
    event = context.instance.get_latest_materialization_event(label_tasks.key)
    numbers = event.asset_materialization.metadata if event and event.asset_materialization else {}
    if "photos" not in numbers:
        # forget and the retention delete the numbers of a run together with its pictures.
        raise dg.Failure(
            "there are no numbers of the latest batch: label_tasks was never materialised, or its "
            "run was deleted with the photos that it showed; materialise label_tasks again",
            allow_retries=False,
        )
    found, asked_for = (int(str(numbers[name].value)) for name in ("photos", "photos_asked_for"))
    return dg.AssetCheckResult(
        passed=found == asked_for,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"photos": found, "photos_asked_for": asked_for},
    )


TRAINING_CHECKS = [
    every_garment_can_be_learnt,
    most_held_out_photos_have_a_label,
    no_validation_photo_is_trained_on,
    the_detector_finds_garments,
    the_batch_is_full,
]
