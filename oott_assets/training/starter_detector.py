"""Trains the detector that comes with OOTT: ``python -m oott_assets.training.starter_detector``.

It learns from main_data and from drawn photos, from scratch, within a budget of hours on a CPU.
"""

import argparse
import hashlib
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import yaml
from numpy.typing import NDArray

from oott_assets.sources.drawn_photos import DrawnPhoto, draw_photo, dress_up, jpeg_of
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.blobs import LocalBlobs
from oott_fashion.stores.model_store import DetectorCard
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import read_photo

if TYPE_CHECKING:
    from ultralytics.models import YOLO

_SEED = 20
_TRAIN, _VALID = 0, 1
_DRAWN_VALID_PHOTOS = 200

# A drawn photo teaches what a hundred others do; every photo of main_data is one of its kind.
_MAIN_DATA_REPEATED = 2

# Boxes no detector user sees need not agree.
_SURE_ENOUGH_TO_COMPARE = 0.1
_PHOTOS_COMPARED = 20


@dataclass(frozen=True)
class StarterTraining:
    """What to train on, for how long, and where to put it."""

    main_data: Path
    drawn_photos: int
    hours: float
    image_side: int
    device: str
    work: Path
    out: Path

    @property
    def last_weights(self) -> Path:
        return self.work / "run" / "weights" / "last.pt"

    @property
    def best_weights(self) -> Path:
        return self.work / "run" / "weights" / "best.pt"


def train_starter(training: StarterTraining, resume: bool = False) -> DetectorCard:
    """Train, export and measure the starter detector; write ``detector.onnx`` and ``card.json``.

    Raises:
        ValueError: the exported detector is not the one OOTT's engines read.
    """
    # Ultralytics installs packages and phones home by itself unless told before its import.
    os.environ["YOLO_AUTOINSTALL"] = "false"
    if resume:
        _made_fast(_load(training.last_weights)).train(resume=True)
    else:
        write_data_set(training)
        _train_from_scratch(training)
    return publish_starter(training)


def publish_starter(training: StarterTraining) -> DetectorCard:
    """Export the best weights of a training and measure them.

    Both files are moved to ``training.out`` when they are whole, the card last.
    """
    os.environ["YOLO_AUTOINSTALL"] = "false"
    onnx = _exported(training)
    card = DetectorCard(
        garments=GARMENT_NAMES,
        image_side=training.image_side,
        trained_on=_how_it_was_trained(training),
        metrics={name: _metrics_on(training, name) for name in ("main_data", "drawn")},
        parity=_largest_difference(training, onnx),
        engine="onnxruntime",
        sha256=hashlib.sha256(onnx.read_bytes()).hexdigest(),
        created=datetime.now(UTC),
    )
    made = LocalBlobs(training.out)
    made.write("detector.onnx", onnx.read_bytes())
    made.write("card.json", (card.model_dump_json(indent=2) + "\n").encode())
    return card


def _how_it_was_trained(training: StarterTraining) -> str:
    # Of the weights, for they may have been trained by another command line than this one.
    options = _load(training.best_weights).ckpt["train_args"]
    drawn = len(_photos_in(training.work / "data" / "drawn" / "train"))
    return (
        f"main_data/train and {drawn} drawn photos, YOLOv8n from scratch at {options['imgsz']} px, "
        f"{options['time']:g} hours on {options['device']}"
    )


def write_data_set(training: StarterTraining) -> None:
    """Lay out photos, labels and lists as Ultralytics reads them, under ``training.work``.

    Raises:
        ValueError: ``main_data`` has no photos or no labels to train on or to validate with.
    """
    for split in ("train", "valid"):
        _refuse_without_photos(training.main_data / split)
    data = training.work / "data"
    shutil.rmtree(data, ignore_errors=True)
    for split in ("train", "valid"):
        _link(training.main_data / split, data / "main_data" / split)
    _draw_photos(data / "drawn" / "train", training.drawn_photos, _TRAIN)
    _draw_photos(data / "drawn" / "valid", _DRAWN_VALID_PHOTOS, _VALID)
    main, drawn = (_photos_in(data / name / "train") for name in ("main_data", "drawn"))
    _list(data / "train.txt", main * _MAIN_DATA_REPEATED + drawn)
    valid = {name: _photos_in(data / name / "valid") for name in ("main_data", "drawn")}
    for name, photos in {**valid, "both": valid["main_data"] + valid["drawn"]}.items():
        _list(data / f"valid_{name}.txt", photos)
        names = dict(enumerate(GARMENT_NAMES))
        page = {"path": str(data.resolve()), "train": "train.txt", "val": f"valid_{name}.txt"}
        (data / f"{name}.yaml").write_text(yaml.safe_dump({**page, "names": names}))


