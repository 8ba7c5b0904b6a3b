"""Runs the engine alone in two processes of one core each: what no server can surpass."""

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import NamedTuple

from benchmarks.serving.rivals import STARTER, side
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import read_photo

_WARM_UP = 10


class RawEngine(NamedTuple):
    """How many photos the engine alone does in a second, and the CPU time of each."""

    per_second: float
    cpu_milliseconds: float


def measure(photos: Sequence[bytes], runs: int, processes: int = 2) -> RawEngine:
    """Let each process run the engine ``runs`` times on inputs that are made beforehand."""
    context = multiprocessing.get_context("spawn")
    results: Queue[RawEngine] = context.Queue()
    start = context.Barrier(processes)
    workers = [
        context.Process(target=_run, args=(photos, runs, results, start)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    measured = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    mean_cpu = sum(each.cpu_milliseconds for each in measured) / processes
    return RawEngine(sum(each.per_second for each in measured), mean_cpu)


def _run(photos: Sequence[bytes], runs: int, results: "Queue[RawEngine]", start: Barrier) -> None:
    engine = open_engine(STARTER / "detector.onnx", "deepsparse", cores=1)
    inputs = [letterbox(read_photo(photo), side())[0][None] for photo in photos[:50]]
    for each in inputs[:_WARM_UP]:
        engine.head_of(each)
    start.wait()
    wall, cpu = time.perf_counter(), time.process_time()
    for index in range(runs):
        engine.head_of(inputs[index % len(inputs)])
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    results.put(RawEngine(runs / seconds, 1000 * cpu_seconds / runs))
