"""Trains YOLOv8 with Ultralytics, and resumes a killed training after its last complete epoch.

Ultralytics writes its checkpoints in place, so a kill can truncate them. After each epoch they are
copied and moved into place atomically. A training resumes from these copies.
"""

import logging
import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from oott_assets.training.yolov8.bfloat16 import compute_in_bfloat16, has_fast_bfloat16
from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_assets.training.yolov8.shareable_weights import (
    NotWeights,
    open_weights,
    shareable_weights,
)
from oott_fashion.stores.blobs import LocalBlobs

if TYPE_CHECKING:
    from ultralytics.models import YOLO

_SEED = 20

# "auto" picks a rate for fine-tuning, which is too low for a training from scratch.
_RATE_FROM_SCRATCH = 0.002
_RATE_FROM_WEIGHTS = 0.001

# The further trainings of a soup differ in these options. On 156 validation photos, none of the
# options was clearly better than another.
_SOUP_OPTIONS: tuple[dict[str, object], ...] = (
    {},
    {"mosaic": 1.0, "mixup": 0.1, "scale": 0.5},
    {"mosaic": 0.2, "scale": 0.5, "degrees": 5, "translate": 0.2},
    {"weight_decay": 0.03},
    {"cls": 1.0},
)

# Decoded photos are cached in memory if all of them fit in this size.
_MAX_CACHED_BYTES = 4 * 2**30


_log = logging.getLogger(__name__)


class WrongStartingWeights(ValueError):
    """The starting weights are no YOLOv8 detector, or have another model size than the plan."""


@dataclass(frozen=True)
class TrainingPlan:
    """The options of a training; without ``starting_weights``, it starts from scratch.

    ``soup`` is the number of further trainings that start from its weights. ``soup_number`` is the
    number of such a further training, from 1. It is 0 for the first training.
    """

    model_size: str
    image_side: int
    epochs: int
    batch: int
    device: str
    starting_weights: Path | None
    soup: int = 0
    soup_number: int = 0


class Epoch(NamedTuple):
    """A finished epoch: its number from 1, its duration, and the metrics measured after it."""

    number: int
    seconds: float
    metrics: Mapping[str, float]

    def __str__(self) -> str:
        map50 = self.metrics.get("metrics/mAP50(B)", 0.0)
        return f"epoch {self.number} in {self.seconds:.0f} s: mAP50 {map50:.3f}"


class TrainingFolder:
    """The folder of a training; the training is finished when ``weights`` exists."""

    def __init__(self, folder: Path, weights: str = "weights.pt") -> None:
        self.folder = folder
        self.weights = folder / weights
        self.run = folder / "run"
        self._checkpoints = self.run / "weights"
        self._kept = folder / "kept"

    def epochs_done(self) -> int:
        """Count the finished epochs, which a resumed training does not repeat."""
        if not (self._kept / "last.pt").is_file():
            return 0
        import torch

        # weights_only=False is safe: we wrote the file. It has a pickled model.
        checkpoint = torch.load(self._kept / "last.pt", map_location="cpu", weights_only=False)
        return int(checkpoint["epoch"]) + 1

    def keep_checkpoints(self) -> None:
        """Copy the checkpoints of an epoch; last.pt is copied last, because it sets epochs_done."""
        for name in ("best.pt", "last.pt"):
            self._copy(self._checkpoints / name, self._kept / name)

    def restore_checkpoints(self) -> Path:
        """Copy the kept checkpoints back to where Ultralytics expects them; give the last one."""
        for name in ("best.pt", "last.pt"):
            self._copy(self._kept / name, self._checkpoints / name)
        return self._checkpoints / "last.pt"

    def finish(self) -> None:
        """Save the best weights without the optimizer, and delete the checkpoints."""
        # On a full disk, PyTorch's file writer raises a RuntimeError that gives no reason, so the
        # file is written by LocalBlobs.
        weights = shareable_weights(self._checkpoints / "best.pt")
        LocalBlobs(self.folder).write(self.weights.name, weights)
        for folder in (self._kept, self._checkpoints):
            shutil.rmtree(folder)
        # Ultralytics draws mosaics of photos. A photo that is deleted from the photo store must not
        # remain visible there.
        for picture in self.run.glob("*_batch*.jpg"):
            picture.unlink()

    def _copy(self, source: Path, target: Path) -> None:
        name = target.relative_to(self.folder).as_posix()
        LocalBlobs(self.folder).write(name, source.read_bytes())


def train(
    plan: TrainingPlan, data: Path, folder: TrainingFolder, report: Callable[[Epoch], None]
) -> None:
    """Train until ``folder`` has its weights; an unfinished earlier run is resumed.

    Args:
        plan: the same for every run on ``folder``.
        data: the ``data.yaml`` of the training and validation photos.
        folder: used only for this plan and data.
        report: called after every epoch.

    Raises:
        WrongStartingWeights: the starting weights are no detector, or have another model size.
        OSError: the disk is full, or cannot be written.
    """
    if folder.weights.is_file():
        return
    done = folder.epochs_done()
    if done == 0:
        shutil.rmtree(folder.run, ignore_errors=True)
        model, options = _starting_model(plan), _options(plan, data, folder)
    else:
        model = open_model(folder.restore_checkpoints())
        options = _resume_options(plan, data, folder)
    if done < plan.epochs:
        _train(_with_callbacks(model, folder, report), options, plan, folder)
    folder.finish()


