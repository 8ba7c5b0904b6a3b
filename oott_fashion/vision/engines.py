"""The two engines that run a detector's ONNX file: DeepSparse and ONNX Runtime.

DeepSparse is faster on a CPU, but it is no longer maintained and needs Linux on x86 or ARM.
ONNX Runtime runs everywhere.
"""

import logging
import os
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from oott_fashion.vision.onnx_file import WrongExport, self_contained

EngineChoice = Literal["auto", "deepsparse", "onnxruntime"]

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

    def __init__(self, onnx: Path, cores: int) -> None:
        os.environ.setdefault("NM_DISABLE_ANALYTICS", "1")
        try:
            import deepsparse
        except ImportError as error:
            raise EngineUnavailable(f"DeepSparse is not installed here: {error}") from error
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


class OnnxRuntimeEngine:
    """ONNX Runtime on the CPU."""

    name = "onnxruntime"

    def __init__(self, onnx: Path, cores: int) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as failures

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cores
        try:
            self._session = onnxruntime.InferenceSession(
                str(onnx), options, providers=["CPUExecutionProvider"]
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


def open_engine(onnx: Path, choice: EngineChoice = "auto", cores: int = 1) -> Engine:
    """Open ``onnx`` in the chosen engine; ``auto`` tries DeepSparse, then ONNX Runtime.

    Raises:
        EngineUnavailable: the chosen engine, or with ``auto`` both engines, cannot run this file;
            or it needs other files.
    """
    try:
        self_contained(onnx)  # an engine would open the other files
    except WrongExport as error:
        raise EngineUnavailable(str(error)) from error
    if choice == "onnxruntime":
        engine: Engine = OnnxRuntimeEngine(onnx, cores)
    else:
        engine = _deepsparse_or_fallback(onnx, choice, cores)
    _log.info("%s runs in %s on %d core(s)", onnx.name, engine.name, cores)
    return engine


def _deepsparse_or_fallback(onnx: Path, choice: EngineChoice, cores: int) -> Engine:
    try:
        return DeepSparseEngine(onnx, cores)
    except EngineUnavailable as error:
        if choice == "deepsparse":
            raise
        _log.warning("%s; using ONNX Runtime instead", error)
        return OnnxRuntimeEngine(onnx, cores)
