"""The newest published detector, open and warm, and replaced by a newer one without a pause."""

import logging
import threading
from typing import NamedTuple

import numpy as np

from oott_fashion.stores.model_store import ModelStore, NoDetector, PublishedDetector
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.engines import EngineUnavailable, open_engine
from oott_fashion.vision.letterbox import PADDING_GREY
from oott_serving.settings import ServiceSettings

_log = logging.getLogger(__name__)

_WARM_UP_PHOTO = np.full((64, 64, 3), PADDING_GREY, dtype=np.uint8)


class NoDetectorYet(LookupError):
    """There is no detector that photos could be read with; the message says where it was looked."""


class DetectorInService(NamedTuple):
    """A detector that has read a photo already, and its version."""

    version: str
    detector: Detector


class NewestDetector:
    """Keeps the newest detector that can be used in service, looking for a newer one at times."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._in_service: DetectorInService | None = None
        self._problem = "no detector was looked for yet"
        self._unusable: set[str] = set()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look for a detector now, and from now on in a thread of its own."""
        self.look()
        threading.Thread(target=self._keep_looking, name="detector-poll", daemon=True).start()

    def stop(self) -> None:
        """Look no further."""
        self._stopped.set()

    def in_service(self) -> DetectorInService:
        """Give the detector to read photos with; a request stays with the one it was given.

        Raises:
            NoDetectorYet: none was published that can be used.
        """
        if self._in_service is None:
            raise NoDetectorYet(self._problem)
        return self._in_service

    def look(self) -> None:
        """Take the newest detector into service; where that fails, keep what there is and say so.

        A failure is logged when it is new, not at every look.
        """
        try:
            self._take_newest()
        except (NoDetector, ValueError, OSError) as error:
            # Engines explain themselves over several lines.
            self._complain(" ".join(str(error).split()))

    def _keep_looking(self) -> None:
        while not self._stopped.wait(self._settings.detector_poll_seconds):
            self.look()

    def _take_newest(self) -> None:
        store = ModelStore(self._settings.model_store_root)
        if self._in_service is not None:
            newest = store.latest_version()
            if newest == self._in_service.version or newest in self._unusable:
                return
        published = store.latest_or_starter(self._settings.starter_detector)
        if published.version in self._unusable:
            return
        self._in_service = DetectorInService(published.version, self._opened(published))
        self._problem = ""
        _log.info(
            "detector %s is in service in %s",
            published.version,
            self._in_service.detector.engine.name,
        )

    def _opened(self, published: PublishedDetector) -> Detector:
        """Open a detector and let it read a photo, so that the first request need not wait.

        Raises:
            ValueError: no engine opens it, or it does not read photos as its card says.
        """
        settings = self._settings
        try:
            detector = Detector(
                open_engine(published.onnx, settings.engine, settings.engine_cores),
                published.card.image_side,
                Thresholds(settings.min_confidence, settings.iou_threshold),
                settings.colours,
            )
            detector.garments(_WARM_UP_PHOTO)
        except (EngineUnavailable, ValueError) as error:
            # Its files are whole, so that it is no better at the next look, and costly to open.
            self._unusable.add(published.version)
            raise ValueError(f"detector {published.version} cannot be used: {error}") from error
        return detector

    def _complain(self, problem: str) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        if self._in_service is None:
            _log.warning("there is no detector to read photos with: %s", problem)
        else:
            _log.warning("detector %s stays in service: %s", self._in_service.version, problem)
