"""The engines that run a detector's ONNX file: DeepSparse, OpenVINO and ONNX Runtime.

DeepSparse is no longer maintained, needs Linux on x86 or ARM, and its licence excludes production.
OpenVINO is as fast. ONNX Runtime runs everywhere. The last two get the int8 convolutions in their
own form (see ``int8_convolutions``).
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.int8_convolutions import output_ranges, with_dequantised_inputs
from oott_fashion.vision.onnx_file import WrongExport, self_contained
from oott_fashion.vision.silu import with_fused_silu

if TYPE_CHECKING:
    from onnx import ModelProto

EngineChoice = Literal["auto", "deepsparse", "openvino", "onnxruntime"]

_log = logging.getLogger(__name__)


class EngineUnavailable(RuntimeError):
    """The chosen engine cannot run this ONNX file on this machine."""


class Engine(Protocol):
    """Runs one detector on one photo at a time; thread-safe."""

    name: str

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on one photo, shape (1, 3, side, side), and return its raw output.

        Raises:
            EngineUnavailable: the network needs another input shape, or fails.
        """


class DeepSparseEngine:
    """DeepSparse 1.8."""

    name = "deepsparse"

    def __init__(self, onnx: Path, model: "ModelProto", cores: int) -> None:  # noqa: ARG002
        os.environ.setdefault("NM_DISABLE_ANALYTICS", "1")
        try:
            with _without_torch():
                import deepsparse
        except ImportError as error:
            raise EngineUnavailable(
                f'DeepSparse is not installed here: {error}; install the extra "deepsparse"'
            ) from error
        try:
            # Do not pass input_shapes: DeepSparse would then rewrite the ONNX file in place.
            self._engine = deepsparse.Engine(model=str(onnx), batch_size=1, num_cores=cores)
        # DeepSparse raises RuntimeError for a processor or a graph that it does not support.
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnavailable(f"DeepSparse cannot run {onnx.name}: {error}") from error

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            return np.asarray(self._engine.run([model_input])[0])
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"DeepSparse failed on a photo: {error}") from error


@contextmanager
def _without_torch() -> Iterator[None]:
    """Let a package believe that PyTorch is not installed.

    DeepSparse imports it if it can, which takes 2 s of CPU time and 490 MB. The engine needs none
    of it.
    """
    loaded: dict[str, Any] = sys.modules
    if "torch" in loaded:
        yield
        return
    loaded["torch"] = None
    try:
        yield
    finally:
        del loaded["torch"]


class OpenVinoEngine:
    """OpenVINO on the CPU."""

    name = "openvino"

    def __init__(self, onnx: Path, model: "ModelProto", cores: int) -> None:
        try:
            import openvino
        except ImportError as error:
            raise EngineUnavailable(
                f'OpenVINO is not installed here: {error}; install the extra "openvino"'
            ) from error
        options = {
            "INFERENCE_NUM_THREADS": cores,
            "NUM_STREAMS": 1,
            # With pinning, the engines of several workers would all run on the first core.
            "ENABLE_CPU_PINNING": False,
            # Some processors would compute in bfloat16, and boxes would move.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        content = with_dequantised_inputs(model).SerializeToString()
        try:
            core = openvino.Core()
            network = core.read_model(content)
            if (kind := network.input(0).element_type) != openvino.Type.f32:
                raise ValueError(f"its input is {kind.to_string()}; expected float32")
            self._request = core.compile_model(network, "CPU", options).create_infer_request()
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"OpenVINO cannot run {onnx.name}: {error}") from error
        self._one_at_a_time = threading.Lock()

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            with self._one_at_a_time:
                return np.asarray(self._request.infer({0: model_input})[0])
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"OpenVINO failed on a photo: {error}") from error


class OnnxRuntimeEngine:
    """ONNX Runtime on the CPU."""

    name = "onnxruntime"

    def __init__(self, onnx: Path, model: "ModelProto", cores: int) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as failures

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cores
        int8 = with_dequantised_inputs(model, output_ranges(model))
        content = with_fused_silu(int8).SerializeToString()
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except (
            failures.Fail,
            failures.InvalidArgument,
            failures.InvalidGraph,
            failures.InvalidProtobuf,
            failures.NoSuchFile,
            failures.NotImplemented,
            failures.RuntimeException,
            UnicodeDecodeError,  # raised when its error message quotes damaged bytes
        ) as error:
            raise EngineUnavailable(f"ONNX Runtime cannot run {onnx.name}: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._failures = (failures.Fail, failures.InvalidArgument, failures.RuntimeException)

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            return np.asarray(self._session.run(None, {self._input: model_input})[0])
        except self._failures as error:
            raise EngineUnavailable(f"ONNX Runtime failed on a photo: {error}") from error


# In the order in which ``auto`` tries them. docs/how-fast-it-is.md has the measurements.
_ENGINES: dict[str, Callable[[Path, "ModelProto", int], Engine]] = {
    "deepsparse": DeepSparseEngine,
    "openvino": OpenVinoEngine,
    "onnxruntime": OnnxRuntimeEngine,
}


def open_engine(onnx: Path, choice: EngineChoice = "auto", cores: int = 1) -> Engine:
    """Open ``onnx`` in the chosen engine.

    ``auto`` is DeepSparse where it runs, then OpenVINO, then ONNX Runtime. The log says which one,
    and why not an earlier one.

    Raises:
        EngineUnavailable: the chosen engine, or with ``auto`` each engine, cannot run this file;
            or it needs other files.
    """
    try:
        model = self_contained(onnx)  # an engine would open the other files
        engine = _first_available(onnx, model, choice, cores)
    except WrongExport as error:
        raise EngineUnavailable(str(error)) from error
    _log.info("%s runs in %s on %d core(s)", onnx.name, engine.name, cores)
    return engine


def _first_available(onnx: Path, model: "ModelProto", choice: EngineChoice, cores: int) -> Engine:
    *before, last = _ENGINES if choice == "auto" else (choice,)
    for name in before:
        try:
            return _ENGINES[name](onnx, model, cores)
        except EngineUnavailable as error:
            _log.warning("%s; the next engine is tried", error)
    return _ENGINES[last](onnx, model, cores)
