"""Reads photos with one detector on every core, and on other machines if there are any.

This process reads photos, one more per other core, and the workers of ``photo_workers``.

Two threads of one process need a sixth more CPU time per photo than two processes (decision 34).
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.util import Finalize
from queue import Empty, SimpleQueue
from typing import NamedTuple

from oott_assets.photo_workers import (
    Garments,
    PhotoWorkers,
    Reader,
    WorkerGone,
    garments_in,
    use_one_core,
)
from oott_fashion.opened_detector import OpenedDetector
from oott_fashion.vision.detector import Detector

_log = logging.getLogger(__name__)


class OtherProcesses(NamedTuple):
    """How many other processes may be opened, and how they open the detector.

    ``worth_at`` says how many photos take as long as it takes to open one.
    """

    processes: int
    open_detector: Callable[[], OpenedDetector]
    worth_at: float


class PhotoReaders:
    """Reads each photo in a process that is free; starts with this process alone."""

    def __init__(
        self,
        detector: Detector,
        threads: int,
        others: OtherProcesses,
        workers: PhotoWorkers | None = None,
    ) -> None:
        """Read in this process, with so many threads, until others are open."""
        self.detector = detector
        self.workers = workers
        self._threads = threads
        self._here: Reader = partial(garments_in, detector)
        self._free: SimpleQueue[Reader] = SimpleQueue()
        for _ in range(threads):
            self._free.put(self._here)
        self._others = others
        self._expected = 0
        self._opened: SimpleQueue[Reader] = SimpleQueue()
        self._executors: list[ProcessPoolExecutor] = []
        # A step of Dagster may itself be a process of multiprocessing. At its end, such a process
        # waits for the processes that it started, so they must be told before. The queues to them
        # are closed with priority 10.
        Finalize(self, _close, (self._executors,), exitpriority=100)

    def expect(self, photos: int) -> None:
        """Say how many photos come, so that other processes are opened if that is worth it.

        They are opened while this process reads. Photos of earlier partitions count too: many small
        partitions in one process are worth another process, and a single one is not.
        """
        if self.workers:
            self.workers.open_new(self._free.put)
        self._expected += photos
        if self._expected >= self._others.worth_at:
            use_one_core()
            while len(self._executors) < self._others.processes:
                self._executors.append(self._open_process())

    @property
    def at_a_time(self) -> int:
        """How many photos to read at the same time. One of them waits, so that no reader does."""
        there = self.workers.photos_at_a_time if self.workers else 0
        return self._threads + self._others.processes + there + 1

    def read(self, content: bytes, max_pixels: int) -> Garments:
        """Find the garments in the file of a photo; thread-safe.

        Raises:
            PhotoTooLarge, UnreadablePhoto: as for ``read_photo``.
            EngineUnavailable: the engine failed on this photo.
        """
        reader = self._free.get()
        free_again = True
        try:
            return reader(content, max_pixels)
        except BrokenProcessPool:
            _log.warning("a process that read photos was killed; its photos are read again")
            reader = self._here
            return reader(content, max_pixels)
        except WorkerGone as gone:
            _log.warning("%s; it is read here", gone)
            free_again = False
            return self._here(content, max_pixels)
        finally:
            if free_again:
                self._put_back(reader)

    def _put_back(self, reader: Reader) -> None:
        if reader is self._here:
            try:
                # A new process takes the place of a thread. It gets two photos at a time, so that
                # the next one waits there when it has read one.
                reader = self._opened.get_nowait()
                self._free.put(reader)
            except Empty:
                pass
        self._free.put(reader)

    def _open_process(self) -> ProcessPoolExecutor:
        executor = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        # A thread of the executor calls this function. With a reference to self, that thread could
        # be the one that ends the executor, and would wait for itself.
        opened = self._opened

        def use(opening: Future[None]) -> None:
            if error := opening.exception():
                _log.warning("photos are read on fewer cores: %s", error)
                executor.shutdown(wait=False)
            else:
                _log.info("another process reads photos too")
                opened.put(partial(_read_in, executor))

        executor.submit(_open, self._others.open_detector).add_done_callback(use)
        return executor


def _close(executors: list[ProcessPoolExecutor]) -> None:
    for executor in executors:
        executor.shutdown(cancel_futures=True)


def _read_in(executor: ProcessPoolExecutor, content: bytes, max_pixels: int) -> Garments:
    return executor.submit(_read_here, content, max_pixels).result()


# The detector of a process that another one opened.
_opened_here: list[Detector] = []


def _open(open_detector: Callable[[], OpenedDetector]) -> None:
    """Prepare this process, which another one started, for photos."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Ctrl-C goes to all processes of a terminal. The one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use_one_core()
    _opened_here.append(open_detector().detector)


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _read_here(content: bytes, max_pixels: int) -> Garments:
    return garments_in(_opened_here[0], content, max_pixels)