def yolo_lines(photo: DrawnPhoto) -> list[str]:
    """Write the boxes of ``photo`` as YOLO does: class, centre and size as shares of the photo."""
    height, width = photo.pixels.shape[:2]
    lines = []
    for garment in photo.garments:
        for box in garment.boxes:
            centre = (box.x_min + box.x_max) / 2 / width, (box.y_min + box.y_max) / 2 / height
            numbers = (*centre, box.width / width, box.height / height)
            class_id = GARMENT_NAMES.index(garment.garment)
            lines.append(" ".join([str(class_id), *(f"{number:.6f}" for number in numbers)]))
    return lines


def _refuse_without_photos(split: Path) -> None:
    for part in ("images", "labels"):
        folder = split / part
        if not folder.is_dir() or not any(folder.iterdir()):
            raise ValueError(
                f"{folder} is missing or empty; expected a YOLO data set with images and labels in "
                "train and valid"
            )


def _link(split: Path, linked: Path) -> None:
    # Ultralytics writes a cache beside the labels, and the data may be read-only.
    linked.mkdir(parents=True)
    for part in ("images", "labels"):
        (linked / part).symlink_to((split / part).resolve(), target_is_directory=True)


def _draw_photos(split: Path, count: int, stream: int) -> None:
    for part in ("images", "labels"):
        (split / part).mkdir(parents=True)
    for index in range(count):
        rng = np.random.default_rng([_SEED, stream, index])
        photo = draw_photo(dress_up(rng), rng)
        (split / "images" / f"{index:05}.jpg").write_bytes(jpeg_of(photo))
        (split / "labels" / f"{index:05}.txt").write_text("\n".join(yolo_lines(photo)) + "\n")


def _photos_in(split: Path) -> list[Path]:
    return sorted((split / "images").iterdir())


def _list(path: Path, photos: Iterable[Path]) -> None:
    path.write_text("".join(f"{photo.absolute()}\n" for photo in photos))


def _load(weights: Path | str) -> "YOLO":
    from ultralytics.models import YOLO
    from ultralytics.utils import SETTINGS

    SETTINGS["sync"] = False
    return YOLO(str(weights))


def _made_fast(model: "YOLO") -> "YOLO":
    """Let training use every core, of which Ultralytics leaves one free, and walk memory in order.

    With a pixel's channels side by side, a step on two cores took 21 ms a photo instead of 39.
    """
    import torch

    def prepare(trainer: Any) -> None:
        torch.set_num_threads(os.cpu_count() or 1)
        trainer.model.to(memory_format=torch.channels_last)

    model.add_callback("on_train_start", prepare)
    return model


def _train_from_scratch(training: StarterTraining) -> None:
    _made_fast(_load("yolov8n.yaml")).train(
        data=str(training.work / "data" / "both.yaml"),
        project=str(training.work.resolve()),
        name="run",
        exist_ok=True,
        imgsz=training.image_side,
        time=training.hours,
        device=training.device,
        seed=_SEED,
        pretrained=False,
        amp=False,
        workers=0,
        cache="ram",  # a third of a megabyte a photo, and no JPEG is decoded twice
        batch=16,
        nbs=16,
        # "auto" picks a rate for fine-tuning, at which nothing is learnt from scratch in time.
        optimizer="AdamW",
        lr0=0.002,
        lrf=0.02,
        cos_lr=True,
        warmup_epochs=1,
        # Half of the photos whole: a garment is told by its place on a whole person, too.
        mosaic=0.5,
        close_mosaic=4,
        scale=0.35,
        hsv_h=0.01,
        hsv_s=0.4,
        hsv_v=0.3,
    )


