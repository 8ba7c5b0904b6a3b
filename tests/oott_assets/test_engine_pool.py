import threading
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from oott_assets.engine_pool import EnginePool
from oott_fashion.vision.engines import EngineUnavailable

INPUT = np.zeros((1, 3, 64, 64), dtype=np.float32)


class WaitingEngine:
    """Answers only when ``together`` photos are in engines at the same time."""

    name = "waiting"

    def __init__(self, together: threading.Barrier) -> None:
        self.together = together

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        self.together.wait(timeout=5)
        return model_input


class LoneEngine:
    """Fails when two photos are in it at the same time."""

    name = "lone"

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self.lock.acquire(blocking=False)
        time.sleep(0.01)
        self.lock.release()
        return model_input


def joined() -> None:
    """Wait until the engines that were being opened are open."""
    for thread in threading.enumerate():
        if thread.name.startswith("open engine"):
            thread.join()


def in_threads(pool: EnginePool, count: int) -> list[bool]:
    """Run a photo in each of ``count`` threads, and tell which got an answer."""
    answered: list[bool] = []

    def run() -> None:
        pool.head_of(INPUT)
        answered.append(True)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answered


def test_many_photos_run_on_every_core_at_the_same_time() -> None:
    together = threading.Barrier(3)
    pool = EnginePool(WaitingEngine(together), lambda: WaitingEngine(together), 3, worth_at=100)

    pool.expect(100)

    assert in_threads(pool, 3) == [True] * 3


def test_few_photos_open_no_other_engine() -> None:
    opened: list[int] = []

    def open_another() -> LoneEngine:
        opened.append(1)
        return LoneEngine()

    pool = EnginePool(LoneEngine(), open_another, 2, worth_at=100)
    pool.expect(99)
    joined()

    assert opened == []
    assert in_threads(pool, 4) == [True] * 4


def test_many_small_partitions_of_one_process_open_the_other_engine_once() -> None:
    opened: list[int] = []

    def open_another() -> LoneEngine:
        opened.append(1)
        return LoneEngine()

    pool = EnginePool(LoneEngine(), open_another, 2, worth_at=100)
    for _ in range(12):
        pool.expect(30)
    joined()

    assert opened == [1]


def test_an_engine_that_cannot_be_opened_again_leaves_the_first_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def no_memory() -> LoneEngine:
        raise EngineUnavailable("DeepSparse cannot run detector.onnx: no memory")

    pool = EnginePool(LoneEngine(), no_memory, 2, worth_at=1)
    pool.expect(1)
    joined()

    assert in_threads(pool, 2) == [True] * 2
    assert "photos are read on fewer cores: DeepSparse cannot run" in caplog.text


def test_an_engine_that_fails_on_a_photo_reads_the_next_one() -> None:
    class FailsOnce(LoneEngine):
        failed = False

        def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
            if not self.failed:
                self.failed = True
                raise EngineUnavailable("DeepSparse failed on a photo")
            return model_input

    pool = EnginePool(FailsOnce(), FailsOnce, 1, worth_at=1)
    with pytest.raises(EngineUnavailable):
        pool.head_of(INPUT)

    assert in_threads(pool, 1) == [True]
