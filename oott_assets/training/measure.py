"""Measure a detector as it is served: ``python -m oott_assets.training.measure FILE ...``.

FILE is a ``.pt`` or an ``.onnx`` file. The command prints the metrics of a detector's card as JSON.
The detector must not be trained on the photos.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from oott_assets.photos.sources.photo_files import photos_under
from oott_assets.training.labels.catalogue_folders import NotInCatalogue, garment_of_folder
from oott_assets.training.labels.findings import problem_summary
from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_assets.training.labels.labelled_photos import LabelledPhoto, PhotoChanged
from oott_assets.training.labels.opened_data_set import NotADataSet
from oott_assets.training.settings import TrainingSettings
from oott_assets.training.validation.answers import boxes_as_served
from oott_assets.training.validation.metrics import Metrics, metrics_of
from oott_assets.training.validation.validated import validate
from oott_fashion.settings import BadSetting, read_settings
from oott_fashion.vision.engines import Engine, EngineUnavailable, open_engine
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto, read_photo


class CannotMeasure(ValueError):
    """The photos or the detector of the command line cannot be used."""


_EXPECTED: tuple[type[Exception], ...] = (
    BadSetting,
    CannotMeasure,
    EngineUnavailable,
    NotADataSet,
    NotInCatalogue,
    OSError,
    PhotoChanged,
)


def main() -> None:
    """Read the command line, and print the metrics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the detector, a .pt or an .onnx file")
    parser.add_argument(
        "--main-data", type=Path, required=True, help="data set whose validation photos are used"
    )
    parser.add_argument(
        "--closet", type=Path, help="photos of one garment, in folders named after the garments"
    )
    parser.add_argument(
        "--image-side",
        type=int,
        help="side of the model input, in pixels; an .onnx file has its own",
    )
    parser.add_argument("--confidence", type=float, help="minimum confidence of a box, 0..1")
    parser.add_argument("--iou", type=float, help="IoU of non-max suppression, 0..1")
    arguments = parser.parse_args()
    try:
        metrics = _metrics(arguments, read_settings(TrainingSettings))
    except _EXPECTED as error:
        sys.exit(f"measure: {error}")
    sys.stdout.write(json.dumps(metrics, indent=2) + "\n")


def _metrics(arguments: argparse.Namespace, settings: TrainingSettings) -> Metrics:
    confidence = settings.min_confidence if arguments.confidence is None else arguments.confidence
    iou = settings.iou_threshold if arguments.iou is None else arguments.iou
    side = arguments.image_side or _side_of(arguments.file) or settings.image_side
    find = boxes_as_served(_engine_of(arguments.file, settings), side, iou)
    closet = _closet_in(arguments.closet) if arguments.closet else []
    return metrics_of(validate(_main_data_in(arguments.main_data), closet, find, confidence))


def _engine_of(file: Path, settings: TrainingSettings) -> Engine:
    if not file.is_file():
        raise CannotMeasure(f"{file} does not exist; expected a .pt or an .onnx file")
    if file.suffix == ".onnx":
        return open_engine(file, settings.engine, settings.engine_cores)
    from oott_assets.training.yolov8.torch_engine import TorchEngine

    return TorchEngine(file)


def _side_of(file: Path) -> int | None:
    """Read the side of the input of an ONNX file; a ``.pt`` file takes any side."""
    if file.suffix != ".onnx" or not file.is_file():
        return None
    import onnx

    return int(onnx.load(str(file)).graph.input[0].type.tensor_type.shape.dim[2].dim_value)


def _main_data_in(folder: Path) -> list[LabelledPhoto]:
    read = read_labelled(folder)
    if read.problems:
        raise CannotMeasure(problem_summary(read.problems))
    return list(read.photos)


def _closet_in(folder: Path) -> list[LabelledPhoto]:
    files = photos_under(folder) if folder.is_dir() else []
    if not files:
        raise CannotMeasure(f"{folder} has no photos; expected folders named after garments")
    return [_closet_photo(file) for file in files]


def _closet_photo(file: Path) -> LabelledPhoto:
    garment_of_folder(file)  # raises NotInCatalogue before all photos are measured
    content = file.read_bytes()
    try:
        height, width = read_photo(content).shape[:2]
    except (UnreadablePhoto, PhotoTooLarge) as error:
        raise CannotMeasure(f"{file} cannot be read ({error}); remove it") from error
    return LabelledPhoto(file, hashlib.sha256(content).hexdigest(), width, height, "valid", ())


if __name__ == "__main__":
    main()
