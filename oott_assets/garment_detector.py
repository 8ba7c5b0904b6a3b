"""The newest published detector, opened in an engine."""

from pathlib import Path
from typing import NamedTuple, cast

import dagster as dg

from oott_fashion.colours import PALETTES
from oott_fashion.stores.model_store import ModelStore, NoDetector, PublishedDetector
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.engines import Engine, EngineChoice, open_engine


class OpenedDetector(NamedTuple):
    """A detector ready to read photos, and the version it was published as."""

    version: str
    detector: Detector


class GarmentDetector(dg.ConfigurableResource[None]):
    """Opens the newest detector of a model store, or the starter where none is published."""

    model_store: str
    starter: str
    engine: str
    cores: int
    min_confidence: float
    iou_threshold: float
    palette: str

    def latest(self) -> OpenedDetector:
        """Verify and open the newest detector.

        Raises:
            NoDetector: none is published, and there is no starter.
            BadDetector: the newest is damaged or knows other garments.
            EngineUnavailable: no engine runs it here.
        """
        published = self.published()
        detector = Detector(
            self.engine_of(published.onnx),
            published.card.image_side,
            self.thresholds,
            PALETTES[self.palette],
        )
        return OpenedDetector(published.version, detector)

    def published(self) -> PublishedDetector:
        """Find and verify the newest detector.

        Raises:
            NoDetector: none is published, and there is no starter.
            BadDetector: the newest is damaged or knows other garments.
        """
        return ModelStore(self.model_store).latest_or_starter(Path(self.starter))

    def published_or_none(self) -> PublishedDetector | None:
        """Find and verify the newest detector; None where there is none.

        Raises:
            BadDetector: the newest is damaged or knows other garments.
        """
        try:
            return self.published()
        except NoDetector:
            return None

    def engine_of(self, onnx: Path) -> Engine:
        """Open a detector in the engine of the settings.

        Raises:
            EngineUnavailable: no engine runs it here.
        """
        choice = cast(EngineChoice, self.engine)  # Dagster's config knows no Literal
        return open_engine(onnx, choice, self.cores)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.min_confidence, self.iou_threshold)