def _train(
    model: "YOLO", options: dict[str, object], plan: TrainingPlan, folder: TrainingFolder
) -> None:
    try:
        model.train(**options)
    except RuntimeError:
        if folder.epochs_done() < plan.epochs:
            raise
        # After the last epoch PyTorch writes the weights again, and on a full disk it fails without
        # a reason. The kept checkpoints are equally good. If the disk is still full, copying them
        # raises an OSError with the reason.
        _log.warning("Ultralytics failed after the last epoch; its weights are kept", exc_info=True)
        folder.restore_checkpoints()


def _starting_model(plan: TrainingPlan) -> "YOLO":
    if plan.starting_weights is None:
        return open_model(f"yolov8{plan.model_size}.yaml")
    try:
        start = open_weights(plan.starting_weights)
    except NotWeights as error:
        raise WrongStartingWeights(f"{error}; change OOTT_STARTING_WEIGHTS") from error
    size = cast(Any, start.model).yaml.get("scale")
    if (start.task, size) != ("detect", plan.model_size):
        raise WrongStartingWeights(
            f"{plan.starting_weights} is a YOLOv8 of size {size} for the task {start.task}; "
            f"expected size {plan.model_size} for detect; change OOTT_MODEL_SIZE or "
            "OOTT_STARTING_WEIGHTS"
        )
    return start


def _with_callbacks(
    model: "YOLO", folder: TrainingFolder, report: Callable[[Epoch], None]
) -> "YOLO":
    def use_all_cores(trainer: Any) -> None:
        import torch

        if trainer.device.type == "cpu":
            # Ultralytics leaves one core unused. With the channels-last memory format, a step on
            # two cores took 21 ms per photo instead of 39.
            torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
            trainer.model.to(memory_format=torch.channels_last)
            if has_fast_bfloat16():
                compute_in_bfloat16(trainer.model)

    def skip_picture_of_labels(trainer: Any) -> None:
        # No page shows it, and it takes four seconds.
        trainer.plot_training_labels = lambda: None

    def keep(_: Any) -> None:
        folder.keep_checkpoints()

    def report_epoch(trainer: Any) -> None:
        # Ultralytics calls this once more after the last epoch, for the best weights.
        if trainer.epoch < trainer.epochs:
            metrics = {name: float(value) for name, value in trainer.metrics.items()}
            report(Epoch(trainer.epoch + 1, float(trainer.epoch_time), metrics))

    def average_over_an_epoch(trainer: Any) -> None:
        # Ultralytics averages the weights, too, but over more steps the longer a training is, and
        # it expects 100,000 steps. After 3,000 steps its average covers the last four of them.
        steps = len(trainer.train_loader)
        trainer.ema.decay = lambda done: (1 - 1 / steps) * (1 - math.exp(-done / steps))

    model.add_callback("on_pretrain_routine_start", skip_picture_of_labels)
    model.add_callback("on_train_start", use_all_cores)
    model.add_callback("on_train_start", average_over_an_epoch)
    model.add_callback("on_model_save", keep)
    model.add_callback("on_fit_epoch_end", report_epoch)
    return model


def _options(plan: TrainingPlan, data: Path, folder: TrainingFolder) -> dict[str, object]:
    from_scratch = plan.starting_weights is None
    return {
        "data": str(data),
        "project": str(folder.folder.resolve()),
        "name": folder.run.name,
        "exist_ok": True,
        "imgsz": plan.image_side,
        "epochs": plan.epochs,
        "patience": plan.epochs,  # never stop early; the best epoch is kept anyway
        "batch": plan.batch,
        "nbs": plan.batch,
        "device": plan.device,
        "seed": _SEED + plan.soup_number,
        "pretrained": not from_scratch,
        "amp": plan.device != "cpu",
        "workers": 0 if plan.device == "cpu" else min(8, os.cpu_count() or 1),
        "cache": "ram" if _fits_in_memory(plan, data) else False,
        "optimizer": "AdamW",
        "lr0": _RATE_FROM_SCRATCH if from_scratch else _RATE_FROM_WEIGHTS,
        "lrf": 0.02,
        "cos_lr": True,
        "warmup_epochs": 1,
        # A garment keeps its class in any colour, so colours are varied.
        "hsv_h": 0.03,
        "hsv_s": 0.6,
        "hsv_v": 0.4,
        "scale": 0.4,
        # Half of the photos are not mixed into a mosaic. They show whole persons, and the place of
        # a garment on a person helps to recognise the garment.
        "mosaic": 0.5,
        "close_mosaic": max(1, min(10, plan.epochs // 6)),
        **_soup_options(plan.soup_number),
    }


def _soup_options(number: int) -> dict[str, object]:
    return _SOUP_OPTIONS[(number - 1) % len(_SOUP_OPTIONS)] if number else {}


def _resume_options(plan: TrainingPlan, data: Path, folder: TrainingFolder) -> dict[str, object]:
    """Give the options that can change between runs: the folder and the machine."""
    options = _options(plan, data, folder)
    changeable = {name: options[name] for name in ("data", "device", "workers", "cache")}
    return {"resume": True, "save_dir": str(folder.run.resolve()), **changeable}


def _fits_in_memory(plan: TrainingPlan, data: Path) -> bool:
    photos = sum(1 for _ in data.parent.rglob("*.*"))
    return photos * plan.image_side**2 * 3 < _MAX_CACHED_BYTES
