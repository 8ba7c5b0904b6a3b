"""How detectors are trained: model size, image side, epochs, device and starting weights."""

import hashlib
from pathlib import Path

import dagster as dg
from pydantic import Field

from oott_assets.garment_detector import GarmentDetector
from oott_assets.setting_fields import from_setting
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.yolov8.quiet_ultralytics import configure_ultralytics
from oott_assets.training.yolov8.shareable_weights import is_pytorch_file
from oott_assets.training.yolov8.train_run import TrainingPlan


class TrainingUnavailable(ValueError):
    """Training cannot start on this machine, or with these settings."""


class Trainer(dg.ConfigurableResource[None]):
    """The training that the settings describe."""

    model_size: str = from_setting(TrainingSettings, "model_size")
    image_side: int = from_setting(TrainingSettings, "image_side")
    epochs: int = from_setting(TrainingSettings, "epochs")
    soup_trainings: int = from_setting(TrainingSettings, "soup_trainings")
    batch_size: int = from_setting(TrainingSettings, "batch_size")
    device: str = from_setting(TrainingSettings, "train_device")
    starting_weights: str = from_setting(TrainingSettings, "starting_weights")
    detector: dg.ResourceDependency[GarmentDetector] = Field(
        description="The resource garment_detector."
    )

    def plan(self, folder: Path) -> TrainingPlan:
        """Check that training can start, and find its starting weights.

        Args:
            folder: where downloaded starting weights are kept.

        Raises:
            TrainingUnavailable: the GPU or the starting weights are missing.
            NoDetector: training starts from the published detector, and there is none.
            BadDetector: the published detector is damaged.
        """
        require_device(self.device)
        return TrainingPlan(
            model_size=self.model_size,
            image_side=self.image_side,
            epochs=self.epochs,
            batch=self.batch_size,
            device=self.device,
            starting_weights=self._starting_weights(folder),
            soup=self.soup_trainings,
        )

    def start_name(self) -> str:
        """Name the starting weights; two different ``.pt`` files have different names.

        All published detectors share one name, so that a publication does not make the next run
        train again on the same photos.

        Raises:
            TrainingUnavailable: the file of the starting weights cannot be read.
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
        if not is_pytorch_file(Path(self.starting_weights)):
            raise TrainingUnavailable(
                f"OOTT_STARTING_WEIGHTS is {self.starting_weights}, which is not a complete "
                "PyTorch .pt file; expected published, scratch, pretrained, or such a file"
            )
        return f"weights {hashlib.sha256(content).hexdigest()[:12]}"

    def _starting_weights(self, folder: Path) -> Path | None:
        if self.starting_weights == "scratch":
            return None
        if self.starting_weights == "published":
            return self._published_weights()
        if self.starting_weights == "pretrained":
            return _pretrained(self.model_size, folder)
        return Path(self.starting_weights)

    def _published_weights(self) -> Path:
        published = self.detector.published()
        weights = published.verified_weights()
        if weights is None:
            raise TrainingUnavailable(
                f"detector {published.version} was published without weights.pt, so training "
                "cannot start from it; set OOTT_STARTING_WEIGHTS to its .pt file, to pretrained, "
                "or to scratch"
            )
        return weights


def require_device(device: str) -> None:
    """Check that this machine has the ``device`` of OOTT_TRAIN_DEVICE.

    Raises:
        TrainingUnavailable: the device is a GPU that this machine does not have.
    """
    if device == "cpu":
        return
    import torch

    number = int(device.partition(":")[2] or 0)
    if torch.cuda.device_count() <= number:
        raise TrainingUnavailable(
            f"OOTT_TRAIN_DEVICE is {device}, but torch finds {torch.cuda.device_count()} GPUs; "
            "set it to cpu, or install a driver"
        )


def _pretrained(model_size: str, folder: Path) -> Path:
    """Download the pretrained weights of Ultralytics into ``folder``."""
    configure_ultralytics()
    from ultralytics.utils.downloads import attempt_download_asset

    weights = folder / f"yolov8{model_size}.pt"
    try:
        attempt_download_asset(weights)
    except (ConnectionError, OSError, RuntimeError) as error:
        raise TrainingUnavailable(
            f"Ultralytics cannot download {weights.name} ({error}); download it yourself and name "
            "the file in OOTT_STARTING_WEIGHTS, or set that to published or scratch"
        ) from error
    return weights
