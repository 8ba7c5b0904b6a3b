"""Opens a detector and tries it on known people, in this process or as a process of its own.

``python -m oott_fashion.vision.tried_engine FILE SIDE ENGINE CORES`` writes one line of JSON:
``{"milliseconds": 12.3}`` or ``{"problem": "..."}``.
"""

import json
import resource
import sys
from pathlib import Path
from typing import NamedTuple, cast

from oott_fashion.vision.engines import Engine, EngineChoice, EngineUnavailable, open_engine
from oott_fashion.vision.known_answers import ImplausibleAnswers, check_answers
from oott_fashion.vision.onnx_file import WrongExport, image_side_of

# YOLOv8x at a side of 1280 pixels needs less than 3 GB in each engine.
_MAX_BYTES = 4 * 2**30
# The process that waits stops it earlier. This ends it if no process waits any more.
_MAX_CPU_SECONDS = 600


class TriedEngine(NamedTuple):
    """An engine that gave plausible answers, and its CPU time for one photo in milliseconds."""

    engine: Engine
    milliseconds: float


def open_and_try(onnx: Path, image_side: int, choice: EngineChoice, cores: int) -> TriedEngine:
    """Check the file of a detector, open it, and check its answers on known people.

    Raises:
        WrongExport: the file needs other files, or has another input, output or garments.
        EngineUnavailable: the chosen engine cannot run it.
        ImplausibleAnswers: its answers cannot be right.
    """
    side = image_side_of(onnx)
    if side != image_side:
        raise WrongExport(f"the input of {onnx} has a side of {side}; its card says {image_side}")
    engine = open_engine(onnx, choice, cores)
    return TriedEngine(engine, check_answers(engine, side))


def main() -> None:
    """Try the detector that the command line names."""
    file, side, choice, cores = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (_MAX_BYTES, _MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_SECONDS, _MAX_CPU_SECONDS))
    answer: dict[str, float | str]
    try:
        tried = open_and_try(Path(file), int(side), cast(EngineChoice, choice), int(cores))
        answer = {"milliseconds": tried.milliseconds}
    except (WrongExport, EngineUnavailable, ImplausibleAnswers) as error:
        answer = {"problem": str(error)}
    except MemoryError:
        answer = {"problem": f"it needs more than {_MAX_BYTES // 2**30} GB of memory"}
    # Engines write to the standard output too, so the answer is its last line.
    sys.stdout.write(f"\n{json.dumps(answer)}\n")


if __name__ == "__main__":
    main()
