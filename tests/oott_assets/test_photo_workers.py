"""Photos are read by real Dask workers, with the commands of docs/capacity.md."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from distributed import Client

from oott_assets.garment_detector import kept_open
from tests.databases import free_port
from tests.oott_assets.trends_pipeline import TrendsPipeline, metadata_of


class Workers:
    """A scheduler and two workers on this machine, and what the scheduler knows of them."""

    def __init__(self, log: Path) -> None:
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self._log = log.open("wb")
        self.scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", f"--port={port}", "--no-dashboard",
            "--no-jupyter",
        )  # fmt: skip
        self.client = Client(self.address, timeout=60, set_as_default=False)
        self.processes: dict[str, psutil.Popen] = {}
        for name in ("one", "two"):
            self.processes[name] = self._start(
                "dask_worker", self.address, "--nthreads=1", "--no-nanny", "--no-dashboard",
                "--host", "127.0.0.1", f"--name={name}",
            )  # fmt: skip
        self.client.wait_for_workers(2, timeout=60)

    def _start(self, program: str, *options: str) -> psutil.Popen:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *options]
        return psutil.Popen(command, stdout=self._log, stderr=self._log)

    def alive(self) -> int:
        return len(self.client.nthreads())

    def address_of(self, name: str) -> str:
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        [address] = [each for each, about in workers.items() if about["name"] == name]
        return str(address)

    def photos_waiting_at(self, address: str) -> int:
        return sum("_read_there" in task for task in self.client.processing().get(address, ()))

    def end(self) -> None:
        self.client.close()
        for process in (*self.processes.values(), self.scheduler):
            with suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait()
        self._log.close()


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Run a scheduler and two workers."""
    workers = Workers(tmp_path_factory.mktemp("workers") / "log")
    try:
        yield workers
    finally:
        workers.end()


@pytest.fixture
def pipeline(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TrendsPipeline]:
    """Give a pipeline with a month that this machine alone has counted."""
    monkeypatch.setenv("OOTT_LOOKBOOK_PHOTOS", "8")
    kept_open.cache_clear()
    assert trends_pipeline.run().success
    yield trends_pipeline
    kept_open.cache_clear()  # it closes the connection


def read_on_workers(pipeline: TrendsPipeline) -> int:
    """Detect the garments of the month again; give how many photos the workers have read."""
    run = pipeline.run(only="garment_detections")
    assert run.success
    return int(str(metadata_of(run, "garment_detections")["photos_read_on_workers"]))


def use(
    workers: Workers,
    pipeline: TrendsPipeline,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Run the step with the workers, and wait until each has opened the detector."""
    monkeypatch.setenv("OOTT_DASK_SCHEDULER", workers.address)
    kept_open.cache_clear()
    with caplog.at_level("INFO", "oott_assets"):
        read_on_workers(pipeline)
        wait_until(lambda: caplog.text.count("reads photos too") == workers.alive())


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_workers_count_the_same_as_one_machine(
    pipeline: TrendsPipeline,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    detections, rows = pipeline.detections(), pipeline.rows()
    use(workers, pipeline, monkeypatch, caplog)

    assert read_on_workers(pipeline) > 1
    assert pipeline.detections() == detections
    assert pipeline.run(only="monthly_trends").success
    assert pipeline.rows() == rows


def test_the_photos_of_a_killed_worker_are_read_by_others(
    pipeline: TrendsPipeline,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    detections = pipeline.detections()
    use(workers, pipeline, monkeypatch, caplog)
    killed, address = workers.processes["two"], workers.address_of("two")
    os.kill(killed.pid, signal.SIGSTOP)  # so that it surely has photos when it is killed

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_on_workers, pipeline)
        wait_until(lambda: workers.photos_waiting_at(address) == 2)
        killed.kill()
        assert reading.result(timeout=60) > 1

    assert pipeline.detections() == detections


def test_the_photos_of_a_killed_scheduler_are_read_here(
    pipeline: TrendsPipeline,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("oott_assets.photo_workers._CONNECT_SECONDS", 1)
    detections = pipeline.detections()
    use(workers, pipeline, monkeypatch, caplog)
    stopped, address = workers.processes["one"], workers.address_of("one")
    os.kill(stopped.pid, signal.SIGSTOP)

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_on_workers, pipeline)
        wait_until(lambda: workers.photos_waiting_at(address) == 2)
        workers.scheduler.kill()
        reading.result(timeout=60)

    assert pipeline.detections() == detections
    assert "it is read here" in caplog.text
    assert read_on_workers(pipeline) == 0
    assert "photos are read on this machine only" in caplog.text
