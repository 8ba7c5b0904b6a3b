"""Reads photos with one detector on every core: in this process, and in one more per other core.

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
from dataclasses import replace
from functools import partial
from multiprocessing.util import Finalize
from queue import Empty, SimpleQueue
from typing import NamedTuple

import cv2
from threadpoolctl import threadpool_limits

from oott_fashion.opened_detector import OpenedDetector
from oott_fashion.vision.detections import Detection
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.reduced_photos import (
    SIDES_OF_INPUT,
    DecodingMemory,
    read_reduced_photo,
)

_log = logging.getLogger(__name__)

Reader = Callable[[bytes, int], tuple[Detection, ...]]


class OtherProcesses(NamedTuple):
    """How many other processes may be opened, and how they open the detector.

    ``worth_at`` says how many photos take as long as it takes to open one.
    """

    processes: int
    open_detector: Callable[[], OpenedDetector]
    worth_at: float


class PhotoReaders:
    """Reads each photo in a process that is free; starts with this process alone."""

    def __init__(self, detector: Detector, threads: int, others: OtherProcesses) -> None:
        """Read in this process, with so many threads, until other processes are open."""
        self.detector = detector
        # One photo more than are read waits, so that no reader does.
        self.at_a_time = threads + others.processes + 1
        self._here: Reader = partial(_read, detector)
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
        self._expected += photos
        if self._expected >= self._others.worth_at:
            _use_one_core()
            while len(self._executors) < self._others.processes:
                self._executors.append(self._open_process())

    def read(self, content: bytes, max_pixels: int) -> tuple[Detection, ...]:
        """Find the garments in the file of a photo; thread-safe.

        Raises:
            PhotoTooLarge, UnreadablePhoto: as for ``read_photo``.
            EngineUnavailable: the engine failed on this photo.
        """
        reader = self._free.get()
        try:
            return reader(content, max_pixels)
        except BrokenProcessPool:
            _log.warning("a process that read photos was killed; its photos are read again")
            reader = self._here
            return reader(content, max_pixels)
        finally:
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


def _use_one_core() -> None:
    """Start no threads for OpenCV and NumPy: each core has a process, which they would slow down.

    The threads of OpenBLAS, for NumPy's products of matrices, also wait actively: with them, a
    photo takes 3 ms more CPU time (26.4 instead of 23.3).
    """
    cv2.setNumThreads(1)
    threadpool_limits(1, user_api="blas")


def _close(executors: list[ProcessPoolExecutor]) -> None:
    for executor in executors:
        executor.shutdown(cancel_futures=True)


def _read(detector: Detector, content: bytes, max_pixels: int) -> tuple[Detection, ...]:
    # As in the service, a large photo is decoded at a part of its size.
    photo = read_reduced_photo(
        content, SIDES_OF_INPUT * detector.image_side, DecodingMemory(max_pixels)
    )
    garments = detector.garments(photo.pixels)
    return tuple(replace(garment, box=photo.in_whole_photo(garment.box)) for garment in garments)


def _read_in(
    executor: ProcessPoolExecutor, content: bytes, max_pixels: int
) -> tuple[Detection, ...]:
    return executor.submit(_read_here, content, max_pixels).result()


# The detector of a process that another one opened.
_opened_here: list[Detector] = []


def _open(open_detector: Callable[[], OpenedDetector]) -> None:
    """Prepare this process, which another one started, for photos."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Ctrl-C goes to all processes of a terminal. The one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _use_one_core()
    _opened_here.append(open_detector().detector)


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _read_here(content: bytes, max_pixels: int) -> tuple[Detection, ...]:
    return _read(_opened_here[0], content, max_pixels)
