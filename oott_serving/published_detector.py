"""Keeps the latest published detector open, and replaces it by a newer one without a pause."""

import logging
import threading

import numpy as np

from oott_fashion.opened_detector import DetectorOptions, OpenedDetector, open_detector
from oott_fashion.stores.detector_card import PublishedDetector
from oott_fashion.stores.model_store import ModelStore, NoDetector
from oott_fashion.vision.engines import EngineUnavailable
from oott_fashion.vision.letterbox import PADDING_GREY
from oott_serving.settings import ServiceSettings

_log = logging.getLogger(__name__)

_WARM_UP_PHOTO = np.full((64, 64, 3), PADDING_GREY, dtype=np.uint8)


class NoDetectorYet(LookupError):
    """No usable detector was found; the message says where the service looked."""


class LatestDetector:
    """Keeps the latest usable detector in service, and polls the store for a newer one."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._in_service: OpenedDetector | None = None
        self._problem = "the service has not looked for a detector yet"
        self._unusable: set[str] = set()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look for a detector now, then poll for newer ones in a thread."""
        self.refresh()
        threading.Thread(target=self._poll, name="detector-poll", daemon=True).start()

    def stop(self) -> None:
        """Stop polling."""
        self._stopped.set()

    def in_service(self) -> OpenedDetector:
        """Give the current detector; a request must use the same detector until its end.

        Raises:
            NoDetectorYet: no usable detector is published.
        """
        if self._in_service is None:
            raise NoDetectorYet(self._problem)
        return self._in_service

    def refresh(self) -> None:
        """Put the latest detector into service; if that fails, keep the current one and log why.

        The same failure is logged only once.
        """
        try:
            self._use_latest()
        except (NoDetector, ValueError, OSError) as error:
            # The error messages of the engines have several lines.
            self._log_problem(" ".join(str(error).split()))

    def _poll(self) -> None:
        while not self._stopped.wait(self._settings.detector_poll_seconds):
            self.refresh()

    def _use_latest(self) -> None:
        store = ModelStore(self._settings.model_store_root)
        if self._in_service is not None:
            latest = store.latest_version()
            if latest == self._in_service.version or latest in self._unusable:
                return
        published = store.latest_or_starter(self._settings.starter_detector)
        if published.version in self._unusable:
            return
        self._in_service = self._open_and_warm_up(published)
        self._problem = ""
        _log.info(
            "detector %s is in service in %s",
            published.version,
            self._in_service.detector.engine.name,
        )

    def _open_and_warm_up(self, published: PublishedDetector) -> OpenedDetector:
        """Open a detector and run it once, so that the first request does not wait for a slow run.

        Raises:
            ValueError: no engine can open the file, or its input or output differs from its card.
        """
        try:
            opened = open_detector(published, DetectorOptions.of(self._settings))
            opened.detector.garments(_WARM_UP_PHOTO)
        except (EngineUnavailable, ValueError) as error:
            # The hashes of the file are correct, so the same detector would fail again. Opening it
            # takes long, so it is not tried again.
            self._unusable.add(published.version)
            raise ValueError(f"detector {published.version} cannot be used: {error}") from error
        return opened

    def _log_problem(self, problem: str) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        if self._in_service is None:
            _log.warning("no detector is in service: %s", problem)
        else:
            _log.warning("detector %s stays in service: %s", self._in_service.version, problem)
