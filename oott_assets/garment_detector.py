"""The latest published detector, opened in an engine."""

from functools import lru_cache
from pathlib import Path
from typing import Self, cast

import dagster as dg

from oott_assets.setting_fields import from_setting
from oott_fashion.colours import PALETTES
from oott_fashion.opened_detector import DetectorOptions, OpenedDetector, opened_in
from oott_fashion.settings import SharedSettings
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.model_store import ModelStore, NoDetector
from oott_fashion.vision.detector import Thresholds
from oott_fashion.vision.engines import Engine, EngineChoice, open_engine


class GarmentDetector(dg.ConfigurableResource[None]):
    """Opens the latest detector of the model store, or the starter if none is published."""

    model_store: str = from_setting(SharedSettings, "model_store", required=True)
    starter: str = from_setting(SharedSettings, "starter_detector", required=True)
    engine: str = from_setting(SharedSettings, "engine")
    cores: int = from_setting(SharedSettings, "engine_cores")
    min_confidence: float = from_setting(SharedSettings, "min_confidence")
    iou_threshold: float = from_setting(SharedSettings, "iou_threshold")
    palette: str = from_setting(SharedSettings, "palette")

    @classmethod
    def of(cls, settings: SharedSettings) -> Self:
        return cls(
            model_store=settings.model_store_root,
            starter=str(settings.starter_detector),
            engine=settings.engine,
            cores=settings.engine_cores,
            min_confidence=settings.min_confidence,
            iou_threshold=settings.iou_threshold,
            palette=settings.palette,
        )

    def latest(self) -> OpenedDetector:
        """Verify and open the latest detector.

        Raises:
            NoDetector: no detector is published, and there is no starter.
            BadDetector: the latest detector is damaged or has other garments.
            EngineUnavailable: no engine on this machine runs it.
        """
        return self.opened(self.published())

    def opened(self, version: PublishedDetector) -> OpenedDetector:
        """Open a version in the engine of the settings.

        Raises:
            EngineUnavailable: no engine on this machine runs it.
        """
        options = self._options
        file, sha256 = version.onnx.absolute(), version.card.sha256
        engine = _opened_once(file, sha256, options.engine, options.cores)
        return opened_in(engine, version, options)

    def published(self) -> PublishedDetector:
        """Find and verify the latest detector.

        Raises:
            NoDetector: no detector is published, and there is no starter.
            BadDetector: the latest detector is damaged or has other garments.
        """
        return ModelStore(self.model_store).latest_or_starter(Path(self.starter))

    def published_or_none(self) -> PublishedDetector | None:
        """Find and verify the latest detector, or return None if none is published.

        Raises:
            BadDetector: the latest detector is damaged or has other garments.
        """
        try:
            return self.published()
        except NoDetector:
            return None

    def engine_of(self, onnx: Path) -> Engine:
        """Open a detector in the engine of the settings.

        Raises:
            EngineUnavailable: no engine on this machine runs it.
        """
        return open_engine(onnx, self._options.engine, self.cores)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.min_confidence, self.iou_threshold)

    @property
    def _options(self) -> DetectorOptions:
        choice = cast(EngineChoice, self.engine)  # Dagster's config does not support Literal
        return DetectorOptions(choice, self.cores, self.thresholds, PALETTES[self.palette])


@lru_cache(maxsize=1)
def _opened_once(file: Path, sha256: str, engine: EngineChoice, cores: int) -> Engine:  # noqa: ARG001
    """Open the file with this hash, and keep it open for the next partition of this process.

    DeepSparse takes 4 seconds to open a detector.
    """
    return open_engine(file, engine, cores)
