"""Opens published detectors that pass a trial, and remembers those that did not."""

import math
import time
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from oott_fashion.detector_trial import NoVerdict, try_detector
from oott_fashion.opened_detector import DetectorOptions, OpenedDetector, open_detector, opened_in
from oott_fashion.stores.detector_card import BadDetector, PublishedDetector, read_card
from oott_fashion.stores.model_store import ModelStore, copies_in
from oott_fashion.vision.box_colours import colours_of
from oott_fashion.vision.detections import Box
from oott_fashion.vision.engines import EngineUnavailable
from oott_fashion.vision.known_answers import max_milliseconds
from oott_fashion.vision.letterbox import PADDING_GREY
from oott_fashion.vision.tried_engine import open_and_try
from oott_serving.settings import ServiceSettings

_WARM_UP_PHOTO = np.full((64, 64, 3), PADDING_GREY, dtype=np.uint8)
_WARM_UP_BOX = Box(0, 0, 64, 64)

# Without a verdict, the machine may have been too busy.
_SECONDS_TO_NEXT_TRIAL = 600


class _Refusal(NamedTuple):
    """Why a version cannot be used, and when it is tried again, in time.monotonic()."""

    problem: str
    tried_again_at: float


class DetectorTrials:
    """Opens detectors that are plausible and fast enough; it tries each version once."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._options = DetectorOptions.of(settings)
        self._refused: dict[str, _Refusal] = {}
        self._milliseconds: dict[str, float] = {}

    def reject_refused(self, version: str) -> None:
        """Reject a version that failed its trial, without reading its files.

        Raises:
            BadDetector: it failed; the message says why.
        """
        refused = self._refused.get(version)
        if refused and time.monotonic() < refused.tried_again_at:
            raise BadDetector(refused.problem)

    def opened(self, published: PublishedDetector, in_place: str | None) -> OpenedDetector:
        """Open a detector that passes its trial.

        Args:
            in_place: the version in service, if there is one.

        Raises:
            BadDetector: it cannot be used; the reason is remembered.
        """
        version = published.version
        self.reject_refused(version)
        try:
            opened = self._tried_and_opened(published, in_place)
            # The first run is slow, and the first request must not wait for it.
            opened.detector.boxes(_WARM_UP_PHOTO)
            colours_of(_WARM_UP_PHOTO, [_WARM_UP_BOX], opened.detector.palette)
            return opened
        except NoVerdict as error:
            again_at = time.monotonic() + _SECONDS_TO_NEXT_TRIAL
            self._refused[version] = _Refusal(str(error), again_at)
            raise
        except (EngineUnavailable, ValueError) as error:
            # The hashes of the file are correct, so the same detector would fail again.
            problem = f"detector {version} cannot be used: {error}"
            self._refused[version] = _Refusal(problem, math.inf)
            raise BadDetector(problem) from error

    def _tried_and_opened(
        self, published: PublishedDetector, in_place: str | None
    ) -> OpenedDetector:
        if self._is_starter(published):
            return self._opened_starter(published)
        milliseconds = try_detector(published, self._options)
        self._milliseconds[published.version] = milliseconds
        self._reject_slow(published.version, milliseconds, in_place)
        return open_detector(published, self._options)

    def _is_starter(self, published: PublishedDetector) -> bool:
        with suppress(BadDetector):
            starter = read_card(self._settings.starter_detector / "card.json")
            return starter.sha256 == published.card.sha256
        return False

    def _opened_starter(self, published: PublishedDetector) -> OpenedDetector:
        """Try the starter detector in this process: it is installed as the program is.

        DeepSparse takes 4 seconds to open it. Another process would take these once more.
        """
        file, side, options = published.onnx, published.card.image_side, self._options
        tried = open_and_try(file, side, options.engine, options.cores)
        self._milliseconds[published.version] = tried.milliseconds
        return opened_in(tried.engine, published, options)

    def _reject_slow(self, version: str, milliseconds: float, in_place: str | None) -> None:
        if milliseconds <= max_milliseconds(0):
            return
        other = self._milliseconds.get(in_place) if in_place else self._time_of_earlier(version)
        if other is not None and milliseconds > max_milliseconds(other):
            raise BadDetector(
                f"it takes {milliseconds:.0f} ms of CPU time for a photo, and the one before it "
                f"{other:.1f} ms; expected at most {max_milliseconds(other):.0f} ms; publish a "
                "smaller network"
            )

    def _time_of_earlier(self, version: str) -> float | None:
        """Try the detectors before ``version``, because a start has none in place to compare to."""
        store = ModelStore(self._settings.model_store_root, copies_in(self._settings.home))
        for earlier in store.earlier_versions():
            if earlier != version:
                with suppress(BadDetector):
                    return try_detector(store.detector(earlier), self._options)
        return None
