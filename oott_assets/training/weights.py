"""The two candidates: weights trained on main_data, and weights trained on merged_data."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import BaseModel, ConfigDict

from oott_assets.failure_rules import DISK_IS_FULL, failures_of
from oott_assets.reports.pictures import picture_file
from oott_assets.training.labels.labelled_photos import (
    LabelledPhoto,
    in_split,
    version_of,
)
from oott_assets.training.labels.photo_repeats import with_repeats
from oott_assets.training.labels.ultralytics_layout import write_ultralytics_data_set
from oott_assets.training.main_data import main_data
from oott_assets.training.merged_data import merged_data
from oott_assets.training.trainer import Trainer
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore, fingerprint_of
from oott_assets.training.yolov8.soup import epochs_done, train_with_soup
from oott_assets.training.yolov8.train_run import Epoch, TrainingFolder

# Increase this version when a code change makes the same data and settings give other weights.
_TRAINING_VERSION = 5

_CURVES = {
    "losses": "results.png",
    "precision_and_recall": "BoxPR_curve.png",
    "f1": "BoxF1_curve.png",
    "confusion_matrix": "confusion_matrix_normalized.png",
}


class TrainedWeights(BaseModel):
    """The weights of a candidate, and what they were trained on.

    ``data_version`` is the version of the data set. ``trained_on`` describes the data and the
    settings in a sentence.
    """

    model_config = ConfigDict(frozen=True)

    weights: Path
    sha256: str
    image_side: int
    data_version: str
    trained_on: str

    def are_unchanged(self) -> bool:
        """Tell whether the file is still there and holds the weights that were trained."""
        return self.weights.is_file() and sha256_of(self.weights) == self.sha256


def weights_blob(candidate: str) -> str:
    """Name the blob that describes the weights of the candidate ``main`` or ``merged``."""
    return f"weights/{candidate}.json"


@dg.asset(deps=[main_data], group_name="training", kinds={"ultralytics"})
def main_weights(
    context: dg.AssetExecutionContext, trainer: Trainer, training_store: TrainingStore
) -> dg.MaterializeResult[None]:
    """YOLOv8 trained on main_data, the photos that people labelled.

    A run trains again when photos, labels or training settings have changed. Otherwise it keeps the
    weights of the earlier run. A training that was stopped resumes after its last complete epoch.
    """
    return _train_candidate(context, "main", trainer, training_store)


@dg.asset(deps=[merged_data], group_name="training", kinds={"ultralytics"})
def merged_weights(
    context: dg.AssetExecutionContext, trainer: Trainer, training_store: TrainingStore
) -> dg.MaterializeResult[None]:
    """YOLOv8 trained on merged_data, the photos that people or a labeller labelled.

    A run trains again when photos, labels or training settings have changed. Otherwise it keeps the
    weights of the earlier run. A training that was stopped resumes after its last complete epoch.
    """
    return _train_candidate(context, "merged", trainer, training_store)


def _train_candidate(
    context: dg.AssetExecutionContext, candidate: str, trainer: Trainer, store: TrainingStore
) -> dg.MaterializeResult[None]:
    photos = store.photos(f"{candidate}_data")
    with failures_of(context, TRAINING_FAILURES):
        name = f"trainings/{_fingerprint(photos, trainer)}"
        folder = TrainingFolder(store.blobs.path_of(name))
        with _disk_errors_as_failures(folder, trainer):
            store.folder(name)
            with store.blobs.exclusive_lock(name):
                kept = folder.weights.is_file()
                if not kept:
                    _train(context, photos, trainer, store, folder)
    data_version = version_of(photos)
    trained = TrainedWeights(
        weights=folder.weights,
        sha256=sha256_of(folder.weights),
        image_side=trainer.image_side,
        data_version=data_version,
        trained_on=f"{candidate}_data {data_version}: {_training_summary(photos, trainer)}",
    )
    store.blobs.write(weights_blob(candidate), trained.model_dump_json().encode())
    curves = {name: picture_file(folder.run / file, name) for name, file in _CURVES.items()}
    return dg.MaterializeResult(
        metadata={
            "trained_on": trained.trained_on,
            "kept_from_earlier_run": kept,
            "weights": dg.MetadataValue.path(folder.weights),
            **curves,
            **_whose_curves(trainer),
        },
        data_version=dg.DataVersion(trained.sha256[:16]),
    )


def _train(
    context: dg.AssetExecutionContext,
    photos: Sequence[LabelledPhoto],
    trainer: Trainer,
    store: TrainingStore,
    folder: TrainingFolder,
) -> None:
    plan = trainer.plan(store.folder("starting-weights"))
    epochs = plan.epochs * (1 + plan.soup)
    if done := epochs_done(folder, plan.epochs, plan.soup):
        context.log.info("resuming after epoch %d of %d", done, epochs)
    finished = itertools.count(done + 1)

    def report(epoch: Epoch) -> None:
        context.log.info("%s (%d of %d)", epoch, next(finished), epochs)

    data = write_ultralytics_data_set(with_repeats(photos), folder.folder / "data")
    train_with_soup(plan, data, folder, report)


@contextmanager
def _disk_errors_as_failures(folder: TrainingFolder, trainer: Trainer) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        disk_full = error.errno in DISK_IS_FULL
        remedy = f"free disk space for {folder.folder}" if disk_full else "fix that"
        raise dg.Failure(
            f"training stopped: {error}; {remedy} and materialise again to resume "
            f"after epoch {epochs_done(folder, trainer.epochs, trainer.soup_trainings)}",
            allow_retries=False,
        ) from error


def _fingerprint(photos: Sequence[LabelledPhoto], trainer: Trainer) -> str:
    facts = {
        "photos": version_of(photos),
        "size": trainer.model_size,
        "side": trainer.image_side,
        "epochs": trainer.epochs,
        "soup": trainer.soup_trainings,
        "batch": trainer.batch_size,
        "from": trainer.start_name(),
        "version": _TRAINING_VERSION,
    }
    return fingerprint_of(facts)


def sha256_of(file: Path) -> str:
    """Hash the content of ``file``."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _training_summary(photos: Sequence[LabelledPhoto], trainer: Trainer) -> str:
    kinds = Counter(
        f"labelled by {photo.labels[0].origin}" if photo.labels else "without garments"
        for photo in in_split(photos, "train")
    )
    data = ", ".join(f"{count:,} photos {kind}" for kind, count in kinds.items())
    return (
        f"{data}; YOLOv8{trainer.model_size} at {trainer.image_side} px, "
        f"{trainer.epochs} epochs from {_start_text(trainer)}{_soup_text(trainer)} "
        f"on {trainer.device}"
    )


def _whose_curves(trainer: Trainer) -> dict[str, str]:
    if trainer.soup_trainings == 0:
        return {}
    return {"curves_of": f"the first of {1 + trainer.soup_trainings} trainings"}


def _soup_text(trainer: Trainer) -> str:
    if trainer.soup_trainings == 0:
        return ""
    return f", averaged with {trainer.soup_trainings} further trainings of as many epochs"


def _start_text(trainer: Trainer) -> str:
    start = trainer.start_name()
    return f"{Path(trainer.starting_weights).name} ({start})" if " " in start else start
