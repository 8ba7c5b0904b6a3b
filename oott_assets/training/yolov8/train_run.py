"""Trains YOLOv8 by Ultralytics; a training that was killed goes on from its last whole epoch.

Ultralytics writes its checkpoints in place, so a kill can cut them short. After each epoch they
are copied beside, moved into place whole, and those are what a training resumes from.
"""

import io
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_fashion.stores.blobs import LocalBlobs

if TYPE_CHECKING:
    from ultralytics.models import YOLO

_SEED = 20

# For weights that know nothing. "auto" picks a rate for fine-tuning, at which nothing is learnt
# from scratch in time.
_RATE_FROM_SCRATCH = 0.002
_RATE_FROM_WEIGHTS = 0.001

# Pixels are decoded once and kept, up to this much memory.
_MAX_CACHED_BYTES = 4 * 2**30


Task = Literal["detect", "classify"]


_log = logging.getLogger(__name__)


class OtherWeights(ValueError):
    """Weights of another size than is to be trained."""


@dataclass(frozen=True)
class TrainingPlan:
    """What is trained, from which weights (None: from scratch), how long and on what."""

    model_size: str
    image_side: int
    epochs: int
    batch: int
    device: str
    starting_weights: Path | None
    task: Task = "detect"


class Epoch(NamedTuple):
    """A finished epoch: its number from 1, how long it took, and what was measured after it."""

    number: int
    seconds: float
    metrics: Mapping[str, float]

    def __str__(self) -> str:
        shown = {"metrics/mAP50(B)": "mAP50", "metrics/accuracy_top1": "right"}
        measured = (
            f"{name} {self.metrics[key]:.3f}" for key, name in shown.items() if key in self.metrics
        )
        return f"epoch {self.number} in {self.seconds:.0f} s: {', '.join(measured)}"


