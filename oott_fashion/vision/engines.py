"""The two programs that run a detector's ONNX file, behind one small Protocol.

DeepSparse is the faster on a CPU but end of life and x86/ARM-Linux only; ONNX Runtime runs
anywhere.
"""

import logging
import os
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

EngineChoice = Literal["auto", "deepsparse", "onnxruntime"]

_log = logging.getLogger(__name__)


class EngineUnavailable(RuntimeError):
    """No engine of the chosen kind runs this ONNX file on this machine."""


class Engine(Protocol):
    """Runs one detector on one photo at a time; safe to call from several threads."""

    name: str

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put a batch of one, (1, 3, side, side), through the network and return its head.

        Raises:
            EngineUnavailable: the network takes no input of this shape, or fails on it.
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
            # Never input_shapes: with it DeepSparse rewrites the ONNX file in place.
            self._engine = deepsparse.Engine(model=str(onnx), batch_size=1, num_cores=cores)
        # RuntimeError is what its C++ side raises for a processor or a graph it cannot serve.
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnavailable(f"DeepSparse cannot run {onnx.name}: {error}") from error

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            return np.asarray(self._engine.run([model_input])[0])
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"DeepSparse cannot read a photo: {error}") from error


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
            UnicodeDecodeError,  # its own message quotes the damaged bytes
        ) as error:
            raise EngineUnavailable(f"ONNX Runtime cannot run {onnx.name}: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._failures = (failures.Fail, failures.InvalidArgument, failures.RuntimeException)

    def head_of(self, model_input: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            return np.asarray(self._session.run(None, {self._input: model_input})[0])
        except self._failures as error:
            raise EngineUnavailable(f"ONNX Runtime cannot read a photo: {error}") from error


def open_engine(onnx: Path, choice: EngineChoice = "auto", cores: int = 1) -> Engine:
    """Open ``onnx`` in the chosen engine; ``auto`` is DeepSparse where it runs.

    Raises:
        EngineUnavailable: the chosen engine, or with ``auto`` neither, runs this file here.
    """
    if choice == "onnxruntime":
        engine: Engine = OnnxRuntimeEngine(onnx, cores)
    else:
        engine = _deepsparse_or_else(onnx, choice, cores)
    _log.info("%s runs in %s on %d core(s)", onnx.name, engine.name, cores)
    return engine


def _deepsparse_or_else(onnx: Path, choice: EngineChoice, cores: int) -> Engine:
    try:
        return DeepSparseEngine(onnx, cores)
    except EngineUnavailable as error:
        if choice == "deepsparse":
            raise
        _log.warning("%s; ONNX Runtime takes its place", error)
        return OnnxRuntimeEngine(onnx, cores)
