"""How detectors are trained: size, square, epochs, device, and what they start from."""

import hashlib
import io
import zipfile
from pathlib import Path

import dagster as dg

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.yolov8.quiet_ultralytics import tell_ultralytics
from oott_assets.training.yolov8.train_run import TrainingPlan


class TrainingUnavailable(ValueError):
    """Training that cannot begin here, and what it lacks."""


class Trainer(dg.ConfigurableResource[None]):
    """The training that the settings describe."""

    model_size: str
    image_side: int
    epochs: int
    batch_size: int
    device: str
    starting_weights: str
    detector: dg.ResourceDependency[GarmentDetector]

    def plan(self, folder: Path) -> TrainingPlan:
        """Make sure that training can begin, and find what it starts from.

        Args:
            folder: where starting weights that must be fetched or rebuilt are kept.

        Raises:
            TrainingUnavailable: there is no GPU, or no such starting weights.
            NoDetector: it shall start from the published detector, and there is none.
            BadDetector: that one is damaged.
        """
        refuse_absent_gpu(self.device)
        return TrainingPlan(
            model_size=self.model_size,
            image_side=self.image_side,
            epochs=self.epochs,
            batch=self.batch_size,
            device=self.device,
            starting_weights=self._starting_weights(folder),
        )

    def starts_from(self) -> str:
        """Name what training starts from so that it is another name for other weights.

        The published detector is not told from its successors: else every detector published
        would have the next run train anew on the same photos.

        Raises:
            TrainingUnavailable: it is a file that cannot be read.
        """
        if self.starting_weights in ("published", "scratch", "pretrained"):
            return self.starting_weights
        try:
            content = Path(self.starting_weights).read_bytes()
        except OSError as error:
            raise TrainingUnavailable(
                f"OOTT_STARTING_WEIGHTS is {self.starting_weights}, which cannot be read "
                f"({error.strerror}); expected published, scratch, pretrained, or a .pt file"
            ) from error
        # PyTorch's files are zip archives; what reads them otherwise raises whatever it meets.
        if not zipfile.is_zipfile(io.BytesIO(content)):
            raise TrainingUnavailable(
                f"OOTT_STARTING_WEIGHTS is {self.starting_weights}, which is no whole .pt file of "
                "PyTorch's; expected published, scratch, pretrained, or such a file"
            )
        return f"weights {hashlib.sha256(content).hexdigest()[:12]}"

    def _starting_weights(self, folder: Path) -> Path | None:
        if self.starting_weights == "scratch":
            return None
        if self.starting_weights == "published":
            return self._of_published(folder)
        if self.starting_weights == "pretrained":
            return _pretrained(self.model_size, folder)
        return Path(self.starting_weights)

    def _of_published(self, folder: Path) -> Path:
        from oott_assets.training.yolov8.starting_weights import NotRebuildable, weights_of_onnx

        published = self.detector.published()
        weights = folder / f"{published.version}.pt"
        try:
            return weights_of_onnx(published.onnx, weights, self.model_size)
        except NotRebuildable as error:
            raise TrainingUnavailable(
                f"training cannot start from the published detector {published.version}: {error}; "
                "set OOTT_STARTING_WEIGHTS to scratch or to a .pt file"
            ) from error


def refuse_absent_gpu(device: str) -> None:
    """Make sure that there is the ``device`` of OOTT_TRAIN_DEVICE.

    Raises:
        TrainingUnavailable: it is a GPU that this machine lacks.
    """
    if device == "cpu":
        return
    import torch

    number = int(device.partition(":")[2] or 0)
    if torch.cuda.device_count() <= number:
        raise TrainingUnavailable(
            f"OOTT_TRAIN_DEVICE is {device}, and torch finds {torch.cuda.device_count()} GPUs; "
            "set it to cpu, or install a driver"
        )


def _pretrained(model_size: str, folder: Path) -> Path:
    """Have Ultralytics download its own weights into ``folder``."""
    tell_ultralytics()
    from ultralytics.utils.downloads import attempt_download_asset

    weights = folder / f"yolov8{model_size}.pt"
    try:
        attempt_download_asset(weights)
    except (ConnectionError, OSError, RuntimeError) as error:
        raise TrainingUnavailable(
            f"Ultralytics cannot download {weights.name} ({error}); fetch it yourself and name the "
            "file in OOTT_STARTING_WEIGHTS, or set that to published or scratch"
        ) from error
    return weights
