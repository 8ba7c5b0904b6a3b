"""Fake detectors are opened in real processes."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_info, threadpool_limits

from oott_assets.photo_readers import OtherProcesses, PhotoReaders
from oott_fashion.opened_detector import OpenedDetector
from oott_fashion.stores.detector_card import DetectorCard
from oott_fashion.vision.detections import Box, Detection
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import EngineUnavailable
from oott_fashion.vision.photos import UnreadablePhoto


class NamesItsProcess:
    """Finds a garment whose name is the process, and whose colour is the grey of the photo."""

    image_side = 8

    def garments(self, photo: NDArray[np.uint8]) -> list[Detection]:
        time.sleep(0.01)
        return [Detection(str(os.getpid()), 1.0, Box(0, 0, 1, 1), str(photo[0, 0, 0]))]


def opened() -> OpenedDetector:
    detector, card = cast(Detector, NamesItsProcess()), cast(DetectorCard, None)
    return OpenedDetector("fake", detector, card, Path("detector.onnx"))


def no_memory() -> OpenedDetector:
    raise EngineUnavailable("DeepSparse cannot run detector.onnx: no memory")


def readers_with(others: OtherProcesses) -> PhotoReaders:
    return PhotoReaders(opened().detector, threads=2, others=others)


def grey_photo(grey: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8), (grey, grey, grey)).save(file, "PNG")
    return file.getvalue()


PHOTOS = [grey_photo(grey) for grey in range(60)]


def read(readers: PhotoReaders) -> list[Detection]:
    with ThreadPoolExecutor(readers.at_a_time) as pool:
        return [one for [one] in pool.map(partial(readers.read, max_pixels=100), PHOTOS)]


def test_a_large_photo_is_reduced_and_its_boxes_are_those_of_the_whole_photo() -> None:
    file = BytesIO()
    Image.new("RGB", (320, 160)).save(file, "PNG")

    [garment] = readers_with(OtherProcesses(0, opened, worth_at=100)).read(
        file.getvalue(), max_pixels=320 * 160
    )

    # The long side of the model input is 8, so the photo is reduced to 16 pixels, by 20.
    assert garment.box == Box(0, 0, 20, 20)


def other_processes(garments: list[Detection]) -> set[int]:
    return {int(one.garment) for one in garments} - {os.getpid()}


def read_until_opened(readers: PhotoReaders) -> int:
    """Read the photos again and again until another process has read some of them."""
    deadline = time.monotonic() + 60
    while not (others := other_processes(read(readers))):
        assert time.monotonic() < deadline
    [other] = others
    return other


def is_gone(process: int) -> bool:
    """Wait until a process has ended; its parent may not have asked for its exit code."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if psutil.Process(process).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_few_photos_open_no_other_process() -> None:
    before = multiprocessing.active_children()
    readers = readers_with(OtherProcesses(1, opened, worth_at=100))
    readers.expect(99)

    assert other_processes(read(readers)) == set()
    assert multiprocessing.active_children() == before


def test_numpy_uses_one_thread_when_each_core_has_a_process() -> None:
    with threadpool_limits(2, user_api="blas"):
        readers_with(OtherProcesses(0, opened, worth_at=1)).expect(1)

        libraries = [one for one in threadpool_info() if one["user_api"] == "blas"]
        assert {one["num_threads"] for one in libraries} == {1}


def test_many_small_partitions_are_worth_one_other_process_and_the_results_keep_their_order(
    caplog: pytest.LogCaptureFixture,
) -> None:
    readers = readers_with(OtherProcesses(1, opened, worth_at=100))
    for _ in range(12):
        readers.expect(30)
    other = read_until_opened(readers)

    garments = read(readers)
    assert other_processes(garments) == {other}
    assert [one.colour for one in garments] == [str(grey) for grey in range(60)]

    # A photo that cannot be read in the other process is no reason not to read the next one there.
    for _ in range(6):
        with pytest.raises(UnreadablePhoto, match="8 bytes starting with b'no photo'"):
            readers.read(b"no photo", max_pixels=100)
    assert other_processes(read(readers)) == {other}

    os.kill(other, signal.SIGKILL)
    assert [one.colour for one in read(readers)] == [str(grey) for grey in range(60)]
    assert "a process that read photos was killed; its photos are read again" in caplog.text


def test_a_detector_that_cannot_be_opened_again_is_used_in_this_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    readers = readers_with(OtherProcesses(1, no_memory, worth_at=1))
    readers.expect(1)
    while "fewer cores" not in caplog.text:
        time.sleep(0.01)

    assert other_processes(read(readers)) == set()
    assert "photos are read on fewer cores: DeepSparse cannot run" in caplog.text


def opened_slowly(started: Path) -> OpenedDetector:
    started.touch()
    time.sleep(1)
    return opened()


def step(started: Path, other: Connection, wait_until_used: bool) -> None:
    """Open another process, as a step that Dagster runs in a process of its own."""
    readers = readers_with(OtherProcesses(1, partial(opened_slowly, started), worth_at=1))
    readers.expect(1)
    while not started.exists():
        time.sleep(0.01)
    if wait_until_used:
        other.send(read_until_opened(readers))
        time.sleep(60)


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_step_leaves_no_process(tmp_path: Path, is_killed: bool) -> None:
    context = multiprocessing.get_context("spawn")
    from_step, to_test = context.Pipe(duplex=False)
    process = context.Process(target=step, args=(tmp_path / "started", to_test, is_killed))
    process.start()
    if is_killed:
        other = from_step.recv()
        process.kill()
        assert is_gone(other)
    process.join(timeout=30)  # it first waits for the process that is being opened

    is_running = process.is_alive()
    process.kill()
    assert not is_running
