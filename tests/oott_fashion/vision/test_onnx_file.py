"""Tests which ONNX files are rejected without running them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.vision.onnx_file import WrongExport, image_side_of, self_contained

SIDE = 64


def good_head() -> NDArray[np.float32]:
    """Make an output with one confident box in the middle of the photo."""
    head = np.zeros((1, 4 + len(GARMENT_NAMES), 2), dtype=np.float32)
    head[0, :4] = SIDE / 2
    head[0, 4, 0] = 0.9
    return head


class Graph(NamedTuple):
    """The parts of an ONNX file that has the same output for every photo."""

    input_shape: tuple[int | str, ...] = (1, 3, SIDE, SIDE)
    input_type: int = TensorProto.FLOAT
    names: str | None = str(dict(enumerate(GARMENT_NAMES)))
    head: NDArray[np.float32] = good_head()

    def write(self, file: Path) -> Path:
        photo = helper.make_tensor_value_info("images", self.input_type, self.input_shape)
        output = helper.make_tensor_value_info("output0", TensorProto.FLOAT, self.head.shape)
        nodes = [helper.make_node("Identity", ["head"], ["output0"])]
        constants = [numpy_helper.from_array(self.head, "head")]
        graph = helper.make_graph(nodes, "same", [photo], [output], constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        if self.names is not None:
            helper.set_model_props(model, {"names": self.names})
        onnx.save(model, str(file))
        return file


GOOD = Graph()
SWAPPED = ("sandals", *GARMENT_NAMES[1:-1], "blazer")


def test_the_side_of_a_detector_is_read_from_its_file(tmp_path: Path) -> None:
    assert image_side_of(GOOD.write(tmp_path / "good.onnx")) == SIDE


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (GOOD._replace(input_shape=("batch", 3, SIDE, SIDE)), r"images float \[batch, 3, 64, 64\]"),
        (GOOD._replace(input_shape=(2, 3, SIDE, SIDE)), r"\[2, 3, 64, 64\]; expected one photo"),
        (GOOD._replace(input_shape=(1, 3, 64, 96)), r"\[1, 3, 64, 96\]; expected one photo"),
        (GOOD._replace(input_shape=(1, 3, "side", "side")), r"\[1, 3, side, side\]; expected"),
        (GOOD._replace(input_shape=(1, 3, 50, 50)), "a multiple of 32 up to 1280"),
        (GOOD._replace(input_shape=(1, SIDE, SIDE, 3)), "expected one photo of float32"),
        (GOOD._replace(input_shape=()), "expected one photo of float32"),
        (GOOD._replace(input_type=TensorProto.FLOAT16), r"images float16 \[1, 3, 64, 64\]"),
        (GOOD._replace(head=good_head()[:, :-1]), r"\[1, 27, 2\]; expected float32 \[1, 28, bo"),
        (GOOD._replace(head=good_head()[0]), r"output0 float \[28, 2\]; expected float32"),
        (GOOD._replace(names=None), "does not say which garments its classes are"),
        (GOOD._replace(names=str(dict(enumerate(SWAPPED)))), "in class-id order; train it on"),
        (GOOD._replace(names="blazer, coat"), 'the metadata "names" of .* is not a dictionary'),
    ],
)
def test_a_file_with_another_input_output_or_garments_is_rejected(
    graph: Graph, message: str, tmp_path: Path
) -> None:
    with pytest.raises(WrongExport, match=message):
        image_side_of(graph.write(tmp_path / "bad.onnx"))


def test_a_file_with_its_weights_in_another_file_is_rejected(tmp_path: Path) -> None:
    model = onnx.load(str(GOOD.write(tmp_path / "good.onnx")))
    onnx.save(model, str(tmp_path / "split.onnx"), save_as_external_data=True, size_threshold=0)

    with pytest.raises(WrongExport, match="keeps its weights in another file; save it as one"):
        image_side_of(tmp_path / "split.onnx")


def in_a_branch(tensor: onnx.TensorProto) -> onnx.ModelProto:
    """Make a model in which ``tensor`` is the value of a node in a branch of an If."""
    value = helper.make_node("Constant", [], ["value"], value=tensor)
    output = helper.make_tensor_value_info("value", TensorProto.FLOAT, [1])
    branch = helper.make_graph([value], "branch", [], [output])
    choice = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    return helper.make_model(helper.make_graph([choice], "outer", [condition], [result]))


def in_a_function(tensor: onnx.TensorProto) -> onnx.ModelProto:
    value = helper.make_node("Constant", [], ["y"], value=tensor)
    function = helper.make_function("own", "F", [], ["y"], [value], [helper.make_opsetid("", 13)])
    model = in_a_branch(numpy_helper.from_array(np.zeros(1, dtype=np.float32)))
    model.functions.append(function)
    return model


@pytest.mark.parametrize("model_with", [in_a_branch, in_a_function])
@pytest.mark.parametrize("marked", [True, False])
def test_no_part_of_the_file_may_name_another_file(
    model_with: Callable[[onnx.TensorProto], onnx.ModelProto], marked: bool, tmp_path: Path
) -> None:
    secret = numpy_helper.from_array(np.zeros(1, dtype=np.float32), "secret")
    file = tmp_path / "detector.onnx"
    file.write_bytes(model_with(secret).SerializeToString())
    assert self_contained(file)
    secret.external_data.add(key="location", value="../../.ssh/id_ed25519")
    if marked:
        secret.data_location = TensorProto.EXTERNAL
    file.write_bytes(model_with(secret).SerializeToString())

    with pytest.raises(WrongExport, match="keeps its weights in another file"):
        self_contained(file)
