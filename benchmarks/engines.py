"""Compares the accuracy and the CPU time of the starter detector in each engine.

``python -m benchmarks.engines --main-data FOLDER --closet FOLDER`` (needs the packages of
``make test``) exports the weights of the starter at several input sides, dense, in int8, and
pruned and in int8, and runs each export in each engine with one thread. The closet photos must not
be photos that the starter was trained on. All engines take turns on the same photos. Prints a
Markdown table; a row in bold is on the Pareto front: no other row is both faster and better in
mAP50 and labels.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from oott_assets.photos.sources.photo_files import photos_under
from oott_assets.training.labels.catalogue_folders import garment_of_folder
from oott_assets.training.labels.labelled_data_set import read_labelled
from oott_assets.training.labels.labelled_photos import LabelledPhoto, in_split, pixels_of
from oott_assets.training.validation.answers import boxes_as_served
from oott_assets.training.validation.closet_labels import label_of
from oott_assets.training.validation.validated import map50_on
from oott_assets.training.yolov8.faster_variants import quantise_to_int8
from oott_assets.training.yolov8.onnx_export import export_onnx
from oott_fashion.vision.detector import Detector, Thresholds
from oott_fashion.vision.engines import Engine, EngineChoice, open_engine
from oott_fashion.vision.letterbox import letterbox
from oott_fashion.vision.photos import Photo, read_photo

_WEIGHTS = Path("models/starter-detector/weights.pt")
_ENGINES: tuple[EngineChoice, ...] = ("deepsparse", "openvino", "onnxruntime")
# The shares of the weights that are zero.
_FORMS = {"dense": None, "int8": 0.0, "pruned 30 %, int8": 0.3, "pruned 80 %, int8": 0.8}
_CALIBRATION_PHOTOS = 48
_TIMED_PHOTOS = 40

Inputs = Sequence[NDArray[np.float32]]


class _Row(NamedTuple):
    """One export in one engine: CPU milliseconds of the network per photo, and shares 0..1."""

    side: int
    form: str
    engine: str
    milliseconds: float
    map50: float
    label_right: float


@click.command()
@click.option("--main-data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--closet", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--sides", default="256,320,384,448,512,640", help="Sides of the input, in pixels.")
@click.option("--forms", default="; ".join(_FORMS), help="Forms of the network.", show_default=True)
def main(main_data: Path, closet: Path, sides: str, forms: str) -> None:
    """Measure each export in each engine."""
    street = list(read_labelled(main_data).photos)
    worn = [
        (garment_of_folder(file), read_photo(file.read_bytes())) for file in photos_under(closet)
    ]
    rows: list[_Row] = []
    for side in map(int, sides.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            rows += _rows_at(side, forms.split("; "), Path(folder), street, worn)
        click.echo(f"{side} px is measured", err=True)
    click.echo(f"{len(in_split(street, 'valid'))} street photos, {len(worn)} closet photos\n")
    click.echo("| side | form | engine | CPU ms per photo | mAP50 | closet, label right |")
    click.echo("|---|---|---|---|---|---|")
    for row in sorted(rows, key=lambda row: (row.side, row.milliseconds)):
        click.echo(_line(row, bold=not any(_is_better(other, row) for other in rows)))


def _rows_at(
    side: int,
    forms: Sequence[str],
    folder: Path,
    street: Sequence[LabelledPhoto],
    worn: Sequence[tuple[str | None, Photo]],
) -> Iterator[_Row]:
    train = in_split(street, "train")
    calibration = train[:: max(1, len(train) // _CALIBRATION_PHOTOS)][:_CALIBRATION_PHOTOS]
    inputs = [letterbox(pixels_of(photo), side)[0][None] for photo in calibration]
    dense = folder / "dense.onnx"
    export_onnx(_WEIGHTS, side, dense)
    files = {form: _made(dense, form, inputs) for form in forms}
    engines = {
        (form, name): open_engine(file, name) for form, file in files.items() for name in _ENGINES
    }
    times = _cpu_milliseconds(list(engines.values()), inputs[:_TIMED_PHOTOS])
    measured: dict[str, tuple[float, float]] = {}
    for ((form, name), engine), milliseconds in zip(engines.items(), times, strict=True):
        # A dense export has the same boxes in all engines, as a test checks, and a pruned one has
        # so few garments that the differences between engines do not matter.
        key = f"int8 in {name}" if form == "int8" else form
        if key not in measured:
            measured[key] = _accuracy(engine, side, street, worn)
        yield _Row(side, form, name, milliseconds, *measured[key])


def _made(dense: Path, form: str, inputs: Inputs) -> Path:
    share, file = _FORMS[form], dense.with_name(f"{form}.onnx")
    if share is None:
        return dense
    if share:
        _prune(dense, share, file)
    quantise_to_int8(file if share else dense, inputs, file)
    return file


def _prune(dense: Path, share: float, out: Path) -> None:
    """Zero the smallest ``share`` of the weights in every convolution except the first.

    Source: one-shot magnitude pruning, Han et al., NeurIPS 2015, without retraining.
    """
    model = onnx.load(str(dense))
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    weights = {node.input[1] for node in convolutions[1:]}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor).copy()
        # YOLOv8's only convolution with one channel turns distances into pixels. It was not learnt.
        if tensor.name in weights and len(values) > 1:
            values[np.abs(values) <= np.quantile(np.abs(values), share)] = 0
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save(model, str(out))


def _cpu_milliseconds(engines: Sequence[Engine], inputs: Inputs) -> list[float]:
    times: list[list[float]] = [[] for _ in engines]
    for model_input in inputs:
        for engine, taken in zip(engines, times, strict=True):
            started = time.process_time()
            engine.head_of(model_input)
            taken.append(1000 * (time.process_time() - started))
    # The first rounds only warm up the caches.
    return [statistics.median(taken[5:]) for taken in times]


def _accuracy(
    engine: Engine,
    side: int,
    street: Sequence[LabelledPhoto],
    worn: Sequence[tuple[str | None, Photo]],
) -> tuple[float, float]:
    """Give the mAP50, and the share of closet photos with the right label."""
    served = Detector(engine, side, Thresholds())
    right = [label_of(served.boxes(photo)) == garment for garment, photo in worn]
    map50 = map50_on(street, boxes_as_served(engine, side, Thresholds().iou))
    return map50, statistics.fmean(right)


def _is_better(other: _Row, row: _Row) -> bool:
    return (
        other.milliseconds < row.milliseconds
        and other.map50 >= row.map50
        and other.label_right >= row.label_right
    )


def _line(row: _Row, *, bold: bool) -> str:
    cells = (
        str(row.side),
        row.form,
        row.engine,
        f"{row.milliseconds:.1f}",
        f"{row.map50:.3f}",
        f"{row.label_right:.3f}",
    )
    return "| " + " | ".join(f"**{cell}**" if bold else cell for cell in cells) + " |"


if __name__ == "__main__":
    main()
