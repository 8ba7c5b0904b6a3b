"""Keeps the latest usable detector open, and replaces it by a newer one without a pause."""

import logging
import threading
from functools import partial

from oott_fashion.opened_detector import OpenedDetector
from oott_fashion.stores.blobs import StoreUnreachable
from oott_fashion.stores.model_store import ModelStore, NoDetector, copies_in
from oott_fashion.usable_detector import first_usable
from oott_serving.detection.detector_trials import DetectorTrials
from oott_serving.detection.garments_api import ModelAnswer
from oott_serving.records.request_records import current_record
from oott_serving.records.service_metrics import service_metrics
from oott_serving.settings import ServiceSettings

_log = logging.getLogger(__name__)


class NoDetectorYet(LookupError):
    """No usable detector was found; the message says where the service looked."""


class LatestDetector:
    """Keeps the latest usable detector in service, and polls the store for a newer one."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._trials = DetectorTrials(settings)
        self._in_service: OpenedDetector | None = None
        self._problem = "the service has not looked for a detector yet"
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

    def answering(self) -> OpenedDetector:
        """Give the current detector to a request, and enter it in the record of the request.

        Raises:
            NoDetectorYet: no usable detector is published.
        """
        opened = self.in_service()
        current_record().detector_version = opened.version
        return opened

    def version(self) -> str | None:
        """Give the version of the current detector, if there is one."""
        return self._in_service and self._in_service.version

    def description(self) -> ModelAnswer:
        """Describe the detector that is in service, and say why it is not the latest.

        Raises:
            NoDetectorYet: no usable detector is published.
        """
        return ModelAnswer.of(self.in_service(), self._problem)

    def readiness(self) -> str:
        """Say which detector is in service, and why it is not the latest, if it is not.

        Raises:
            NoDetectorYet: no usable detector is published.
        """
        state = f"detector {self.in_service().version} is in service"
        return f"{state}: {self._problem}" if self._problem else state

    def refresh(self) -> None:
        """Put the latest detector into service; if that fails, keep the current one and log why.

        The same failure is logged only once.
        """
        try:
            self._log_problem(self._use_latest())
        except (NoDetector, ValueError, OSError, MemoryError) as error:
            # The error messages of the engines have several lines.
            self._log_problem(" ".join(str(error).split()) or type(error).__name__)

    def _poll(self) -> None:
        while not self._stopped.wait(self._settings.detector_poll_seconds):
            self.refresh()

    def _use_latest(self) -> str:
        """Use the latest detector, and say why that is an earlier one; empty if it is not."""
        store = ModelStore(self._settings.model_store_root, copies_in(self._settings.home))
        if self._in_service is None:
            tried = partial(self._trials.opened, in_place=None)
            try:
                opened, problem = first_usable(store, self._settings.starter_detector, tried)
            except StoreUnreachable as error:
                opened, problem = self._opened_copy(store, error), str(error)
        else:
            current, latest = self._in_service.version, store.latest_version()
            if latest == current:
                return ""
            self._trials.reject_refused(latest)
            opened, problem = self._trials.opened(store.latest(), in_place=current), ""
        engine = opened.detector.engine.name
        if self._in_service is not None:
            before = self._in_service
            service_metrics().take_out_of_service(before.version, before.detector.engine.name)
        self._in_service = opened
        service_metrics().put_into_service(opened.version, engine)
        _log.info("detector %s is in service in %s", opened.version, engine)
        return problem

    def _opened_copy(self, store: ModelStore, error: StoreUnreachable) -> OpenedDetector:
        """Open the detector that was the latest when the bucket was last read."""
        try:
            return self._trials.opened(store.copied(), in_place=None)
        except NoDetector:
            raise error from None

    def _log_problem(self, problem: str) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        if not problem:
            return
        service_metrics().count_detector_failure()
        if self._in_service is None:
            _log.warning("no detector is in service: %s", problem)
        else:
            _log.warning("detector %s stays in service: %s", self._in_service.version, problem)
