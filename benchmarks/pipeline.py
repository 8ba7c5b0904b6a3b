"""Compares garment_detections with its engine alone, and with a plain loop of Ultralytics.

``python -m benchmarks.pipeline PHOTOS_FOLDER`` (needs the packages of ``make test``). The photos of
the folder are first collected as one month. Then all rows take turns on the same photos, and the
fastest turn counts, so that other load on the machine matters least. ``raw engine`` is the speed
limit: a process per core, which only runs the network on photos that are ready.
"""

import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import NamedTuple, get_args

import click
import dagster as dg
import numpy as np
import psutil
from numpy.typing import NDArray

from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.box_colours import colours_of
from oott_fashion.vision.detections import Box
from oott_fashion.vision.engines import EngineChoice, open_engine
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import Photo, read_photo

_STARTER = Path("models/starter-detector")
_CORES = 2
_PARTITION, _ONE_PHOTO = "hongdae|2026-09", "hongdae|2026-08"
# Inputs of the raw engine that are ready in memory; they are used again and again.
_READY = 60


class Turn(NamedTuple):
    """What a row needed for some photos, in seconds; CPU time is of all threads and processes."""

    photos: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.photos / self.wall


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--turns", default=3, show_default=True, help="how often the rows take turns")
@click.option(
    "--engine",
    type=click.Choice(get_args(EngineChoice)),
    default="auto",
    show_default=True,
    help="engine of the detector",
)
def main(folder: Path, turns: int, engine: EngineChoice) -> None:
    """Time each row, and print photos per second and CPU milliseconds per photo."""
    with tempfile.TemporaryDirectory() as home:
        _set_up(Path(home), folder.absolute(), engine)
        one_new = _of_new_process(_materialise_one)
        first = _timed_detections(_PARTITION)
        measured = [_turn(number, engine) for number in range(turns)]
        one = _timed_detections(_ONE_PHOTO)
    best = {name: max((turn[name] for turn in measured), key=_rate) for name in measured[0]}
    best["garment_detections, first of its process"] = first
    raw = best["raw engine, 2 processes with 1 core"].rate
    click.echo(f"{'':46}{'photos/s':>9}{'of raw':>8}{'CPU ms/photo':>14}")
    for name, turn in best.items():
        click.echo(
            f"{name:46}{turn.rate:9.1f}{turn.rate / raw:8.2f}{1000 * turn.cpu / turn.photos:14.1f}"
        )
    click.echo(f"a partition of one photo, CPU s: {one.cpu:.2f}; in a new process {one_new:.2f}")


def _rate(turn: Turn) -> float:
    return turn.rate


def _turn(number: int, engine: EngineChoice) -> dict[str, Turn]:
    photos = _stored_photos()
    turn = {
        "raw engine, 2 processes with 1 core": _raw(photos, engine),
        "garment_detections": _timed_detections(_PARTITION),
    }
    memory = _megabytes()
    # It is slow, so each turn takes another quarter of the photos.
    turn["YOLO(...).predict, and our colours"] = _ultralytics(photos[number % 4 :: 4])
    rates = ", ".join(f"{one.rate:.1f}" for one in turn.values())
    # The first turn of Ultralytics loads PyTorch, which then stays in memory.
    click.echo(f"turn {number + 1}: {rates} photos/s; {memory:.0f} MB", err=True)
    return turn


def _set_up(home: Path, folder: Path, engine: EngineChoice) -> None:
    """Collect the photos as one month, and one of them as another month."""
    (home / "photos/hongdae/2026-08").mkdir(parents=True)
    shutil.copytree(folder, home / "photos/hongdae/2026-09")
    first = next(file for file in sorted(folder.iterdir()) if file.suffix.lower() == ".jpg")
    shutil.copy(first, home / "photos/hongdae/2026-08")
    os.environ |= {
        "OOTT_HOME": str(home / "home"),
        "OOTT_ENGINE": engine,
        "OOTT_STARTER_DETECTOR": str(_STARTER.absolute()),
        "OOTT_PHOTO_SOURCE": "folder",
        "OOTT_PHOTOS_FOLDER": str(home / "photos"),
        "OOTT_HIDE_FACES": "false",
    }
    for partition in (_PARTITION, _ONE_PHOTO):
        _materialise(partition, "instagram_images")


