"""Reads photos on other machines too, on the workers of a Dask scheduler (decision 49).

A worker has the code and the packages of this release. It needs no settings, store or database: the
file of the detector and the files of the photos are sent to it.
"""

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import cv2
from PIL import Image
from threadpoolctl import threadpool_limits

from oott_fashion.opened_detector import DetectorOptions
from oott_fashion.vision.detections import Detection
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.known_people import known_people
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto
from oott_fashion.vision.reduced_photos import (
    SIDES_OF_INPUT,
    DecodingMemory,
    read_reduced_photo,
)

if TYPE_CHECKING:
    from distributed import Client, Future

_log = logging.getLogger(__name__)

Garments = tuple[Detection, ...]
Reader = Callable[[bytes, int], Garments]

_CONNECT_SECONDS = 10

# A worker that has lost its power or its network does not answer. Its photo is read elsewhere after
# this time. A worker that is killed is noticed at once.
_ANSWER_SECONDS = 60

# A worker gets the next photo while it reads one.
_PHOTOS_PER_THREAD = 2

# Engines may differ in the last digits.
_SAME_CONFIDENCE, _SAME_PIXELS = 0.01, 1.0


class WorkerGone(Exception):
    """No worker has read a photo, so it must be read here."""


class SentDetector(NamedTuple):
    """What a worker needs to open the detector, except its file."""

    image_side: int
    options: DetectorOptions


def garments_in(detector: Detector, content: bytes, max_pixels: int) -> Garments:
    """Find the garments in the file of a photo.

    Raises:
        PhotoTooLarge, UnreadablePhoto: as for ``read_photo``.
        EngineUnavailable: the engine failed on this photo.
    """
    # As in the service, a large photo is decoded at a part of its size.
    photo = read_reduced_photo(
        content, SIDES_OF_INPUT * detector.image_side, DecodingMemory(max_pixels)
    )
    garments = detector.garments(photo.pixels)
    return tuple(replace(garment, box=photo.in_whole_photo(garment.box)) for garment in garments)