class TrainingFolder:
    """Where a training keeps what it knows; finished when ``weights`` are there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.weights = folder / "weights.pt"
        self.run = folder / "run"
        self._checkpoints = self.run / "weights"
        self._kept = folder / "kept"

    def epochs_done(self) -> int:
        """Count the epochs that a resumed training need not do again."""
        if not (self._kept / "last.pt").is_file():
            return 0
        import torch

        # Of our own making, and it holds a pickled model.
        checkpoint = torch.load(self._kept / "last.pt", map_location="cpu", weights_only=False)
        return int(checkpoint["epoch"]) + 1

    def keep_checkpoints(self) -> None:
        """Copy the checkpoints of an epoch, the best first: the last one says how far it came."""
        for name in ("best.pt", "last.pt"):
            self._copy(self._checkpoints / name, self._kept / name)

    def restore_checkpoints(self) -> Path:
        """Put the checkpoints kept back where Ultralytics looks for them; name the last."""
        for name in ("best.pt", "last.pt"):
            self._copy(self._kept / name, self._checkpoints / name)
        return self._checkpoints / "last.pt"

    def finish(self) -> None:
        """Keep the best weights without what only a training needs, and drop the checkpoints."""
        import torch
        from ultralytics.utils.torch_utils import strip_optimizer

        # PyTorch's own writer of files tells of a full disk by a RuntimeError without a reason.
        stripped = strip_optimizer(self._checkpoints / "best.pt", s=os.devnull)
        content = io.BytesIO()
        torch.save(stripped, content)
        LocalBlobs(self.folder).write(self.weights.name, content.getvalue())
        for folder in (self._kept, self._checkpoints):
            shutil.rmtree(folder)

    def _copy(self, source: Path, target: Path) -> None:
        name = target.relative_to(self.folder).as_posix()
        LocalBlobs(self.folder).write(name, source.read_bytes())


def train(
    plan: TrainingPlan, data: Path, folder: TrainingFolder, report: Callable[[Epoch], None]
) -> None:
    """Train until ``folder`` has its weights, resuming what an earlier run left.

    Args:
        plan: the same for every run on ``folder``.
        data: the ``data.yaml`` of photos to train on and to validate with, or the folder of
            cut-out garments to classify.
        folder: of this plan and data alone.
        report: told of every epoch when it is done.

    Raises:
        OtherWeights: the starting weights are of another size.
        OSError: the disk is full, or cannot be written.
    """
    if folder.weights.is_file():
        return
    done = folder.epochs_done()
    if done == 0:
        shutil.rmtree(folder.run, ignore_errors=True)
        model, options = _beginning(plan), _options(plan, data, folder)
    else:
        model, options = open_model(folder.restore_checkpoints()), _resuming(plan, data, folder)
    if done < plan.epochs:
        _train(_watched(model, folder, report), options, plan, folder)
    folder.finish()


def _train(
    model: "YOLO", options: dict[str, object], plan: TrainingPlan, folder: TrainingFolder
) -> None:
    try:
        model.train(**options)
    except RuntimeError:
        if folder.epochs_done() < plan.epochs:
            raise
        # After the last epoch PyTorch writes the weights anew, and tells of a full disk without a
        # reason. What was kept is as good, and to write it tells the reason, if it still is full.
        _log.warning("what follows the last epoch failed; its weights are kept", exc_info=True)
        folder.restore_checkpoints()


def _beginning(plan: TrainingPlan) -> "YOLO":
    kind = "-cls" if plan.task == "classify" else ""
    untrained = open_model(f"yolov8{plan.model_size}{kind}.yaml", plan.task)
    if plan.starting_weights is None:
        return untrained
    start = open_model(plan.starting_weights, plan.task)
    size = cast(Any, start.model).yaml.get("scale")
    if size != plan.model_size:
        raise OtherWeights(
            f"{plan.starting_weights} holds YOLOv8 of size {size}; expected {plan.model_size}: set "
            "OOTT_MODEL_SIZE or OOTT_STARTING_WEIGHTS"
        )
    # Of weights for another task, such as a classifier's, the backbone is what they share.
    if start.task == plan.task:
        return start
    untrained.load(str(plan.starting_weights))
    return untrained


def _watched(model: "YOLO", folder: TrainingFolder, report: Callable[[Epoch], None]) -> "YOLO":
    def prepare(trainer: Any) -> None:
        import torch

        if trainer.device.type == "cpu":
            # Ultralytics leaves a core free. With a pixel's channels side by side in memory, a
            # step on two cores took 21 ms a photo instead of 39.
            torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
            trainer.model.to(memory_format=torch.channels_last)

    def keep(_: Any) -> None:
        folder.keep_checkpoints()

    def tell(trainer: Any) -> None:
        # Ultralytics calls once more after the last epoch, for the best weights.
        if trainer.epoch < trainer.epochs:
            metrics = {name: float(value) for name, value in trainer.metrics.items()}
            report(Epoch(trainer.epoch + 1, float(trainer.epoch_time), metrics))

    model.add_callback("on_train_start", prepare)
    model.add_callback("on_model_save", keep)
    model.add_callback("on_fit_epoch_end", tell)
    return model


def _options(plan: TrainingPlan, data: Path, folder: TrainingFolder) -> dict[str, object]:
    from_scratch = plan.starting_weights is None
    usual = {
        "data": str(data),
        "project": str(folder.folder.resolve()),
        "name": folder.run.name,
        "exist_ok": True,
        "imgsz": plan.image_side,
        "epochs": plan.epochs,
        "patience": plan.epochs,  # the best epoch is kept whenever it came
        "batch": plan.batch,
        "nbs": plan.batch,
        "device": plan.device,
        "seed": _SEED,
        "pretrained": not from_scratch,
        "amp": plan.device != "cpu",
        "workers": 0 if plan.device == "cpu" else min(8, os.cpu_count() or 1),
        "cache": "ram" if _fits_in_memory(plan, data) else False,
        "optimizer": "AdamW",
        "lr0": _RATE_FROM_SCRATCH if from_scratch else _RATE_FROM_WEIGHTS,
        "lrf": 0.02,
        "cos_lr": True,
        "warmup_epochs": 1,
        # A garment is what it is in any colour.
        "hsv_h": 0.03,
        "hsv_s": 0.6,
        "hsv_v": 0.4,
        "scale": 0.4,
    }
    return usual | (_CLASSIFYING if plan.task == "classify" else _detecting(plan.epochs))


def _resuming(plan: TrainingPlan, data: Path, folder: TrainingFolder) -> dict[str, object]:
    """Say what may have changed since the checkpoint: where it is trained, and the machine."""
    options = _options(plan, data, folder)
    here = {name: options[name] for name in ("data", "device", "workers", "cache")}
    return {"resume": True, "save_dir": str(folder.run.resolve()), **here}


def _detecting(epochs: int) -> dict[str, object]:
    # Half of the photos whole: a garment is told by its place on a whole person, too.
    return {"mosaic": 0.5, "close_mosaic": max(1, min(10, epochs // 6))}


_CLASSIFYING: dict[str, object] = {
    "lr0": _RATE_FROM_SCRATCH,
    "auto_augment": "randaugment",
    "erasing": 0.2,
    "dropout": 0.1,
    "weight_decay": 0.02,
}


def _fits_in_memory(plan: TrainingPlan, data: Path) -> bool:
    folder = data if data.is_dir() else data.parent
    photos = sum(1 for _ in folder.rglob("*.*"))
    return photos * plan.image_side**2 * 3 < _MAX_CACHED_BYTES
