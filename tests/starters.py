"""The starter detector, and one with a small input for tests in which accuracy is not the point."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from oott_fashion.stores.detector_card import read_card

STARTER = Path(__file__).parents[1] / "models" / "starter-detector"

# A photo takes a sixth of the time that it takes at 448 pixels. Half of its garments are found.
# With a smaller side, the service would decode the drawn photos at half of their size.
SMALL_SIDE = 192


def _write_small_starter(folder: Path) -> Path:
    onnx = folder / "detector.onnx"
    _resize_input(STARTER / "detector.onnx", onnx, SMALL_SIDE)
    sha256 = hashlib.sha256(onnx.read_bytes()).hexdigest()
    card = read_card(STARTER / "card.json").model_copy(
        update={"image_side": SMALL_SIDE, "sha256": sha256}
    )
    (folder / "card.json").write_text(card.model_dump_json())
    (folder / "weights.pt").symlink_to(STARTER / "weights.pt")
    return folder


def _resize_input(source: Path, target: Path, side: int) -> None:
    """Write a copy of a YOLOv8 export whose input is ``side`` pixels wide and high.

    The weights do not depend on the side. Three kinds of constants do: the number of anchors in
    shapes, the middle of each anchor's cell, and the size of the cell in pixels.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(source))
    output = model.graph.output[0].type.tensor_type.shape.dim[2]
    anchors, middles, sizes = output.dim_value, *_cells(side)
    output.dim_value = len(sizes)
    for dimension in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dimension.dim_value = side
    for node in model.graph.node:
        if node.op_type != "Constant":
            continue
        value = numpy_helper.to_array(node.attribute[0].t)
        if value.shape == (1, 2, anchors):
            value = middles[None]
        elif value.shape == (1, anchors):
            value = sizes[None]
        elif value.dtype == np.int64:
            value = np.where(value == anchors, len(sizes), value)
        node.attribute[0].t.CopyFrom(numpy_helper.from_array(value))
    onnx.save(model, str(target))


def _cells(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the middles of the cells in cells, shape (2, anchors), and their sizes in pixels."""
    middles, sizes = [], []
    for size in (8, 16, 32):
        rows, columns = np.mgrid[: side // size, : side // size]
        middles.append(np.stack([columns.ravel(), rows.ravel()]) + 0.5)
        sizes.append(np.full(rows.size, size))
    return (
        np.concatenate(middles, axis=1).astype(np.float32),
        np.concatenate(sizes).astype(np.float32),
    )


# It is removed when this process ends.
_folder = TemporaryDirectory(prefix="small-starter-")
SMALL_STARTER = _write_small_starter(Path(_folder.name))
