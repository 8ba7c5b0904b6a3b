"""Fake face detector files that load but do not work."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# The output maps of CenterFace (heat, size, offset, landmarks), and their number of layers.
_MAPS = {"537": 1, "538": 2, "539": 2, "540": 10}


def fake_detector(heat: float, file: Path, face_pixels: float = 4) -> Path:
    """Make a model with CenterFace's inputs and outputs and the same confidence everywhere."""
    values = {"537": heat, "538": np.log(face_pixels / 4)}
    nodes, weights, outputs = [], [], []
    for name, layers in _MAPS.items():
        no_weight = np.zeros((layers, 3, 4, 4), dtype=np.float32)
        bias = np.full(layers, values.get(name, 0), dtype=np.float32)
        weights.append(numpy_helper.from_array(no_weight, f"{name}.weight"))
        weights.append(numpy_helper.from_array(bias, f"{name}.bias"))
        inputs = ["input.1", f"{name}.weight", f"{name}.bias"]
        nodes.append(helper.make_node("Conv", inputs, [name], strides=[4, 4], kernel_shape=[4, 4]))
        shape = [10, layers, 8, 8]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    photo = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [10, 3, 32, 32])
    graph = helper.make_graph(nodes, "fake", [photo], outputs, weights)
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(file))
    return file