def _materialise(partition: str, step: str) -> dg.ExecuteInProcessResult:
    from oott_assets.definitions import configured_resources, defs

    job = defs.resolve_job_def("monthly_trends_job").get_subset(op_selection=[step])
    return job.execute_in_process(
        partition_key=partition,
        resources=configured_resources(),
        instance=_records(),
        run_config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
    )


@cache
def _records() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def _timed_detections(partition: str) -> Turn:
    with _measured() as measured:
        run = _materialise(partition, "garment_detections")
    [event] = run.get_asset_materialization_events()
    return measured(int(str(event.materialization.metadata["photos"].value)))


@contextmanager
def _measured() -> Iterator[Callable[[int], Turn]]:
    """Measure a block: what it gives makes the turn, and is called after the block."""
    wall, cpu = time.perf_counter(), _cpu_seconds()
    ended: list[float] = []
    yield lambda photos: Turn(photos, *ended)
    ended += [time.perf_counter() - wall, _cpu_seconds() - cpu]


def _cpu_seconds() -> float:
    """Sum the CPU time of this process, and of the processes that read photos for it."""
    times = [process.cpu_times() for process in _processes()]
    return sum(one.user + one.system for one in times)


def _megabytes() -> float:
    return sum(process.memory_info().rss for process in _processes()) / 2**20


def _processes() -> list[psutil.Process]:
    this = psutil.Process()
    return [this, *this.children(recursive=True)]


def _materialise_one() -> None:
    _materialise(_ONE_PHOTO, "garment_detections")


def _of_new_process(work: Callable[[], None]) -> float:
    """Measure the CPU seconds of a process that does nothing else."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join()
    if process.exitcode:
        raise click.ClickException("the partition of one photo failed in a new process")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _stored_photos() -> list[bytes]:
    from oott_assets.partitions import parse_partition_key
    from oott_assets.photos.settings import PhotoSettings
    from oott_assets.photos.store.photo_store import PhotoStore
    from oott_fashion.settings import read_settings

    partition = parse_partition_key(_PARTITION)
    store = PhotoStore.of(read_settings(PhotoSettings))
    stored = store.month(partition.destination.slug, partition.month)
    return [stored.content(sha256) for sha256 in stored.kept()]


def _raw(photos: Sequence[bytes], engine: EngineChoice) -> Turn:
    """Run the network alone, in a process per core, so often as there are photos."""
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(_CORES), context.SimpleQueue()
    shares = [photos[core::_CORES] for core in range(_CORES)]
    processes = [
        context.Process(
            target=_run_network, args=(share[:_READY], len(share), engine, ready, results)
        )
        for share in shares
    ]
    for process in processes:
        process.start()
    turns: list[Turn] = [results.get() for _ in processes]
    for process in processes:
        process.join()
    return Turn(len(photos), max(turn.wall for turn in turns), sum(turn.cpu for turn in turns))


def _run_network(
    photos: Sequence[bytes],
    times: int,
    engine: EngineChoice,
    ready: Barrier,
    results: "multiprocessing.SimpleQueue[Turn]",
) -> None:
    side = read_card(_STARTER / "card.json").image_side
    opened = open_engine(_STARTER / "detector.onnx", engine, cores=1)
    inputs = [letterbox(read_photo(photo), side)[0][None] for photo in photos]
    opened.head_of(inputs[0])
    ready.wait()
    with _measured() as measured:
        for number in range(times):
            opened.head_of(inputs[number % len(inputs)])
    results.put(measured(times))


def _ultralytics(photos: Sequence[bytes]) -> Turn:
    os.environ["YOLO_AUTOINSTALL"] = "false"
    from ultralytics import YOLO

    model = YOLO(_STARTER / "weights.pt")
    side = read_card(_STARTER / "card.json").image_side

    def read(photo: bytes) -> list[str]:
        pixels = read_photo(photo)
        [found] = model.predict(_bgr(pixels), imgsz=side, device="cpu", verbose=False)
        boxes = [Box(*map(float, box)) for box in found.boxes.xyxy.numpy()]
        return colours_of(pixels, boxes)

    for photo in islice(photos, 3):
        read(photo)  # the first photos only warm up the caches
    with _measured() as measured:
        for photo in photos:
            read(photo)
    return measured(len(photos))


def _bgr(pixels: Photo) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pixels[..., ::-1])


if __name__ == "__main__":
    main()
