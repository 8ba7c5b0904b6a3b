"""Compares the speed of our detector, in each engine, with that of Ultralytics.

``python -m benchmarks.photo_to_garments`` (needs the packages of ``make test``). Each reads the
bytes of a drawn photo and finds its garments. All take turns on the same photos, so that a busy
machine slows all of them equally. Ultralytics does not name colours, so our detector is measured
with colours and without.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from oott_assets.photos.sources.drawn.drawn_photos import draw_photo, jpeg_of, random_outfit
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import EngineChoice, open_engine
from oott_fashion.vision.photos import read_photo

_STARTER = Path("models/starter-detector")
_ROUNDS = 40


@click.command()
def main() -> None:
    """Time each detector on each photo and print the median wall and CPU milliseconds."""
    detectors = {
        "Ultralytics on ONNX Runtime, boxes": _ultralytics(),
        "OOTT in ONNX Runtime, boxes": _boxes(_detector("onnxruntime")),
        "OOTT in OpenVINO, boxes": _boxes(_detector("openvino")),
        "OOTT in DeepSparse, boxes": _boxes(_detector("deepsparse")),
        "OOTT in ONNX Runtime, boxes and colours": _garments(_detector("onnxruntime")),
        "OOTT in OpenVINO, boxes and colours": _garments(_detector("openvino")),
        "OOTT in DeepSparse, boxes and colours": _garments(_detector("deepsparse")),
    }
    walls: dict[str, list[float]] = {name: [] for name in detectors}
    cpus: dict[str, list[float]] = {name: [] for name in detectors}
    for photo in _photos():
        for name, read in detectors.items():
            wall, cpu = time.perf_counter(), time.process_time()
            read(photo)
            walls[name].append(1000 * (time.perf_counter() - wall))
            cpus[name].append(1000 * (time.process_time() - cpu))
    click.echo(f"{'milliseconds a photo, median':42}{'wall':>8}{'CPU':>8}")
    for name in detectors:
        # The first five photos only warm up the caches.
        wall, cpu = (statistics.median(times[name][5:]) for times in (walls, cpus))
        click.echo(f"{name:42}{wall:8.1f}{cpu:8.1f}")


def _photos() -> list[bytes]:
    rng = np.random.default_rng(11)
    return [jpeg_of(draw_photo(random_outfit(rng), rng)) for _ in range(_ROUNDS)]


def _detector(engine: EngineChoice) -> Detector:
    side = read_card(_STARTER / "card.json").image_side
    return Detector(open_engine(_STARTER / "detector.onnx", engine, cores=1), side)


def _boxes(detector: Detector) -> Callable[[bytes], object]:
    return lambda photo: detector.boxes(read_photo(photo))


def _garments(detector: Detector) -> Callable[[bytes], object]:
    return lambda photo: detector.garments(read_photo(photo))


def _ultralytics() -> Callable[[bytes], object]:
    os.environ["YOLO_AUTOINSTALL"] = "false"
    from ultralytics import YOLO

    model = YOLO(_STARTER / "detector.onnx", task="detect")
    side = read_card(_STARTER / "card.json").image_side

    def predict(photo: bytes) -> object:
        pixels = read_photo(photo)[..., ::-1]  # Ultralytics expects BGR
        return model.predict(pixels, imgsz=side, device="cpu", verbose=False)

    return predict


if __name__ == "__main__":
    main()