def _exported(training: StarterTraining) -> Path:
    """Export to ONNX as DeepSparse runs it best: static, one photo, float32."""
    exported = _load(training.best_weights).export(
        format="onnx", imgsz=training.image_side, batch=1, opset=13, dynamic=False, simplify=False
    )
    onnx = Path(exported)
    _check_shapes(onnx, training.image_side)
    return onnx


def _check_shapes(onnx: Path, image_side: int) -> None:
    from onnxruntime import InferenceSession

    session = InferenceSession(str(onnx), providers=["CPUExecutionProvider"])
    photo, head = session.get_inputs()[0], session.get_outputs()[0]
    expected = [1, 3, image_side, image_side]
    if photo.type != "tensor(float)" or photo.shape != expected:
        raise ValueError(f"{onnx} reads {photo.type} {photo.shape}; expected float32 {expected}")
    if head.shape[:2] != [1, 4 + len(GARMENT_NAMES)]:
        raise ValueError(
            f"{onnx} answers {head.shape}; expected [1, {4 + len(GARMENT_NAMES)}, boxes]"
        )


def _metrics_on(training: StarterTraining, name: str) -> dict[str, float]:
    """Measure the best weights on the valid photos of ``name``: overall, then mAP50 by garment."""
    measured = _load(training.best_weights).val(
        data=str(training.work / "data" / f"{name}.yaml"),
        imgsz=training.image_side,
        device=training.device,
        project=str(training.work.resolve()),
        name=f"valid_{name}",
        exist_ok=True,
        workers=0,
    )
    overall = {"mAP50": float(measured.box.map50), "mAP50-95": float(measured.box.map)}
    by_garment = zip(measured.box.ap_class_index, measured.box.ap50, strict=True)
    return overall | {GARMENT_NAMES[class_id]: float(ap50) for class_id, ap50 in by_garment}


def _largest_difference(training: StarterTraining, onnx: Path) -> float:
    """Compare the boxes of weights and ONNX on valid photos, in pixels of the photo."""
    import torch

    engine = open_engine(onnx, "onnxruntime")
    weights = cast("torch.nn.Module", _load(training.best_weights).model).float().eval()
    largest = 0.0
    listed = (training.work / "data" / "valid_both.txt").read_text().split("\n")[:-1]
    for path in listed[:: max(1, len(listed) // _PHOTOS_COMPARED)]:
        model_input, placement = letterbox(read_photo(Path(path).read_bytes()), training.image_side)
        head = engine.head_of(model_input[None])
        with torch.no_grad():
            expected = weights(torch.from_numpy(model_input[None]))[0].numpy()
        largest = max(largest, _apart(expected, head) / placement.scale)
    return largest


def _apart(expected: NDArray[np.float32], head: NDArray[np.float32]) -> float:
    """How far, in model pixels, the sure boxes of two heads lie from each other at most."""
    sure = expected[0, 4:].max(axis=0) > _SURE_ENOUGH_TO_COMPARE
    if not sure.any():
        return 0.0
    return float(np.abs(expected[0, :4, sure] - head[0, :4, sure]).max())


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--main-data", type=Path, required=True, help="folder of main_data")
    parser.add_argument("--drawn", type=int, default=3600, help="drawn photos to train on")
    parser.add_argument("--hours", type=float, default=1.5, help="how long to train")
    parser.add_argument("--image-side", type=int, default=320, help="pixels the detector sees")
    parser.add_argument("--device", default="cpu", help="as Ultralytics names it")
    parser.add_argument("--work", type=Path, default=Path(".oott/training/starter"))
    parser.add_argument("--out", type=Path, default=Path("models/starter-detector"))
    parser.add_argument("--resume", action="store_true", help="go on where a training stopped")
    parser.add_argument("--only-publish", action="store_true", help="measure the best weights")
    return parser.parse_args()


def main() -> None:
    """Read the command line and train."""
    arguments = _read_arguments()
    training = StarterTraining(
        main_data=arguments.main_data,
        drawn_photos=arguments.drawn,
        hours=arguments.hours,
        image_side=arguments.image_side,
        device=arguments.device,
        work=arguments.work,
        out=arguments.out,
    )
    try:
        if arguments.only_publish:
            publish_starter(training)
        else:
            train_starter(training, arguments.resume)
    except ValueError as error:
        sys.exit(f"starter_detector: {error}")


if __name__ == "__main__":
    main()
