"""Opens a published detector with the configured engine, for the pipeline and the service."""

from pathlib import Path
from typing import NamedTuple, Self

from oott_fashion.colours import PaletteColour
from oott_fashion.settings import SharedSettings
from oott_fashion.stores.detector_card import DetectorCard, PublishedDetector
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.engines import Engine, EngineChoice, open_engine


class OpenedDetector(NamedTuple):
    """A detector that is ready to use, its version in the model store, its card and its file.

    ``passed_over`` says why a later version is not used; it is empty for the latest version.
    """

    version: str
    detector: Detector
    card: DetectorCard
    onnx: Path
    passed_over: str = ""


class DetectorOptions(NamedTuple):
    """The engine, thresholds and colour palette for a detector."""

    engine: EngineChoice
    cores: int
    thresholds: Thresholds
    colours: tuple[PaletteColour, ...]

    @classmethod
    def of(cls, settings: SharedSettings) -> Self:
        thresholds = Thresholds(settings.min_confidence, settings.iou_threshold)
        return cls(settings.engine, settings.engine_cores, thresholds, settings.colours)


def open_detector(published: PublishedDetector, options: DetectorOptions) -> OpenedDetector:
    """Open a published detector in its engine.

    Raises:
        EngineUnavailable: the chosen engine cannot run it on this machine.
    """
    engine = open_engine(published.onnx, options.engine, options.cores)
    return opened_in(engine, published, options)


def opened_in(
    engine: Engine, published: PublishedDetector, options: DetectorOptions
) -> OpenedDetector:
    """Make a detector of an engine that has already opened it."""
    side = published.card.image_side
    detector = Detector(engine, side, options.thresholds, options.colours)
    return OpenedDetector(published.version, detector, published.card, published.onnx)
