"""The latest published detector, opened in an engine."""

import logging
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple, Self, cast

import dagster as dg

from oott_assets.opened_blobs import dagster_client
from oott_assets.photo_readers import OtherProcesses, PhotoReaders
from oott_assets.photo_workers import PhotoWorkers
from oott_assets.setting_fields import from_setting
from oott_assets.settings import TrendSettings
from oott_fashion.colours import PALETTES
from oott_fashion.opened_detector import DetectorOptions, OpenedDetector, open_detector, opened_in
from oott_fashion.settings import SharedSettings
from oott_fashion.stores.detector_card import BadDetector, DetectorCard, PublishedDetector
from oott_fashion.stores.model_store import ModelStore, NoDetector, copies_in
from oott_fashion.usable_cores import usable_cores
from oott_fashion.usable_detector import first_usable
from oott_fashion.vision.detector import Thresholds
from oott_fashion.vision.engines import Engine, EngineChoice, EngineUnavailable, open_engine
from oott_fashion.vision.known_answers import ImplausibleAnswers
from oott_fashion.vision.onnx_file import WrongExport
from oott_fashion.vision.tried_engine import open_and_try

_log = logging.getLogger(__name__)


class GarmentDetector(dg.ConfigurableResource[None]):
    """Opens the latest detector of the model store, or the starter if none is published."""

    model_store: str = from_setting(SharedSettings, "model_store", required=True)
    home: str = from_setting(SharedSettings, "home", required=True)
    starter: str = from_setting(SharedSettings, "starter_detector", required=True)
    engine: str = from_setting(SharedSettings, "engine")
    cores: int = from_setting(SharedSettings, "engine_cores")
    min_confidence: float = from_setting(SharedSettings, "min_confidence")
    iou_threshold: float = from_setting(SharedSettings, "iou_threshold")
    palette: str = from_setting(SharedSettings, "palette")
    dask_scheduler: str | None = from_setting(TrendSettings, "dask_scheduler")

    @classmethod
    def of(cls, settings: SharedSettings, dask_scheduler: str | None = None) -> Self:
        return cls(
            model_store=settings.model_store_root,
            home=str(settings.home),
            starter=str(settings.starter_detector),
            engine=settings.engine,
            cores=settings.engine_cores,
            min_confidence=settings.min_confidence,
            iou_threshold=settings.iou_threshold,
            palette=settings.palette,
            dask_scheduler=dask_scheduler,
        )

    def latest(self) -> OpenedDetector:
        """Verify and open the latest detector, or the last one before it that can be used.

        Raises:
            NoDetector: no detector is published, and there is no starter.
            BadDetector: no published detector can be used.
        """
        opened, problem = first_usable(self.store, Path(self.starter), self.opened)
        if problem:
            _log.warning("%s; detector %s is used instead", problem, opened.version)
        return opened._replace(passed_over=problem)

    def opened(self, version: PublishedDetector) -> OpenedDetector:
        """Open a version in the engine of the settings, and check its answers on known people.

        Raises:
            BadDetector: no engine on this machine runs it, or its answers cannot be right.
        """
        try:
            detector = self._kept_open(version).detector
        except (EngineUnavailable, ImplausibleAnswers, WrongExport) as error:
            raise BadDetector(f"detector {version.version} cannot be used: {error}") from error
        return OpenedDetector(version.version, detector, version.card, version.onnx)

    def readers(self, opened: OpenedDetector) -> PhotoReaders:
        """Give what reads photos with an opened detector in several processes."""
        return self._kept_open(PublishedDetector(opened.version, opened.onnx, opened.card))

    def _kept_open(self, version: PublishedDetector) -> PhotoReaders:
        return kept_open(_SameContent(version), self._options, self.dask_scheduler)

    def published(self) -> PublishedDetector:
        """Find and verify the latest detector.

        Raises:
            NoDetector: no detector is published, and there is no starter.
            BadDetector: the latest detector is damaged or has other garments.
        """
        return self.store.latest_or_starter(Path(self.starter))

    def card_of(self, version: str) -> DetectorCard:
        """Find the card of a version in the model store.

        Raises:
            BadDetector: the version is missing or damaged, or was trained on other garments.
        """
        return self.store.detector(version).card

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
    def store(self) -> ModelStore:
        """The store of the published detectors."""
        return ModelStore(self.model_store, copies_in(Path(self.home)), dagster_client)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.min_confidence, self.iou_threshold)

    @property
    def _options(self) -> DetectorOptions:
        choice = cast(EngineChoice, self.engine)  # Dagster's config does not support Literal
        return DetectorOptions(choice, self.cores, self.thresholds, PALETTES[self.palette])


class _SameContent(NamedTuple):
    """A verified detector; detectors with one content are equal."""

    detector: PublishedDetector

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameContent) and hash(self) == hash(other)

    def __hash__(self) -> int:
        return hash((self.detector.card.sha256, self.detector.card.image_side))


@lru_cache(maxsize=1)
def kept_open(
    content: _SameContent, options: DetectorOptions, dask_scheduler: str | None
) -> PhotoReaders:
    """Open and try a detector, and keep it open for the next partition of this process.

    DeepSparse takes 4 seconds to open a detector, and 3 to be imported before that.
    """
    started = time.process_time()
    published = content.detector
    tried = open_and_try(published.onnx, published.card.image_side, options.engine, options.cores)
    milliseconds = 1000 * (time.process_time() - started)
    # With "auto", all processes must use one engine. An opened engine has the name of its choice.
    same = options._replace(engine=cast(EngineChoice, tried.engine.name))
    others = OtherProcesses(
        processes=usable_cores() // options.cores - 1,
        open_detector=partial(open_detector, published, same),
        worth_at=milliseconds / tried.milliseconds,
    )
    detector = opened_in(tried.engine, published, options).detector
    workers = (
        PhotoWorkers(dask_scheduler, detector, published.onnx, same) if dask_scheduler else None
    )
    return PhotoReaders(detector, usable_cores(), others, workers)