class PhotoWorkers:
    """The workers of one scheduler, which read photos with one detector."""

    def __init__(self, scheduler: str, detector: Detector, onnx: Path, options: DetectorOptions):
        """Use the workers of ``scheduler``, such as tcp://10.0.0.5:8786; connects to nothing yet.

        Args:
            detector: the detector as this process has opened it.
            onnx: its file.
            options: how a worker must open it. The engine must be named; "auto" may differ there.
        """
        self._scheduler = scheduler
        self._detector = detector
        self._onnx = onnx
        self._sent = SentDetector(detector.image_side, options)
        self._client: Client | None = None
        self._file: Future[bytes] | None = None
        self._lock = Lock()
        # By the address of a worker.
        self._readers: Counter[str] = Counter()
        self.photos_at_a_time = 0
        self.photos_read = 0

    def open_new(self, use: Callable[[Reader], None]) -> None:
        """Open the detector on each worker that does not read photos yet; ``use`` gets its readers.

        If no scheduler or no worker can be reached, the log says so, and nothing else happens.
        """
        self.photos_at_a_time = self.photos_read = 0
        if (client := self._connected()) is None:
            return
        try:
            threads: dict[str, int] = client.nthreads()
        except OSError as error:  # the scheduler has stopped just now
            _log.warning("photos are read on this machine only: %s", error)
            return
        if not threads:
            _log.warning("no worker is connected to %s", self._scheduler)
        self.photos_at_a_time = _PHOTOS_PER_THREAD * sum(threads.values())
        for address, count in threads.items():
            if not self._readers[address]:
                self._change_readers(address, _PHOTOS_PER_THREAD * count)
                opening = client.submit(
                    _known_garments, self._file, self._sent, workers=[address], pure=False
                )
                opening.add_done_callback(partial(self._use_if_equal, client, address, use))

    @cached_property
    def _garments_here(self) -> list[Garments]:
        return garments_of_known_people(self._detector)

    def _connected(self) -> "Client | None":
        if self._client is not None and self._client.status == "running":
            return self._client
        try:
            from distributed import Client

            self._client = Client(self._scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (ImportError, OSError) as error:
            _log.warning("photos are read on this machine only: %s", error)
            return None
        self._readers.clear()
        # As the result of a task, the file is made again if the only worker that has it is killed.
        self._file = self._client.submit(bytes, self._onnx.read_bytes())
        return self._client

    def _use_if_equal(
        self,
        client: "Client",
        address: str,
        use: Callable[[Reader], None],
        opening: "Future[list[Garments]]",
    ) -> None:
        """Use a worker if it finds the same garments in known people as this process."""
        if opening.status != "finished":
            why = opening.exception() if opening.status == "error" else opening.status
            _log.warning("worker %s reads no photos: %s", address, why)
            self._change_readers(address, -self._readers[address])
        elif not _are_same(opening.result(), self._garments_here):
            _log.warning(
                "worker %s reads no photos, because it finds other garments in known pictures; "
                "it needs the release and the engine of this machine",
                address,
            )
        else:
            _log.info("worker %s reads photos too", address)
            for _ in range(self._readers[address]):
                use(partial(self._read_on, client, address))

    def _read_on(self, client: "Client", address: str, content: bytes, max_pixels: int) -> Garments:
        from distributed.client import ClosedClientError

        problem: BaseException | None
        try:
            # If the worker is gone, the scheduler gives its photos to others.
            reading = client.submit(
                _read_there, content, max_pixels, self._file, self._sent,
                workers=[address], allow_other_workers=True, pure=False,
            )  # fmt: skip
            problem = reading.exception(timeout=_ANSWER_SECONDS)
            if problem is None:
                with self._lock:
                    self.photos_read += 1
                garments: Garments = reading.result()
                return garments
        except (OSError, CancelledError, ClosedClientError) as error:
            problem = error
        if isinstance(problem, UnreadablePhoto | PhotoTooLarge):
            raise problem
        self._change_readers(address, -1)
        raise WorkerGone(f"worker {address} did not read a photo: {problem!r}") from problem

    def _change_readers(self, address: str, more: int) -> None:
        with self._lock:
            self._readers[address] += more


def garments_of_known_people(detector: Detector) -> list[Garments]:
    """Find the garments in pictures that each machine has."""
    found = []
    for person in known_people():
        file = BytesIO()
        Image.fromarray(person.picture).save(file, "PNG")
        found.append(garments_in(detector, file.getvalue(), person.picture.size))
    return found


def _are_same(found: list[Garments], expected: list[Garments]) -> bool:
    """Compare what two machines find, except for the last digits of their engines."""
    return len(found) == len(expected) and all(
        len(ours) == len(theirs) and all(map(_is_same, ours, theirs))
        for ours, theirs in zip(expected, found, strict=True)
    )


def _is_same(one: Detection, other: Detection) -> bool:
    return (
        (one.garment, one.colour) == (other.garment, other.colour)
        and abs(one.confidence - other.confidence) <= _SAME_CONFIDENCE
        and all(abs(a - b) <= _SAME_PIXELS for a, b in zip(one.box, other.box, strict=True))
    )


def use_one_core() -> None:
    """Start no threads for OpenCV and NumPy: each core has a process, which they would slow down.

    The threads of OpenBLAS, for NumPy's products of matrices, also wait actively: with them, a
    photo takes 3 ms more CPU time (26.4 instead of 23.3).
    """
    cv2.setNumThreads(1)
    threadpool_limits(1, user_api="blas")


def _known_garments(onnx: bytes, sent: SentDetector) -> list[Garments]:
    return garments_of_known_people(_opened(onnx, sent))


def _read_there(content: bytes, max_pixels: int, onnx: bytes, sent: SentDetector) -> Garments:
    return garments_in(_opened(onnx, sent), content, max_pixels)


def _opened(onnx: bytes, sent: SentDetector) -> Detector:
    # Two threads of one worker must not open it twice.
    with _opening:
        return _opened_once(onnx, sent)


_opening = Lock()


# While a new detector is published, two runs may use different ones.
@lru_cache(maxsize=2)
def _opened_once(onnx: bytes, sent: SentDetector) -> Detector:
    use_one_core()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "detector.onnx"
        file.write_bytes(onnx)
        options = sent.options
        engine = open_engine(file, options.engine, options.cores)
    return Detector(engine, sent.image_side, options.thresholds, options.colours)
