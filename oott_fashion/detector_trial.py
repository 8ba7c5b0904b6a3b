"""Tries a published detector in a process of its own, so that a bad one cannot harm this process.

A file can make an engine crash, hang, or use all memory.
"""

import os
import signal
import subprocess
import sys

from pydantic import BaseModel, ValidationError

from oott_fashion.opened_detector import DetectorOptions
from oott_fashion.stores.detector_card import BadDetector, PublishedDetector

# DeepSparse takes 4 seconds to open a detector on an idle machine, and 20 on a busy one.
MAX_SECONDS = 180.0

_PROGRAM = "oott_fashion.vision.tried_engine"


class NoVerdict(BadDetector):
    """The trial ended without a verdict; the detector may be good, and the machine too busy."""


class _Answer(BaseModel):
    milliseconds: float | None = None
    problem: str | None = None


def try_detector(
    published: PublishedDetector, options: DetectorOptions, max_seconds: float = MAX_SECONDS
) -> float:
    """Open a detector in another process, and check its answers on known people.

    Returns:
        The CPU time for one photo, in milliseconds.

    Raises:
        BadDetector: it cannot be opened, or its answers cannot be right.
        NoVerdict: the process ended without an answer, or needs more than ``max_seconds``.
    """
    arguments = (
        published.onnx.absolute(),
        published.card.image_side,
        options.engine,
        options.cores,
    )
    command = [sys.executable, "-P", "-m", _PROGRAM, *map(str, arguments)]
    try:
        ended = subprocess.run(
            command,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max_seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise NoVerdict(
            f"the trial of detector {published.version} was not finished after {max_seconds:g} "
            "seconds; it is tried again later"
        ) from error
    return _milliseconds_in(ended, published.version)


def _milliseconds_in(ended: "subprocess.CompletedProcess[bytes]", version: str) -> float:
    last_line = ended.stdout.strip().rpartition(b"\n")[2]
    try:
        answer = _Answer.model_validate_json(last_line)
    except ValidationError as error:
        raise NoVerdict(
            f"the trial of detector {version} {_end_of(ended.returncode)}; it is tried again later"
        ) from error
    if answer.milliseconds is None:
        raise BadDetector(answer.problem)
    return answer.milliseconds


def _end_of(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status} and no answer"


def _environment() -> dict[str, str]:
    """Give the trial our import path, but none of our secrets."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OOTT_")}
    return inherited | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
