"""Measure the detectors that are compared on the validation photos, as they are served."""

from pydantic import BaseModel, ConfigDict

from oott_assets.garment_detector import GarmentDetector
from oott_assets.training.validation.answers import boxes_as_served
from oott_assets.training.validation.metrics import Metrics, metrics_of
from oott_assets.training.validation.validated import Validated, validate
from oott_assets.training.validation_photos import ValidationPhotos
from oott_assets.training.weights import TrainedWeights
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.vision.detector import Thresholds
from oott_fashion.vision.engines import Engine


class Measurement(BaseModel):
    """The metrics of one detector, by data set and by name, as ``metrics_of`` gives them."""

    model_config = ConfigDict(frozen=True)

    name: str
    metrics: Metrics

    @classmethod
    def of(cls, name: str, validated: Validated) -> "Measurement":
        return cls(name=name, metrics=metrics_of(validated))

    @property
    def map50(self) -> float:
        """The mAP50 on the valid split of main_data."""
        return self.metrics["main_data"]["mAP50"]


def validate_weights(
    trained: TrainedWeights, photos: ValidationPhotos, garment_detector: GarmentDetector
) -> Validated:
    """Measure trained weights in PyTorch, at the side they were trained for.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
    """
    from oott_assets.training.yolov8.torch_engine import TorchEngine

    engine = TorchEngine(trained.weights)
    return validate_engine(engine, trained.image_side, photos, garment_detector.thresholds)


def validate_published(
    published: PublishedDetector, photos: ValidationPhotos, garment_detector: GarmentDetector
) -> Validated:
    """Measure the published detector in the engine that serves it.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
        EngineUnavailable: no engine on this machine runs it.
    """
    engine = garment_detector.engine_of(published.onnx)
    return validate_engine(engine, published.card.image_side, photos, garment_detector.thresholds)


def validate_engine(
    engine: Engine, image_side: int, photos: ValidationPhotos, thresholds: Thresholds
) -> Validated:
    """Measure a detector that is open in ``engine``.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
    """
    find = boxes_as_served(engine, image_side, thresholds.iou)
    return validate(photos.main_data, photos.closet, find, thresholds.confidence)
