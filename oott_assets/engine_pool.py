"""One engine per core for the same detector, opened in one process and kept between partitions."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.engines import Engine, EngineUnavailable

_log = logging.getLogger(__name__)


class EnginePool:
    """Runs each photo in an engine that is free; starts with one engine.

    Each engine runs in the thread of its caller, so two threads use two cores.
    """

    def __init__(
        self, first: Engine, open_another: Callable[[], Engine], max_engines: int, worth_at: float
    ) -> None:
        """Make a pool of an engine that is open.

        Args:
            first: an engine that was tried.
            open_another: opens the same file again.
            max_engines: usually one per core.
            worth_at: how many photos take as long as it takes to open an engine.
        """
        self.name = first.name
        self._free: SimpleQueue[Engine] = SimpleQueue()
        self._free.put(first)
        self._open_another = open_another
        self._missing = max_engines - 1
        self._worth_at = worth_at
        self._expected = 0

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        engine = self._free.get()
        try:
            return engine.head_of(model_input)
        finally:
            self._free.put(engine)

    def expect(self, photos: int) -> None:
        """Say how many photos come, so that the other engines are opened if that is worth it.

        They are opened while the first one runs. Photos of earlier partitions count too: many
        small partitions in one process are worth a second engine, and a single one is not.
        """
        self._expected += photos
        if self._expected < self._worth_at:
            return
        for number in range(self._missing):
            threading.Thread(target=self._add_one, name=f"open engine {number + 2}").start()
        self._missing = 0

    def _add_one(self) -> None:
        try:
            self._free.put(self._open_another())
        except EngineUnavailable as error:
            _log.warning("photos are read on fewer cores: %s", error)
